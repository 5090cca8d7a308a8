"""The changes between two aligned computations, each as one clause."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from hfreader.analyzers.difference_alignment import Alignment
from hfreader.analyzers.difference_formulas import ARGUMENT
from hfreader.analyzers.difference_fusion import fusions
from hfreader.analyzers.difference_nature import Natures
from hfreader.analyzers.difference_residuals import WORDS, residual_layout
from hfreader.facts.comparison import Change, Difference, Outline, Setting, Step
from hfreader.facts.phrases import Phrase, Words, joined, listed, phrase
from hfreader.facts.places import Place

# What alone says nothing: it brings a value to where it is used.
_CARRIERS = """
input take item cat stack split chunk unbind buffer arange zeros ones full empty zeros_like ones_like
element enumerate zip
"""
CARRIERS = frozenset(_CARRIERS.split())
LONGEST = 5
# How operations are called.
VERBS = {"mul": phrase("multiplies by"), "add": phrase("adds")}
NOUNS = {"mul": phrase("multiplication by"), "add": phrase("addition of")}
VALUES = {"True": phrase("with a bias"), "False": phrase("without bias")}


class Comparer(Protocol):
    """Compares two classes."""

    natures: Natures

    def difference(self, left: str, right: str) -> Difference | None:
        """What the right class has otherwise than the left."""

    def named(self, owner: str) -> Mapping[Place, Words]:
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
        text: Words = listed(gained)
        if lost:
            now, before = listed(gained), listed(lost)
            text = phrase("%(now)s instead of: %(before)s", now=now, before=before)
            text = text if gained else phrase("no longer %(before)s", before=before)
        yield Change("order", "norm", text, None, self.left.place, self.right.place)

    def _fused(self) -> Iterable[Change]:
        for fusion in self.fusions:
            fused, apart = (self.right, self.left) if fusion.on_right else (self.left, self.right)
            one, several = fused.steps[fusion.fused], [apart.steps[number] for number in fusion.apart]
            whole = phrase("one fused %(layer)s", layer=what(one))
            names = listed([short(step.name) for step in several])
            parts = phrase("%(names)s (%(kind)s)", names=names, kind=_kinds(several[0]))
            text = _instead(whole, parts) if fusion.on_right else _instead(parts, whole)
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
            shared = _instead(_kinds(right), _kinds(left)) if both and left.kind != right.kind else None
            yield Change("replaced", right.name, _instead(what(right), what(left)), shared)
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
            yield Change("replaced", right.name, _instead(what(right), what(left)))

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
        for one, other, mine in (
            (self.left, self.right, self.alignment.backwards),
            (self.right, self.left, self.alignment.pairs),
        ):
            found: dict[str, list[Step]] = {}
            for number, partner in sorted(mine.items()):
                step = other.steps[number]
                for guard in set(step.guards) - set(one.steps[partner].guards):
                    if step.op not in CARRIERS and _is_configured(guard):
                        found.setdefault(guard, []).append(step)
            for guard, steps in found.items():
                if len(steps) < len(other.steps) / 2:
                    did = _told(steps, self.comparer.named(other.owner))
                    text = (
                        phrase("does %(what)s only where %(condition)s", what=did, condition=guard)
                        if other is self.right
                        else phrase("does %(what)s always, not only where %(condition)s", what=did, condition=guard)
                    )
                    yield Change("condition", steps[-1].name, text, right=steps[-1].place)

    def _handed(self) -> Iterable[Change]:
        before = {one.name: one for one in self.left.handed}
        after = {one.name: one for one in self.right.handed}
        if not before or not after:
            return
        for name in sorted(after.keys() - before.keys()):
            text = phrase("hands %(what)s to the attention function", what=_named(after[name]))
            yield Change("handed", name, text, right=self.right.place)
        for name in sorted(before.keys() - after.keys()):
            text = phrase("hands no %(what)s to the attention function", what=name)
            yield Change("handed", name, text, left=self.left.place)


def _is_configured(guard: str) -> bool:
    """Whether a condition asks how the model was made, not what it was given."""
    return ("self." in guard or "config" in guard) and "isinstance(" not in guard and "hasattr(" not in guard


def _instead(this: Words, that: Words) -> Phrase:
    return phrase("%(this)s instead of %(that)s", this=this, that=that)


def _named(setting: Setting) -> Words:
    if setting.text == "learned":
        return phrase("%(name)s (a learned parameter)", name=setting.name)
    return setting.name if setting.text in (setting.name, "tensor") else f"{setting.name} = {setting.text}"


def _settings(left: Step, right: Step, skipped: Callable[[str], bool]) -> Iterable[Change]:
    before = {one.name: one for one in left.settings if not skipped(one.name)}
    after = {one.name: one for one in right.settings if not skipped(one.name)}
    for name, new in after.items():
        old = before.get(name)
        if old is not None and old.identity != new.identity:
            yield Change("setting", right.name, _changed(right, name, old, new))
        elif old is None and left.kind == right.kind:
            text = phrase("%(name)s with %(setting)s", name=short(right.name), setting=f"{name} = {new.text}")
            yield Change("setting", right.name, text)
    for name, old in before.items():
        if name not in after and left.kind == right.kind:
            text = phrase("%(name)s without %(setting)s", name=short(right.name), setting=f"{name} = {old.text}")
            yield Change("setting", right.name, text)


def _changed(step: Step, name: str, old: Setting, new: Setting) -> Words:
    named, this, that = short(step.name), new.text, old.text
    if name == "bias":
        return _bias(named, old, new)
    if name == "index":
        this, that = f"[{this.strip('()')}]", f"[{that.strip('()')}]"
        return phrase("takes %(this)s instead of %(that)s", this=this, that=that)
    if step.op in VERBS and name == "by":
        return joined([VERBS[step.op], _instead(this, that)], " ")
    if step.op == "part" and name == "argument 1":
        return phrase("%(name)s over %(this)s instead of %(that)s", name=named, this=this, that=that)
    if name == "function":
        return phrase("activation %(this)s instead of %(that)s", this=this, that=that)
    return phrase("%(name)s with %(this)s instead of %(that)s", name=named, this=f"{name} = {this}", that=that)


def _bias(layer: str, old: Setting, new: Setting) -> Words:
    now = VALUES.get(new.text) or phrase("with a bias if %(decider)s says so", decider=_decider(new))
    if old.text in VALUES:
        return joined([layer, now], " ")
    return joined([layer, now, phrase("(which there %(decider)s decides)", decider=_decider(old))], " ")


def _decider(setting: Setting) -> Words:
    return phrase("an argument") if setting.value == ARGUMENT else setting.text


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


def _described(outline: Outline, group: Sequence[int], named: Mapping[Place, Words]) -> Change | None:
    """A change for steps that one side alone has; None for what only carries values about."""
    steps = [outline.steps[number] for number in group]
    working = [step for step in steps if step.op not in CARRIERS and not _makes_object(step)]
    if not working:
        return None
    last = working[-1]
    if len(group) == 1 and last.op in ("layer", "part", "activation", "learned"):
        return Change("added", last.name, what(last), right=last.place, guards=last.guards)
    shown = _told([step for step in working if step.op != "learned"] or working, named)
    if (source := _source(outline, group)) is not None:
        shown = phrase("%(what)s on %(source)s", what=shown, source=source)
    return Change("added", last.name, shown, right=last.place, guards=last.guards)


def _makes_object(step: Step) -> bool:
    return step.op == "call" and step.kind[:1].isupper()


def _told(steps: Sequence[Step], named: Mapping[Place, Words]) -> Words:
    """Operations by the concepts that they compute, where there are such, and by themselves."""
    names = dict.fromkeys(named[step.place] for step in steps if step.place is not None and step.place in named)
    done = _chain(steps)
    return phrase("%(names)s (%(operations)s)", names=listed(list(names)), operations=done) if names else done


def _chain(steps: Sequence[Step]) -> Words:
    """Operations in their order, the first few of them."""
    if (alone := _alone_text(steps)) is not None:
        return alone
    names = [short(step.name) if step.op in ("layer", "part") else what(step) for step in steps]
    shown = joined(names[:LONGEST], " → ")
    return phrase("%(first)s → … (%(number)s operations)", first=shown, number=len(names)) if names[LONGEST:] else shown


def _source(outline: Outline, group: Sequence[int]) -> str | None:
    """`q_proj`: the first layer, part or input that a group of operations is computed from."""
    own = set(group)
    outer = [one for number in group for inputs in outline.steps[number].inputs for one in inputs if one not in own]
    named = [
        outline.steps[one]
        for one in sorted(set(outer))
        if outline.steps[one].op in ("layer", "part", "input", "learned")
    ]
    return short(named[-1].name) if named else None


def _alone_text(steps: Sequence[Step]) -> Words | None:
    """One operation with a number, in words."""
    by = next((one.text for one in steps[0].settings if one.name == "by"), None)
    if len(steps) > 1 or by is None or steps[0].op not in NOUNS:
        return None
    return joined([NOUNS[steps[0].op], by], " ")


def _operation(step: Step) -> str:
    by = next((one for one in step.settings if one.name in ("by", "exponent")), None)
    signs = {"mul": "×", "add": "+", "pow": "power"}
    return f"{signs.get(step.op, step.op)} {by.text}" if by is not None else step.kind if step.op == "call" else step.op


def _kinds(step: Step) -> str:
    return " or ".join(dict.fromkeys(one.rpartition(".")[2] for one in step.kind.split(" or ")))


def what(step: Step) -> Words:
    """A step as a reader calls it: `q_norm (RMSNorm of head_dim)`."""
    name, kind = short(step.name), _kinds(step)
    sizes = {one.name: one.text for one in step.settings}
    if step.op == "layer" and {"in", "out"} <= sizes.keys():
        given = {"name": name, "kind": kind, "taken": sizes["in"], "given": sizes["out"]}
        return phrase("%(name)s (%(kind)s, %(taken)s to %(given)s)", **given)
    if step.op in ("layer", "part"):
        size = sizes.get("size" if step.op == "layer" else "argument 1")
        return (
            phrase("%(name)s (%(kind)s of %(size)s)", name=name, kind=kind, size=size) if size else f"{name} ({kind})"
        )
    if step.op == "learned":
        return phrase("learned %(name)s", name=name)
    if step.op == "activation":
        chosen = next((one.text for one in step.settings if one.name == "function"), kind)
        return phrase("activation %(name)s", name=chosen)
    return name if step.op == "buffer" else _operation(step)


def short(name: str) -> str:
    """`self.q_proj` is `q_proj`."""
    return name.removeprefix("self.").removeprefix("torch.").removeprefix("nn.functional.")
