"""Two computations side by side: one class against another, one family against another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hfreader.facts.phrases import Words
from hfreader.facts.places import Place
from hfreader.facts.problems import Problem

SIGNS = {"added": "+", "removed": "−", "replaced": "→", "inside": "…"}


@dataclass(frozen=True)
class Setting:
    """A number or name that an operation is given: `in` = `hidden_size`. `value` is the same for formulas that always
    give the same number (`1 / sqrt(d)` and `d**-0.5`), None where the text alone tells."""

    name: str
    text: str
    value: float | None = None

    @property
    def identity(self) -> tuple[str, str | float]:
        """What two settings share when they are the same."""
        return self.name, self.text if self.value is None else round(self.value, 9)


@dataclass(frozen=True)
class Step:
    """One operation of a computation; views, casts, dropout and the choice between branches are left out.

    op      canonical operation, `layer` for a layer of torch, `part` for a submodule that has an outline of its own.
    kind    the class of a layer or part, else the operation.
    name    what the code calls it: `self.q_proj`, `softmax`.
    inputs  for each operand, the steps that its value can come from (indexes into the outline).
    guards  conditions common to all ways in which its value is needed.
    print   for a part, the digest of its own computation; `within` the opened submodules that it stands in.
    """

    op: str
    kind: str
    name: str
    settings: tuple[Setting, ...] = ()
    inputs: tuple[tuple[int, ...], ...] = ()
    guards: tuple[str, ...] = ()
    place: Place | None = None
    print: str | None = None
    within: str = ""


@dataclass(frozen=True)
class Outline:
    """The computation of one function, its steps in the order of the data. `handed` is what a call through a registry
    (the attention function) is given by name. `digest` is the same for computations that differ in names alone."""

    owner: str
    function: str
    place: Place
    steps: tuple[Step, ...]
    outputs: tuple[tuple[int, ...], ...]
    handed: tuple[Setting, ...] = ()
    digest: str = ""


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    kind   added, removed, replaced (another class or operation), setting (a size, bias, constant), order (norm before
           or after), condition (what is done under a condition), inside (a submodule that differs within itself),
           handed (given to the attention function).
    text   one plain clause: what the right one has, or has not.
    shared       what the sentence says once of all changes that have it in common (`Conv1D instead of Linear`).
    left, right  where it is written in either.
    """

    kind: Literal["added", "removed", "replaced", "setting", "order", "condition", "inside", "handed"]
    subject: str
    text: Words
    shared: Words | None = None
    left: Place | None = None
    right: Place | None = None
    guards: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """What stands before the text in a list."""
        return SIGNS.get(self.kind, "·")

    @property
    def identity(self) -> tuple[str, Place | None]:
        """The same for what a class and a class within it both say."""
        return self.kind, self.place

    @property
    def place(self) -> Place | None:
        """Where a reader should look."""
        return self.right or self.left

    @property
    def condition(self) -> str:
        """Under which condition it is there; "" where it always is, or where the text says so itself."""
        return " and ".join(self.guards) if self.kind in ("added", "removed") else ""


@dataclass(frozen=True)
class Difference:
    """What the right class computes otherwise than the left.

    sentence   the same in one sentence.
    shared     operations found in both; `left_steps` and `right_steps` are all there are, arguments not counted.
    """

    left: str
    right: str
    sentence: str
    changes: tuple[Change, ...]
    shared: int
    left_steps: int
    right_steps: int

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.changes


@dataclass(frozen=True)
class FieldPair:
    """One config field and its default in both families, as source text; None where a family has none. `left_name` and
    `right_name` are what each calls it."""

    name: str
    left: str | None
    right: str | None
    left_name: str | None = None
    right_name: str | None = None

    @property
    def same(self) -> bool:
        """Whether both have the same default."""
        return self.left == self.right


@dataclass(frozen=True)
class ParameterPair:
    """One parameter of two aligned layers: its shape in config fields, and in numbers at the defaults. Several
    matrices that stand against one have their names joined by commas and the shape of each."""

    left_name: str | None
    right_name: str | None
    left: tuple[str, ...] | None
    right: tuple[str, ...] | None
    left_sizes: tuple[int | None, ...] | None = None
    right_sizes: tuple[int | None, ...] | None = None

    @property
    def same(self) -> bool:
        """Whether both have the same shape."""
        return self.left == self.right


def product(sizes: Sequence[int | None] | None) -> str:
    """The sizes of a parameter: `768 × 3,072`, with `?` for one that is not known; "" where none is."""
    return "" if sizes is None else " × ".join("?" if size is None else f"{size:,}" for size in sizes)


@dataclass(frozen=True)
class PartPair:
    """Two classes that play the same role, or one that has no counterpart.

    role   what both are, in words (`attention`, `block`); the paths say where they stand in the trees of the models.
    state  identical: they compute the same; similar: some steps differ; different: most do; left or right: only there.
    """

    role: Words
    left: str | None
    right: str | None
    left_path: str | None
    right_path: str | None
    state: Literal["identical", "similar", "different", "left", "right"]
    difference: Difference | None = None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What differs; nothing is known of one without a counterpart."""
        return self.difference.changes if self.difference is not None else ()


@dataclass(frozen=True)
class Trait:
    """One property of a mechanism in both families, in words: where norms stand, what the mask lets through."""

    subject: Words
    left: Words
    right: Words

    @property
    def same(self) -> bool:
        """Whether both have it alike."""
        return self.left == self.right


@dataclass(frozen=True)
class Comparison:
    """Two families side by side, read at the defaults of their configurations.

    left_model, right_model  the base models that were compared, qualified.
    traits   what a reader should know first.
    fields   config fields, those of the library's common vocabulary under its names.
    parameters  of one layer of each kind: what stands in a loop over layers counts once.
    parts    classes by role, in the order of the left model's tree.
    """

    left: str
    right: str
    left_model: str
    right_model: str
    traits: tuple[Trait, ...]
    fields: tuple[FieldPair, ...]
    parameters: tuple[ParameterPair, ...]
    parts: tuple[PartPair, ...]
    problems: tuple[Problem, ...] = ()

    def told(self) -> tuple[tuple[PartPair, tuple[Change, ...]], ...]:
        """The classes that have a counterpart, and what is to be told of each: a change once, in the innermost class
        that has it."""
        pairs = [one for one in self.parts if one.left is not None and one.right is not None]
        inner = [
            {change.identity for later in pairs[index + 1 :] for change in later.changes} for index in range(len(pairs))
        ]
        return tuple(
            (
                one,
                tuple(change for change in one.changes if change.kind != "inside" and change.identity not in within),
            )
            for one, within in zip(pairs, inner, strict=True)
        )

    def alone(self, side: Literal["left", "right"]) -> tuple[PartPair, ...]:
        """The classes that have no counterpart."""
        return tuple(one for one in self.parts if one.state == side)
