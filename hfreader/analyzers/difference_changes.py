"""The changes between two aligned computations, each as one clause."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from hfreader.analyzers.difference_alignment import Alignment
from hfreader.analyzers.difference_nature import Natures
from hfreader.analyzers.difference_residuals import WORDS, residual_layout
from hfreader.facts.comparison import Change, Difference, Outline, Setting, Step

# What alone says nothing: it brings a value to where it is used.
CARRIERS = frozenset({"input", "take", "item", "cat", "stack", "split", "chunk", "unbind", "buffer"})
LONGEST = 5
# How operations are called.
VERBS = {"mul": "multiplies", "add": "adds"}
VALUES = {"True": "with a bias", "False": "without bias"}


class Comparer(Protocol):
    """Compares two classes."""

    natures: Natures

    def difference(self, left: str, right: str) -> Difference | None:
        """What the right class has otherwise than the left."""


class Changes:
    """Reads the changes off an alignment."""

    def __init__(self, alignment: Alignment, comparer: Comparer) -> None:
        self.alignment, self.comparer = alignment, comparer
        self.left, self.right = alignment.left, alignment.right

    def all(self) -> tuple[Change, ...]:
        """Every change once, the weightiest kinds first."""
        found = [*self._order(), *self._paired(), *self._alone(), *self._handed()]
        unique = {(one.kind, one.text): one for one in reversed(found)}
        return tuple(reversed(unique.values()))

    def _order(self) -> Iterable[Change]:
        nature = self.comparer.natures.of
        left, right = residual_layout(self.left, nature), residual_layout(self.right, nature)
        if left == right or not left or not right:
            return
        gained = [WORDS[one] for one in WORDS if one in right - left]
        lost = [WORDS[one] for one in WORDS if one in left - right]
        text = " and ".join(gained) + (" instead of: " if gained and lost else "" if gained else "no longer ")
        yield Change("order", "norm", text + " and ".join(lost), self.left.place, self.right.place)

    def _paired(self) -> Iterable[Change]:
        for one, other in sorted(self.alignment.pairs.items(), key=lambda pair: pair[1]):
            left, right = self.left.steps[one], self.right.steps[other]
            for change in self._between(left, right):
                yield replace(change, left=left.place, right=right.place, guards=right.guards)

    def _between(self, left: Step, right: Step) -> Iterable[Change]:
        if left.op == "part" and right.op == "part":
            yield from self._parts(left, right)
        elif left.kind != right.kind or left.op != right.op:
            yield Change("replaced", right.name, f"{what(right)} instead of {what(left)}")
        if left.op != "input":
            yield from _settings(left, right)

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
            (self.right, set(self.alignment.pairs.values()), "added"),
            (self.left, set(self.alignment.pairs), "removed"),
        ):
            rest = [number for number in range(len(outline.steps)) if number not in paired]
            for group in _groups(outline, rest):
                change = _described(outline, group)
                if change is not None:
                    side = {"right": change.right} if kind == "added" else {"left": change.right, "right": None}
                    yield replace(change, kind="added" if kind == "added" else "removed", **side)

    def _handed(self) -> Iterable[Change]:
        before = {one.name: one for one in self.left.handed}
        after = {one.name: one for one in self.right.handed}
        for name in sorted(after.keys() - before.keys()):
            yield Change("handed", name, f"hands {_named(after[name])} to the attention function", right=self.right.place)
        for name in sorted(before.keys() - after.keys()):
            yield Change("handed", name, f"hands no {name} to the attention function", left=self.left.place)


def _named(setting: Setting) -> str:
    return setting.name if setting.text in (setting.name, "tensor") else f"{setting.name} = {setting.text}"


def _settings(left: Step, right: Step) -> Iterable[Change]:
    before = {one.name: one for one in left.settings}
    after = {one.name: one for one in right.settings}
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
        was = "" if {old.text, new.text} == {"True", "False"} else f" (there by {old.text})"
        by = VALUES.get(new.text, f"with a bias if {new.text}")
        return f"{short(step.name)} {by}{was if old.text not in VALUES else ''}"
    if step.op in VERBS and name == "by":
        return f"{VERBS[step.op]} by {new.text} instead of {old.text}"
    if name == "function":
        return f"activation {new.text} instead of {old.text}"
    return f"{short(step.name)} with {name} = {new.text} instead of {old.text}"


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


def _described(outline: Outline, group: Sequence[int]) -> Change | None:
    """A change for steps that one side alone has; None for what only carries values about."""
    steps = [outline.steps[number] for number in group]
    working = [step for step in steps if step.op not in CARRIERS]
    if not working:
        return None
    last = working[-1]
    if len(group) == 1 and last.op in ("layer", "part", "activation", "learned"):
        return Change("added", last.name, what(last), right=last.place, guards=last.guards)
    names = [_operation(step) for step in working if step.op != "learned"] or [what(last)]
    shown = " → ".join(names[:LONGEST]) + (f" → … ({len(names)} operations)" if len(names) > LONGEST else "")
    return Change("added", last.name, shown + _source(outline, group), right=last.place, guards=last.guards)


def _source(outline: Outline, group: Sequence[int]) -> str:
    """`on self.q_proj`: the first layer, part or input that a group of operations is computed from."""
    own = set(group)
    outer = [one for number in group for inputs in outline.steps[number].inputs for one in inputs if one not in own]
    named = [outline.steps[one] for one in sorted(set(outer)) if outline.steps[one].op in ("layer", "part", "input")]
    return f" on {short(named[-1].name)}" if named else ""


def _operation(step: Step) -> str:
    by = next((one for one in step.settings if one.name in ("by", "exponent")), None)
    signs = {"mul": "×", "add": "+", "pow": "power"}
    return f"{signs.get(step.op, step.op)} {by.text}" if by is not None else step.kind if step.op == "call" else step.op


def what(step: Step) -> str:
    """A step as a reader calls it: `q_norm (RMSNorm of head_dim)`."""
    kinds = " or ".join(dict.fromkeys(one.rpartition(".")[2] for one in step.kind.split(" or ")))
    if step.op == "layer":
        sizes = {one.name: one.text for one in step.settings}
        flow = f", {sizes['in']} to {sizes['out']}" if "in" in sizes and "out" in sizes else ""
        return f"{short(step.name)} ({kinds}{flow or _of(sizes)})"
    if step.op == "part":
        sizes = {one.name: one.text for one in step.settings}
        return f"{short(step.name)} ({kinds}{_of({'size': sizes.get('argument 1', '')})})"
    if step.op == "activation":
        chosen = [one.text for one in step.settings if one.name == "function"]
        return f"activation {chosen[0]}" if chosen else f"activation {kinds}"
    return _operation(step)


def _of(sizes: dict[str, str]) -> str:
    return f" of {sizes['size']}" if sizes.get("size") else ""


def short(name: str) -> str:
    """`self.q_proj` is `q_proj`."""
    return name.removeprefix("self.").removeprefix("torch.").removeprefix("nn.functional.")
