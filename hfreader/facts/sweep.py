"""Every model type of a transformers, run once: what is asked for each, and what came of it."""

from dataclasses import dataclass

from hfreader.facts.traces import Trace


@dataclass(frozen=True)
class Limits:
    """What one piece of work may take: seconds of time, and bytes of memory that are resident."""

    seconds: float = 60.0
    memory: int = 4 << 30


@dataclass(frozen=True)
class Start:
    """A way to call a class that worked, as data, so that a later run begins with it.

    fields   the configuration: what differs from the default of its class.
    others   inputs that are no text, as (parameter, which of the layouts that hfreader knows).
    The rest are the lengths and options of a setting (`hfreader.trace.settings`).
    """

    class_name: str
    name: str
    fields: dict[str, object]
    batch: int
    tokens: int
    encoder: int | None = None
    others: tuple[tuple[str, int], ...] = ()
    textless: bool = False
    bare: bool = False
    choices: int = 0
    extra: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class TypeRequest:
    """Run the base class of one model type, small; `start` is tried first.

    whole  run, instead of a class of its own, which it does not have, those of its family that hold it as a part.
    """

    model_type: str
    seed: int = 0
    start: Start | None = None
    whole: bool = False


@dataclass(frozen=True)
class TypeRun:
    """What came of one model type. `trace` is None where it did not run (then `reason` says why, in one line), and
    where a summary leaves it out.

    parts    model types of nested configurations, modules of which ran within this one.
    within   the type within which this one ran, which has no model class of its own with a forward pass.
    missing  inputs for images, sound, series or layout that the class knows and was not given.
    recipe   whether the type needed one of hfreader's recipes.
    seconds  time of the processor.
    memory   the most that was resident, in bytes.
    """

    model_type: str
    family: str
    class_name: str | None = None
    start: Start | None = None
    trace: Trace | None = None
    reason: str | None = None
    missing: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    within: str | None = None
    recipe: bool = False
    seconds: float = 0.0
    memory: int = 0

    @property
    def complete(self) -> bool:
        """Whether it ran, by itself or within another."""
        return self.reason is None or self.within is not None


@dataclass(frozen=True)
class Sweep:
    """All model types of a transformers, in alphabetical order and without their traces.

    wall     seconds that the run took, those of types that were remembered from earlier runs not counted.
    """

    transformers: str
    commit: str | None
    types: tuple[TypeRun, ...]
    wall: float = 0.0
