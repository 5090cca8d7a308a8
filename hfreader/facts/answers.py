"""Answers to what a reader asks of the library: a concept, a class or line, where something is implemented, how far
the mapping reaches."""

from dataclasses import dataclass

from hfreader.facts.lineage import Lineage
from hfreader.facts.places import Place
from hfreader.facts.problems import Problem


@dataclass(frozen=True)
class ConceptSummary:
    """One mechanism of the catalogue. `computed`: it has an equation that is executed against the code."""

    slug: str
    name: str
    name_zh: str
    explanation: str
    explanation_zh: str
    sources: tuple[str, ...]
    equations: tuple[str, ...]
    computed: bool


@dataclass(frozen=True)
class SymbolUse:
    """A symbol of an equation and where the code carries it: `tokens` as written, each with its line."""

    symbol: str
    latex: str
    meaning: str
    tokens: tuple[tuple[str, int], ...]
    file: str


@dataclass(frozen=True)
class ConceptUse:
    """A concept found in what is explained. `line` is that of the expression that gives its result, `state` what the
    builds so far have shown: proven, disproven, matched (found, not run)."""

    slug: str
    name: str
    explanation: str
    equations: tuple[str, ...]
    sources: tuple[str, ...]
    owner: str
    line: int
    file: str
    state: str
    error: float | None = None
    guards: tuple[str, ...] = ()
    symbols: tuple[SymbolUse, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """What a class, a function or a line is.

    subject   qualified name of the class or function; for a line, of the one it stands in.
    kind      module, model, output, other or function; `line` is the number asked for, None for a whole definition.
    text      the source of that line.
    link      the permanent address upstream, None where the source has none.
    roles     what a class is in the whole, in words, with its wiring.
    lineage   of a class (None for functions).
    descendants  classes that name this one as their origin, as far as the survey knows.
    surveyed  whether the whole library was surveyed before, so that what is identical elsewhere is known.
    read_on   where to look next: what, and where it is (a file and line, an address).
    """

    subject: str
    kind: str
    place: Place
    line: int | None
    text: str | None
    link: str | None
    docstring: str | None
    concepts: tuple[ConceptUse, ...]
    roles: tuple[str, ...]
    lineage: Lineage | None
    descendants: tuple[str, ...]
    surveyed: bool
    read_on: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Implementing:
    """One class or function that implements a concept; `lines` are those of its results, `state` as in ConceptUse."""

    qualified: str
    file: str
    lines: tuple[int, ...]
    state: str
    guards: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImplementationGroup:
    """Classes whose source is the same but for names. `origin` is the one written by hand."""

    origin: str
    members: tuple[Implementing, ...]


@dataclass(frozen=True)
class Implementations:
    """Every place where a concept is implemented, largest groups first."""

    concept: ConceptSummary
    groups: tuple[ImplementationGroup, ...]
    families: int
    classes: int
    functions: int


@dataclass(frozen=True)
class Unmapped:
    """A module that is mapped to nothing, and why."""

    qualified: str
    file: str
    reason: str


@dataclass(frozen=True)
class Coverage:
    """The honest totals. What nothing has run so far, neither a build nor `hfreader trace --all`, is None, not zero.

    architectures    model types, the kinds of configurations; of these the base class of `architectures_traced` ran in
                     `trace --all`, by itself or within another type; `traced_share` is their share.
    families         folders under `models/` with modeling files; of these `families_traced` have been run.
    model_classes    pretrained models with a forward of their own or inherited, heads included; of these
                     `model_classes_traced` have been run.
    classes          all classes of the modeling files; `module_classes` those that are modules.
    mapped_share     share of the modules that are mapped to a concept (`mapped` of them); `unmapped` are the others.
    equation_share   share of the modules that compute (`computing`) and are mapped to a concept with an equation
                     (`with_equation` of them).
    matches          places where an equation was found; `matches_executed` those whose code ran, checked or not.
    proven_share     share of these that agree (`proven` of them); `disproven` is how many do not.
    problems         how many things could not be read, analysed or run; `problems_found` are these.
    """

    transformers: str
    commit: str | None
    families: int
    families_traced: int | None
    architectures: int | None
    architectures_traced: int | None
    traced_share: float | None
    model_classes: int
    model_classes_traced: int | None
    classes: int
    module_classes: int
    mapped: int
    mapped_share: float
    computing: int
    with_equation: int
    equation_share: float
    matches: int
    matches_executed: int | None
    proven: int | None
    proven_share: float | None
    disproven: int | None
    problems: int
    unmapped: tuple[Unmapped, ...] = ()
    problems_found: tuple[Problem, ...] = ()
