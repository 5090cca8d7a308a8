"""What the code of a file says: classes, functions, submodules."""

from dataclasses import dataclass, field

from hfreader.facts.places import Span


@dataclass(frozen=True)
class ParameterFacts:
    """One parameter of a function; `annotation` and `default` are source text."""

    name: str
    span: Span
    annotation: str | None = None
    default: str | None = None


@dataclass(frozen=True)
class FunctionFacts:
    """A module-level function or a method. `span` begins at the first decorator, `name_span` is the name token."""

    name: str
    span: Span
    name_span: Span
    body_span: Span
    parameters: tuple[ParameterFacts, ...]
    decorators: tuple[str, ...] = ()
    docstring: str | None = None
    copied_from: str | None = None


@dataclass(frozen=True)
class SubmoduleFacts:
    """A module built in `__init__` and stored on self.

    attribute   `query` for `self.query = nn.Linear(...)`.
    classes     the classes it can be, fully qualified where they resolve (`torch.nn.Linear`,
                `transformers.models.bert.modeling_bert.BertLayer`); several where the code chooses;
                empty where only the config knows (`ACT2FN[config.hidden_act]`).
    container   `ModuleList`, `Sequential` or `ModuleDict` when it holds several.
    condition   source text of the enclosing `if`s, None when unconditional.
    expression  source text of the constructing expression.
    """

    attribute: str
    classes: tuple[str, ...]
    span: Span
    expression: str
    container: str | None = None
    condition: str | None = None


@dataclass(frozen=True)
class AttributeFacts:
    """A non-module attribute set in `__init__` (`self.scaling = self.head_dim**-0.5`)."""

    name: str
    span: Span
    expression: str


@dataclass(frozen=True)
class ClassFacts:
    """One class. `name` is bare; `qualified` is `transformers.models.bert.modeling_bert.BertLayer`.

    kind: module (an nn.Module), model (a PreTrainedModel), output (a ModelOutput dataclass), other.
    bases are fully qualified where they resolve, across files.
    """

    name: str
    qualified: str
    kind: str
    span: Span
    name_span: Span
    bases: tuple[str, ...]
    methods: tuple[FunctionFacts, ...] = ()
    submodules: tuple[SubmoduleFacts, ...] = ()
    attributes: tuple[AttributeFacts, ...] = ()
    decorators: tuple[str, ...] = ()
    docstring: str | None = None
    copied_from: str | None = None
    tied_weights: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class FileFacts:
    """One source file. `module` is its dotted name, `digest` the SHA-256 of its bytes.

    generated_from  the `modular_*.py` it was generated from, or None.
    imports         local name -> qualified name, for every import at module level.
    """

    file: str
    module: str
    digest: str
    classes: tuple[ClassFacts, ...] = ()
    functions: tuple[FunctionFacts, ...] = ()
    generated_from: str | None = None
    imports: dict[str, str] = field(default_factory=dict)
