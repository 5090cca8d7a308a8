"""The changes between two aligned computations, each as one clause."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from hfreader.analyzers.difference_alignment import Alignment
from hfreader.analyzers.difference_formulas import ARGUMENT
from hfreader.analyzers.difference_fusion import fusions
from hfreader.analyzers.difference_nature import Natures
from hfreader.analyzers.difference_residuals import WORDS, residual_layout
from hfreader.analyzers.difference_sentence import listed
from hfreader.facts.comparison import Change, Difference, Outline, Setting, Step
from hfreader.facts.places import Place

# What alone says nothing: it brings a value to where it is used.
_CARRIERS = """
input take item cat stack split chunk unbind buffer arange zeros ones full empty zeros_like ones_like
element enumerate zip
"""
CARRIERS = frozenset(_CARRIERS.split())
LONGEST = 5
# How operations are called.
VERBS = {"mul": "multiplies", "add": "adds"}
VALUES = {"True": "with a bias", "False": "without bias"}


class Comparer(Protocol):
    """Compares two classes."""

    natures: Natures

    def difference(self, left: str, right: str) -> Difference | None:
        """What the right class has otherwise than the left."""

    def named(self, owner: str) -> Mapping[Place, str]:
        """What the expressions in a class that give the result of a concept are called."""


class Changes:
    """Reads the changes off an alignment."""

    def __init__(self, alignment: Alignment, comparer: Comparer) -> None:
        self.alignment, self.comparer = alignment, comparer
        self.left, self.right = alignment.left, alignment.right
        self.fusions = tuple(fusions(alignment))

    def all(self) -> tuple[Change, ...]:
        """Every change once, the weightiest kinds first."""
        found = [*self._order(), *self._fused(), *self._paired(), *self._alone(), *self._conditions(), *self._handed()]
        unique = {(one.kind, one.text): one for one in reversed(found)}
        return tuple(reversed(unique.values()))

    def _order(self) -> Iterable[Change]:
        nature = self.comparer.natures.of
        if "stack" in (nature(self.left.owner), nature(self.right.owner)):
            return  # the norm behind the last layer would count as one after a residual sum
        left, right = residual_layout(self.left, nature), residual_layout(self.right, nature)
        if left == right or not left or not right:
            return
        gained = [WORDS[one] for one in WORDS if one in right - left]
        lost = [WORDS[one] for one in WORDS if one in left - right]
        text = " and ".join(gained) + (" instead of: " if gained and lost else "" if gained else "no longer ")
        yield Change("order", "norm", text + " and ".join(lost), None, self.left.place, self.right.place)

    def _fused(self) -> Iterable[Change]:
        for fusion in self.fusions:
            fused, apart = (self.right, self.left) if fusion.on_right else (self.left, self.right)
            one, several = fused.steps[fusion.fused], [apart.steps[number] for number in fusion.apart]
            whole = f"one fused {what(one)}"
            parts = f"{listed([short(step.name) for step in several])} ({_kinds(several[0])})"
            text = f"{whole} instead of {parts}" if fusion.on_right else f"{parts} instead of {whole}"
            left, right = (several[0], one) if fusion.on_right else (one, several[0])
            yield Change("replaced", right.name, text, left=left.place, right=right.place)
            yield from _settings(left, right, lambda name: name != "bias")

    def _paired(self) -> Iterable[Change]:
        for one, other in sorted(self.alignment.pairs.items(), key=lambda pair: pair[1]):
            if one in self._in_fusions(False) or other in self._in_fusions(True):
                continue
            left, right = self.left.steps[one], self.right.steps[other]
            for change in self._between(left, right):
                yield replace(change, left=left.place, right=right.place, guards=right.guards)

    def _in_fusions(self, right: bool) -> frozenset[int]:
        """The steps of one side of which a fusion has already told."""
        found: set[int] = set()
        for one in self.fusions:
            found |= {one.fused, *one.cuts} if one.on_right == right else set(one.apart)
        return frozenset(found)

    def _between(self, left: Step, right: Step) -> Iterable[Change]:
        if left.op == "part" and right.op == "part":
            yield from self._parts(left, right)
        elif left.kind != right.kind or left.op != right.op:
            both = left.op == right.op == "layer"
            shared = f"{_kinds(right)} instead of {_kinds(left)}" if both and left.kind != right.kind else None
            yield Change("replaced", right.name, f"{what(right)} instead of {what(left)}", shared)
        if left.op != "input":
            yield from _settings(left, right, lambda name: self._is_said(left, right, name))

    def _is_said(self, left: Step, right: Step, name: str) -> bool:
        """Whether a setting needs no change of its own: it stands in the name of what replaces another, or it is an
        argument of a submodule whose own difference tells what comes of it."""
        if left.op == "part":
            return name != "eps" and (name != "argument 1" or self.comparer.natures.of(right.kind) != "norm")
        return left.kind != right.kind and name in ("in", "out", "size")

    def _parts(self, left: Step, right: Step) -> Iterable[Change]:
        if left.print == right.print:
            return
        mine, other = right.kind.split(" or ")[0], left.kind.split(" or ")[0]
        inner = self.comparer.difference(other, mine) if mine != other else None
        if inner is not None and inner.changes:
            yield Change("inside", right.name, f"{short(right.name)}: {inner.sentence.rstrip('.')}")
        elif inner is None:
            yield Change("replaced", right.name, f"{what(right)} instead of {what(left)}")

    def _alone(self) -> Iterable[Change]:
        for outline, paired, kind in (
            (self.right, {*self.alignment.pairs.values(), *self._in_fusions(True)}, "added"),
            (self.left, {*self.alignment.pairs, *self._in_fusions(False)}, "removed"),
        ):
            rest = [number for number in range(len(outline.steps)) if number not in paired]
            for group in _groups(outline, rest):
                change = _described(outline, group, self.comparer.named(outline.owner))
                if change is not None:
                    yield change if kind == "added" else replace(change, kind="removed", left=change.right, right=None)

    def _conditions(self) -> Iterable[Change]:
        """What both do, one of them only under a condition of the configuration."""
        for one, other, mine, word in (
            (self.left, self.right, self.alignment.backwards, "only where"),
            (self.right, self.left, self.alignment.pairs, "always, not only where"),
        ):
            found: dict[str, list[Step]] = {}
            for number, partner in sorted(mine.items()):
                step = other.steps[number]
                for guard in set(step.guards) - set(one.steps[partner].guards):
                    if step.op not in CARRIERS and _is_configured(guard):
                        found.setdefault(guard, []).append(step)
            for guard, steps in found.items():
                if len(steps) < len(other.steps) / 2:
                    yield Change(
                        "condition",
                        steps[-1].name,
                        f"does {_told(steps, self.comparer.named(other.owner))} {word} {guard}",
                        right=steps[-1].place,
                    )

    def _handed(self) -> Iterable[Change]:
        before = {one.name: one for one in self.left.handed}
        after = {one.name: one for one in self.right.handed}
        if not before or not after:
            return
        for name in sorted(after.keys() - before.keys()):
            yield Change(
                "handed", name, f"hands {_named(after[name])} to the attention function", right=self.right.place
            )
        for name in sorted(before.keys() - after.keys()):
            yield Change("handed", name, f"hands no {name} to the attention function", left=self.left.place)


def _is_configured(guard: str) -> bool:
    """Whether a condition asks how the model was made, not what it was given."""
    return ("self." in guard or "config" in guard) and "isinstance(" not in guard and "hasattr(" not in guard


def _named(setting: Setting) -> str:
    if setting.text == "learned":
        return f"{setting.name} (a learned parameter)"
    return setting.name if setting.text in (setting.name, "tensor") else f"{setting.name} = {setting.text}"


def _settings(left: Step, right: Step, skipped: Callable[[str], bool]) -> Iterable[Change]:
    before = {one.name: one for one in left.settings if not skipped(one.name)}
    after = {one.name: one for one in right.settings if not skipped(one.name)}
    for name, new in after.items():
        old = before.get(name)
        if old is not None and old.identity != new.identity:
            yield Change("setting", right.name, _changed(right, name, old, new))
        elif old is None and left.kind == right.kind:
            yield Change("setting", right.name, f"{short(right.name)} with {name} = {new.text}")
    for name, old in before.items():
        if name not in after and left.kind == right.kind:
            yield Change("setting", right.name, f"{short(right.name)} without {name} = {old.text}")


def _changed(step: Step, name: str, old: Setting, new: Setting) -> str:
    if name == "bias":
        was = "" if old.text in VALUES else f" (which there {_decider(old)} decides)"
        now = VALUES.get(new.text, f"with a bias if {_decider(new)} says so")
        return f"{short(step.name)} {now}{was}"
    if name == "index":
        return f"takes [{new.text.strip('()')}] instead of [{old.text.strip('()')}]"
    if step.op in VERBS and name == "by":
        return f"{VERBS[step.op]} by {new.text} instead of {old.text}"
    if step.op == "part" and name == "argument 1":
        return f"{short(step.name)} over {new.text} instead of {old.text}"
    if name == "function":
        return f"activation {new.text} instead of {old.text}"
    return f"{short(step.name)} with {name} = {new.text} instead of {old.text}"


def _decider(setting: Setting) -> str:
    return "an argument" if setting.value == ARGUMENT else setting.text


def _groups(outline: Outline, numbers: Sequence[int]) -> list[list[int]]:
    """Steps that stand alone, those connected with each other together; layers and parts each by themselves."""
    groups: list[list[int]] = []
    for number in numbers:
        step = outline.steps[number]
        if step.op in ("layer", "part", "activation", "input"):
            groups.append([number])
            continue
        inputs = {one for group in step.inputs for one in group}
        near = [group for group in groups if inputs & set(group) and _is_plain(outline, group)]
        for group in near:
            groups.remove(group)
        groups.append(sorted({number, *(one for group in near for one in group)}))
    return groups


def _is_plain(outline: Outline, group: Sequence[int]) -> bool:
    return outline.steps[group[0]].op not in ("layer", "part", "activation", "input")


def _described(outline: Outline, group: Sequence[int], named: Mapping[Place, str]) -> Change | None:
    """A change for steps that one side alone has; None for what only carries values about."""
    steps = [outline.steps[number] for number in group]
    working = [step for step in steps if step.op not in CARRIERS and not _makes_object(step)]
    if not working:
        return None
    last = working[-1]
    if len(group) == 1 and last.op in ("layer", "part", "activation", "learned"):
        return Change("added", last.name, what(last), right=last.place, guards=last.guards)
    shown = _told([step for step in working if step.op != "learned"] or working, named) + _source(outline, group)
    return Change("added", last.name, shown, right=last.place, guards=last.guards)


def _makes_object(step: Step) -> bool:
    return step.op == "call" and step.kind[:1].isupper()


def _told(steps: Sequence[Step], named: Mapping[Place, str]) -> str:
    """Operations by the concepts that they compute, where there are such, and by themselves."""
    names = dict.fromkeys(named[step.place] for step in steps if step.place is not None and step.place in named)
    return f"{listed(list(names))} ({_chain(steps)})" if names else _chain(steps)


def _chain(steps: Sequence[Step]) -> str:
    """Operations in their order, the first few of them."""
    if (alone := _alone_text(steps)) is not None:
        return alone
    names = [short(step.name) if step.op in ("layer", "part") else what(step) for step in steps]
    return " → ".join(names[:LONGEST]) + (f" → … ({len(names)} operations)" if len(names) > LONGEST else "")


def _source(outline: Outline, group: Sequence[int]) -> str:
    """`on self.q_proj`: the first layer, part or input that a group of operations is computed from."""
    own = set(group)
    outer = [one for number in group for inputs in outline.steps[number].inputs for one in inputs if one not in own]
    named = [
        outline.steps[one]
        for one in sorted(set(outer))
        if outline.steps[one].op in ("layer", "part", "input", "learned")
    ]
    if not named:
        return ""
    return f" on {short(named[-1].name)}"


def _alone_text(steps: Sequence[Step]) -> str | None:
    """One operation with a number, in words."""
    by = next((one.text for one in steps[0].settings if one.name == "by"), None)
    words = {"mul": "multiplication by", "add": "addition of"}
    return f"{words[steps[0].op]} {by}" if len(steps) == 1 and by is not None and steps[0].op in words else None


def _operation(step: Step) -> str:
    by = next((one for one in step.settings if one.name in ("by", "exponent")), None)
    signs = {"mul": "×", "add": "+", "pow": "power"}
    return f"{signs.get(step.op, step.op)} {by.text}" if by is not None else step.kind if step.op == "call" else step.op


def _kinds(step: Step) -> str:
    return " or ".join(dict.fromkeys(one.rpartition(".")[2] for one in step.kind.split(" or ")))


def what(step: Step) -> str:
    """A step as a reader calls it: `q_norm (RMSNorm of head_dim)`."""
    kinds = _kinds(step)
    if step.op == "layer":
        sizes = {one.name: one.text for one in step.settings}
        flow = f", {sizes['in']} to {sizes['out']}" if "in" in sizes and "out" in sizes else ""
        return f"{short(step.name)} ({kinds}{flow or _of(sizes)})"
    if step.op == "part":
        sizes = {one.name: one.text for one in step.settings}
        return f"{short(step.name)} ({kinds}{_of({'size': sizes.get('argument 1', '')})})"
    if step.op in ("learned", "buffer"):
        return f"{'learned ' if step.op == 'learned' else ''}{short(step.name)}"
    if step.op == "activation":
        chosen = [one.text for one in step.settings if one.name == "function"]
        return f"activation {chosen[0]}" if chosen else f"activation {kinds}"
    return _operation(step)


def _of(sizes: dict[str, str]) -> str:
    return f" of {sizes['size']}" if sizes.get("size") else ""


def short(name: str) -> str:
    """`self.q_proj` is `q_proj`."""
    return name.removeprefix("self.").removeprefix("torch.").removeprefix("nn.functional.")
