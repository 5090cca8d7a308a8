"""What each class is made of: the roles it plays, and what is mapped and what is not."""

from dataclasses import dataclass
from typing import Literal

from hfreader.facts.places import Place


@dataclass(frozen=True)
class Part:
    """A submodule that a class calls.

    attribute  what it is on self (`attention`), or the loop variable over a list of layers.
    classes    the classes it can be, qualified; empty where only the config knows.
    concepts   what those classes implement and which roles they play.
    place      the first call.
    repeated   called in a loop, its result carried to the next pass.
    """

    attribute: str
    classes: tuple[str, ...]
    concepts: tuple[str, ...]
    place: Place
    repeated: bool = False


@dataclass(frozen=True)
class Role:
    """What a class is in the whole: a block, a stack, a head, a shell.

    place   the method that composes, or the name of a class that has none.
    parts   what it composes, in the order of its calls.
    wiring  how the parts are connected, in one line of algebra read off the dataflow graph
            (`y1 = x + attention(norm1(x)); y2 = y1 + mlp(norm2(y1))`); None where it does not fit into one line.
    """

    concept: str
    owner: str
    place: Place
    parts: tuple[Part, ...] = ()
    wiring: str | None = None


@dataclass(frozen=True)
class Computing:
    """A method of a class that contains tensor operations of its own; `operations` names some of them."""

    owner: str
    function: str
    operations: tuple[str, ...]


@dataclass(frozen=True)
class ClassMapping:
    """What one class is mapped to.

    kind       as in ClassFacts: module, model, output or other.
    matched    concepts whose equation was found in a method of the class itself.
    roles      concepts of its roles.
    inherited  concepts of the nearest ancestor that has any, for a class that has none of its own (`ancestor`).
    computes   whether its forward (or, without one, another method) has tensor operations of its own.
    equation   whether one of the concepts has an equation that can be executed.
    reason     why nothing was found, None where something was.
    """

    owner: str
    file: str
    kind: str
    matched: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()
    ancestor: str | None = None
    computes: bool = False
    equation: bool = False
    reason: str | None = None

    @property
    def concepts(self) -> tuple[str, ...]:
        """Everything the class is mapped to."""
        return tuple(dict.fromkeys((*self.matched, *self.roles, *self.inherited)))


@dataclass(frozen=True)
class Census:
    """Every class of some files, and what it is mapped to."""

    classes: tuple[ClassMapping, ...]

    def count(self, what: Literal["classes", "modules", "mapped", "computing", "equations"]) -> int:
        """How many classes there are; how many are modules (pretrained models are); how many of all are mapped; how
        many modules compute; how many of these are mapped to an equation."""
        return sum(_counts(one)[what] for one in self.classes)

    @property
    def unmapped(self) -> tuple[ClassMapping, ...]:
        """The classes that are mapped to nothing."""
        return tuple(one for one in self.classes if not one.concepts)


def _counts(one: ClassMapping) -> dict[str, bool]:
    module = one.kind in ("module", "model")
    return {
        "classes": True,
        "modules": module,
        "mapped": bool(one.concepts),
        "computing": module and one.computes,
        "equations": module and one.computes and one.equation,
    }
