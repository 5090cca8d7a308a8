"""Two runs side by side: what differs in settings, sizes, modules and lines."""

from dataclasses import dataclass

from hfreader.facts.places import Place


@dataclass(frozen=True)
class Link:
    """What a field of the configuration picks out of one of the library's tables of functions.

    field     `hidden_act`, nested ones dotted.
    entry     `ACT2FN['relu']`.
    function  qualified name of what it is: `torch.nn.modules.activation.ReLU`.
    modules   paths of the modules that are one; empty for a plain function.
    """

    field: str
    entry: str
    function: str
    modules: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModuleSide:
    """One module, or `repeats` identical ones, of one of the two runs. Shapes are those of its output."""

    name: str
    path: str
    class_name: str
    repeats: int
    symbols: str
    numbers: str
    parameters: int


@dataclass(frozen=True)
class ModulePair:
    """A module of the left run beside its counterpart in the right; None where it has none. `depth` 0 is the model."""

    depth: int
    left: ModuleSide | None
    right: ModuleSide | None

    @property
    def same(self) -> bool:
        """Whether nothing but the paths differs."""
        if self.left is None or self.right is None:
            return False
        one, other = self.left, self.right
        return (one.class_name, one.repeats, one.symbols, one.numbers, one.parameters) == (
            other.class_name,
            other.repeats,
            other.symbols,
            other.numbers,
            other.parameters,
        )


@dataclass(frozen=True)
class LineSide:
    """A recorded value as a reader sees it; `numbers` is empty where they would repeat `symbols`."""

    symbols: str
    numbers: str


@dataclass(frozen=True)
class LineChange:
    """A value on a line that both runs share, and that differs; None where the line did not run."""

    place: Place
    name: str
    function: str
    left: LineSide | None
    right: LineSide | None


@dataclass(frozen=True)
class Changes:
    """The left run (what is compared with) and the right one (what was asked for).

    left, right  in words: `bert, its default`, `bert with hidden_act=relu`.
    fields       (field, left value, right value) of the configurations that differ; None where one lacks the field.
    parameters, flops  of both; FLOPs are None where they were not counted.
    links        of both, those that differ.
    modules      every module of both, aligned.
    lines        for two runs of the same class; lines that are the same are left out.
    """

    left: str
    right: str
    fields: tuple[tuple[str, object, object], ...]
    parameters: tuple[int, int]
    flops: tuple[int | None, int | None]
    links: tuple[tuple[Link | None, Link | None], ...]
    modules: tuple[ModulePair, ...]
    lines: tuple[LineChange, ...]
