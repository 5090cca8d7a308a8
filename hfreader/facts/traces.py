"""What ran: the values on each line, the modules, the tokens, the symbols of the shapes."""

from dataclasses import dataclass

from hfreader.facts.branches import Branch
from hfreader.facts.changes import Changes, Link
from hfreader.facts.generation import CachePart, Generation
from hfreader.facts.places import Place, Span
from hfreader.facts.problems import Problem
from hfreader.facts.statistics import Statistics

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TensorFact:
    """A tensor without its numbers. `symbols` names each dimension in config terms; a dimension that nothing
    explains (or that several things explain) is its number as text. Empty when symbols were not computed.
    `unexplained` are the axes of such numbers that are others in runs at other sizes: no constants."""

    shape: tuple[int, ...]
    dtype: str
    device: str
    symbols: tuple[str, ...] = ()
    unexplained: tuple[int, ...] = ()


@dataclass(frozen=True)
class Value:
    """A recorded value: a tensor, a sequence of values, or anything else as short text.

    type  `Tensor`, `tuple`, `list`, `dict`, or the Python type's name.
    keys  for mappings and model outputs, the key of each item.
    """

    type: str
    tensor: TensorFact | None = None
    items: tuple["Value", ...] = ()
    keys: tuple[str, ...] = ()
    text: str | None = None


@dataclass(frozen=True)
class LineRecord:
    """One value that appeared while a line ran.

    place   the token (target, parameter) or expression that holds the value; `line` is that token's first line.
    name    the variable, `self.x`, or `return`.
    kind    parameter, assign, return or expression.
    function  qualified name of the function the line belongs to.
    module  path of the module whose forward was running (`encoder.layer.0.attention.self`), "" for the model.
    call    which call of that module it was, counting from 0.
    statistics  of a tensor with fractions, where they were asked for.
    """

    place: Place
    name: str
    kind: str
    function: str
    module: str
    call: int
    value: Value
    statistics: Statistics | None = None


@dataclass(frozen=True)
class Product:
    """A cost that grows as the product of some sizes: `factor` times every dimension of `sizes`.

    kind   flops, activations (bytes) or parameters.
    sizes  no tensor's where these are operations. Without symbols where the runs at other sizes do not tell them all.
    """

    kind: str
    factor: int
    sizes: TensorFact


@dataclass(frozen=True)
class ModuleRecord:
    """One call of a module. `order` numbers calls by their start; `parent` is the path of the calling module.

    flops        floating-point operations of the call, the modules within included; None where they were not counted.
    activations  bytes of all that the call computed, the modules within included; views of it are not counted again.
    costs        what these sums are made of, without the modules within; the parameters with the first call.
    """

    path: str
    class_name: str
    parent: str | None
    order: int
    call: int
    depth: int
    inputs: tuple[tuple[str, Value], ...]
    output: Value
    parameters: int
    flops: int | None = None
    activations: int | None = None
    costs: tuple[Product, ...] = ()


@dataclass(frozen=True)
class SymbolFact:
    """One symbol of the shapes: `head_dim` = `hidden_size / num_attention_heads` = 64."""

    name: str
    expression: str
    value: int


@dataclass(frozen=True)
class TokenFact:
    """One input token: its position, id and text as the tokenizer writes it."""

    position: int
    id: int
    text: str


@dataclass(frozen=True)
class Execution:
    """Which statements of a file ran: `ran` and `idle` partition the spans of all its statements in functions."""

    file: str
    ran: tuple[Span, ...]
    idle: tuple[Span, ...]


@dataclass(frozen=True)
class Dispatch:
    """A jump through the attention registry: the call site, the implementation's name, the function that ran."""

    site: Place
    implementation: str
    function: str
    place: Place | None


@dataclass(frozen=True)
class Trace:
    """One run of one model class on one input.

    weights     `random (seed 0)` or the checkpoint they came from.
    tokenizer   what turned the text into ids, in words, or None when ids were given, or no text is read.
    config      the config fields in force, as JSON values; `changed` those that differ from the family's default.
    notes       what the reader must know (fallbacks, truncated inputs ...).
    flops       floating-point operations of the run as `torch.utils.flop_counter` counts them, None if not counted.
    links       which of the library's tables of functions the configuration uses, and what it picks from them.
    changes     the run beside another one, where that was asked for.
    branches    the conditions that were looked at, how each came out and why; only where lines were recorded.
    maps        the names of the attention maps in the file of values, where one was asked for.
    cache       what the cache holds after a single forward pass; empty where there is none.
    generation  what was generated, where that was asked for; `call` of records then counts over all steps.
    """

    schema: int
    family: str
    class_name: str
    transformers: str
    commit: str | None
    device: str
    dtype: str
    attention: str
    weights: str
    tokenizer: str | None
    tokens: tuple[tuple[TokenFact, ...], ...]
    inputs: tuple[tuple[str, Value], ...]
    config: dict[str, object]
    changed: dict[str, object]
    symbols: tuple[SymbolFact, ...]
    modules: tuple[ModuleRecord, ...]
    lines: tuple[LineRecord, ...]
    executions: tuple[Execution, ...]
    dispatches: tuple[Dispatch, ...]
    parameters: int
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    flops: int | None = None
    links: tuple[Link, ...] = ()
    changes: Changes | None = None
    cache: tuple[CachePart, ...] = ()
    generation: Generation | None = None
    branches: tuple[Branch, ...] = ()
    maps: tuple[str, ...] = ()

    @property
    def no_tokenizer(self) -> str:
        """What is said where no tokenizer was used."""
        return "none: the ids were given" if self.tokens else "none: no text was read"
