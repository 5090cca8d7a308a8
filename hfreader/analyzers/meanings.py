"""What is known of a value before anything runs, beside its node: that it is a module, a function, a class ..."""

from dataclasses import dataclass, field

import libcst as cst

from hfreader.analyzers.frames import Frame
from hfreader.analyzers.parsing import ParsedFile
from hfreader.facts.dataflow import Operand

# The attribute that stands for what a module holds under keys: `self[key] = module` in a subclass of ModuleDict.
ELEMENT = "[]"


@dataclass
class Arguments:
    """The arguments of a call. `rest` is the node of a `**x` whose elements are not known; an unknown `*x` stands among
    the positional ones as a `starred` node."""

    positional: list[Operand] = field(default_factory=list)
    keywords: dict[str, Operand] = field(default_factory=dict)
    rest: int | None = None

    def operands(self) -> tuple[Operand, ...]:
        """Positional operands, then keyword operands, then the unknown rest."""
        rest = () if self.rest is None else (Operand(self.rest, None, "**"),)
        return (*self.positional, *self.keywords.values(), *rest)

    def after(self, bound: "Arguments | None") -> "Arguments":
        """These arguments behind those that `functools.partial` bound before."""
        if bound is None:
            return self
        rest = self.rest if self.rest is not None else bound.rest
        return Arguments([*bound.positional, *self.positional], {**bound.keywords, **self.keywords}, rest)


@dataclass(frozen=True)
class Static:
    """A constant that is no number: None, a truth value or a string."""

    value: bool | str | None


# What stands for the unknown parts of a template.
UNKNOWN = "…"


@dataclass(frozen=True)
class Template:
    """A string that is known but for some parts, which `…` stands for in `text`: `f"{layer_type}_inv_freq"`."""

    text: str


@dataclass(frozen=True)
class External:
    """Something named outside of the source that is followed (`torch.nn.functional.softmax`); `bound` are the
    arguments that `functools.partial` gave it."""

    name: str
    bound: Arguments | None = None


@dataclass(eq=False)
class Instance:
    """One module as its `__init__` makes it.

    qualified   its class; None where only the config knows it (an activation by name).
    own         whether the source of its class is followed.
    attributes  what `__init__` gives each attribute, once `initialised`; `views` are the nodes that read them.
    elements    the modules of a Sequential in order, each with the node that makes it; None for any other class.
    """

    qualified: str | None
    own: bool
    arguments: Arguments
    initialised: bool = False
    attributes: dict[str, int] = field(default_factory=dict)
    views: dict[str, int] = field(default_factory=dict)
    elements: "tuple[tuple[Modules, int], ...] | None" = None


@dataclass(frozen=True)
class Modules:
    """A module that is one of several."""

    options: tuple[Instance, ...]


@dataclass(frozen=True)
class Container:
    """A list, tuple or mapping of modules; which one is taken is not known."""

    options: tuple[Instance, ...]


@dataclass(frozen=True, eq=False)
class Function:
    """A function whose source is followed. `receiver` is the node bound to its first parameter, `owner` the class
    that defines it, `closure` the frame it was defined in."""

    name: str
    file: ParsedFile
    definition: cst.FunctionDef | cst.Lambda
    receiver: int | None = None
    owner: str | None = None
    closure: Frame | None = None
    bound: Arguments | None = None


@dataclass(frozen=True)
class Functions:
    """One of several functions; `registry` names the table through which another could be chosen."""

    options: tuple[Function, ...]
    registry: str | None = None


@dataclass(frozen=True)
class Classes:
    """One of several classes, qualified."""

    options: tuple[str, ...]


Meaning = Static | Template | External | Modules | Container | Functions | Classes


def merged(meanings: list[Meaning | None]) -> Meaning | None:
    """What is known of a value that has one of these meanings. What is unknown or None does not count, so a module
    that may be absent is still that module."""
    first = meanings[0] if meanings else None
    if isinstance(first, Static | Template) and all(meaning == first for meaning in meanings):
        return first
    modules = _union([one.options for one in meanings if isinstance(one, Modules)])
    if modules:
        return Modules(modules)
    containers = _union([one.options for one in meanings if isinstance(one, Container)])
    if containers:
        return Container(containers)
    functions = _union([one.options for one in meanings if isinstance(one, Functions)])
    registries = [one.registry for one in meanings if isinstance(one, Functions) and one.registry]
    if functions or registries:
        return Functions(functions, registries[0] if registries else None)
    classes = _union([one.options for one in meanings if isinstance(one, Classes)])
    return Classes(classes) if classes else None


def _union(groups: list[tuple]) -> tuple:  # type: ignore[type-arg]
    return tuple(dict.fromkeys(one for group in groups for one in group))
