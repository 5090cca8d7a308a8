"""What a worker process is asked to run, and what it answers for a whole family."""

from collections.abc import Iterable
from dataclasses import dataclass

from hfreader.facts.matches import Match, Proof
from hfreader.facts.places import Span
from hfreader.facts.problems import Problem
from hfreader.facts.traces import Trace


@dataclass(frozen=True)
class TraceRequest:
    """One run that a user asks for.

    target        a family (`bert`), a local checkpoint folder, or a hub id.
    text, ids     the input; a default sentence when both are None. `pair` is a second text beside the first.
    images, videos, sounds  files that are read beside or instead of a text.
    tokens        how many random ids to read instead of a text.
    fake          compute shapes only: no weights, no numbers.
    generate      how many tokens to generate greedily; 0 for one forward pass.
    statistics    of the tensors on each line.
    values        a safetensors file to be written, with attention maps and these statistics.
    inputs        a safetensors file with the arguments of the forward pass, instead of all these.
    architecture  class of the family; its base model when None.
    overrides     config fields as the user wrote them (`("num_hidden_layers", "2")`).
    lines, modules  what to record.
    symbols       name the dimensions in config terms.
    offline       do not ask the hub.
    device_map    `auto` spreads the model over GPUs, main memory and disk; None keeps it on `device`.
    max_memory    how much of a place (`cpu`, a GPU's number) may be taken then (`("cpu", "200MB")`).
    """

    target: str
    text: str | None = None
    ids: tuple[int, ...] | None = None
    architecture: str | None = None
    overrides: tuple[tuple[str, str], ...] = ()
    device: str = "cpu"
    dtype: str = "float32"
    lines: bool = True
    modules: bool = True
    symbols: bool = True
    seed: int = 0
    offline: bool = False
    pair: str | None = None
    images: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    inputs: str | None = None
    generate: int = 0
    tokens: int | None = None
    fake: bool = False
    statistics: bool = False
    values: str | None = None
    device_map: str | None = None
    max_memory: tuple[tuple[str, str], ...] = ()

    @property
    def written(self) -> bool:
        """Whether something to read is asked for in words or ids."""
        return any(each is not None for each in (self.text, self.pair, self.ids, self.tokens))

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that the run reads beside the model's own."""
        return (*self.images, *self.videos, *self.sounds, *([] if self.inputs is None else [self.inputs]))


@dataclass(frozen=True)
class FamilyRequest:
    """Run every model class of a family, and prove `matches`."""

    family: str
    matches: tuple[Match, ...]
    seed: int = 0


@dataclass(frozen=True)
class FamilyRun:
    """What ran for a family. `traces[0]` is the base model on the default sentence at its default sizes; the others
    are the family's other classes and settings (cache, decoder, cross-attention), with few layers, so that as many
    lines as possible run.

    died  the process ended before it could answer, which is no lasting fact about the family.
    """

    family: str
    traces: tuple[Trace, ...]
    proofs: tuple[Proof, ...]
    problems: tuple[Problem, ...] = ()
    died: bool = False

    def summary(self, stored: str = "", content: str = "") -> "RunSummary":
        """What it showed, without its traces; `stored` and `content` as there."""
        problems = (*self.problems, *(problem for trace in self.traces for problem in trace.problems))
        return RunSummary(
            self.family,
            tuple(dict.fromkeys(trace.class_name for trace in self.traces)),
            self.proofs,
            tuple(dict.fromkeys(problems)),
            len(self.traces),
            _united(self.traces),
            stored,
            content,
            self.died,
        )


@dataclass(frozen=True)
class Reached:
    """How many statements in functions a file has and how many of these ran in any run of a family; `ran` are the
    spans of these, of files that families share only."""

    file: str
    statements: int
    executed: int
    ran: tuple[Span, ...] = ()


@dataclass(frozen=True)
class RunSummary:
    """What a family's run showed: the model classes that ran, the verdict on each match, what went wrong.

    runs     how many there were.
    stored   under which key the whole `FamilyRun` is kept; `content` identifies what it says; `died` is as there.
    """

    family: str
    architectures: tuple[str, ...]
    proofs: tuple[Proof, ...]
    problems: tuple[Problem, ...] = ()
    runs: int = 0
    reached: tuple[Reached, ...] = ()
    stored: str = ""
    content: str = ""
    died: bool = False


def _united(traces: Iterable[Trace]) -> tuple[Reached, ...]:
    ran: dict[str, dict[Span, None]] = {}
    every: dict[str, dict[Span, None]] = {}
    for one in (execution for trace in traces for execution in trace.executions):
        ran.setdefault(one.file, {}).update(dict.fromkeys(one.ran))
        every.setdefault(one.file, {}).update(dict.fromkeys((*one.ran, *one.idle)))
    return tuple(
        Reached(file, len(spans), len(ran[file]), () if file.startswith("models/") else tuple(sorted(ran[file])))
        for file, spans in every.items()
    )
