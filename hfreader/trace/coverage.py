"""Which settings of a family bring which statements to life: found by running them small and counting."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from pathlib import Path

from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot
from hfreader.progress import Report
from hfreader.trace.configs import all_parts, as_json, default_config, one_line
from hfreader.trace.models import base_class, model_classes
from hfreader.trace.narrowing import Narrowing
from hfreader.trace.reach import compared_constants, reachable
from hfreader.trace.recorder import Recorder, Recording
from hfreader.trace.recording import files_with
from hfreader.trace.settings import LastModel, Setting
from hfreader.trace.starting import first_that_runs
from hfreader.trace.variants import answers, cached, choices, configurations, ways

MOST_TRIES = 48
"""How many settings of one class are tried by themselves, and how many with labels on top."""


@dataclass(frozen=True)
class Found:
    """The settings that run, each adding statements to those before it or being the first of its class."""

    settings: tuple[Setting, ...]
    problems: tuple[Problem, ...]


def find_settings(family: str, snapshot: Snapshot, report: Report) -> Found:
    """Look through the classes of a family, the base model first."""
    config = default_config(family)
    base = base_class(config)
    classes = sorted(model_classes(family), key=lambda each: each is not base)
    package = Path(snapshot.package)
    recorder = Recorder(files_with(classes, package), package, lines=False, modules=False)
    with recorder.recording(nn.Module()) as recording:
        search = _Search(recording, package)
        for number, model_class in enumerate(classes):
            report("trace", f"running {model_class.__name__}", number, len(classes))
            search.begin(model_class, config)
        for number, (plain, aims) in enumerate(search.begun):
            report("trace", f"settings of {plain.model_class.__name__}", number, len(search.begun))
            search.look(plain, aims)
            if plain.model_class is base:
                search.show(plain)
    order = {each: number for number, each in enumerate(classes)}
    settings = sorted(search.needed(), key=lambda each: order[each.model_class])
    return Found(tuple(settings), tuple(search.problems))


class _Search:
    """What has been found so far. Which statements ran is seen from the one recording in which all settings run.

    Sets of statements are integers with a byte of their own for each statement, as `Recording.marks` has them.
    """

    def __init__(self, recording: Recording, package: Path) -> None:
        self.recording = recording
        self.package = package
        self.problems: list[Problem] = []
        self.begun: list[tuple[Setting, int]] = []
        self._kept: dict[Setting, int] = {}
        self._shown: list[Setting] = []
        self._ran = 0
        self._seen: set[type] = set()
        self._models = LastModel()
        self._narrowing = Narrowing(self._marked)

    def begin(self, model_class: type[PreTrainedModel], config: PreTrainedConfig) -> None:
        """Find the simplest setting in which a class runs; it is kept whether or not it adds statements."""
        try:
            plain = self._narrowing.lighter(first_that_runs(model_class, config, self._marked))
            self._run(plain, keep=True)
            self.begun.append((plain, self._aims(plain)))
        except Exception as error:  # a class that cannot be run costs only itself
            self.problems.append(Problem("trace", model_class.__name__, one_line(error)))

    def look(self, plain: Setting, aims: int) -> None:
        """Keep what adds statements, until all that the class aims at have run."""
        self._keep(ways(plain), aims)
        if not aims & ~self._ran:
            return
        files = [self.package / file for file in self.recording.recorder.files]
        changed = list(configurations(plain, compared_constants(files, as_json(plain.config))))
        self._keep(changed, aims)
        kept = [each for each in self._kept if each.model_class is plain.model_class and each is not plain]
        self._keep((each for other in (*choices(plain), *kept, *changed) for each in answers(other)), aims)

    def show(self, plain: Setting) -> None:
        """Keep this setting, and its like with a cache, whatever else runs the same statements."""
        self._shown.append(plain)
        for setting in cached(plain):
            with suppress(HfreaderError):
                self._run(setting, keep=True)
                self._shown.append(setting)

    def needed(self) -> list[Setting]:
        """The settings that were kept, without those whose statements others run as well; one at least per class."""
        left = dict(self._kept)
        for setting, ran in self._kept.items():
            others = [each for each in left if each is not setting]
            rest = reduce(or_, (left[each] for each in others), 0)
            alone = all(each.model_class is not setting.model_class for each in others)
            if not (ran & ~rest or alone or setting in self._shown):
                del left[setting]
        return list(left)

    def _keep(self, settings: Iterable[Setting], aims: int) -> None:
        for setting in islice(settings, MOST_TRIES):
            if not aims & ~self._ran:
                return
            with suppress(HfreaderError), warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # torch broadcasts labels of a wrong shape, and warns
                self._run(setting)

    def _run(self, setting: Setting, keep: bool = False) -> None:
        """Run it, and keep it if statements ran for the first time, or in any case."""
        ran = self._marked(setting)
        if keep or ran & ~self._ran:
            self._kept[setting] = ran
        self._ran |= ran

    def _marked(self, setting: Setting) -> int:
        """Run it; the statements that ran."""
        marks = self.recording.marks
        model = self._models.of(setting)
        marks[:] = bytes(len(marks))
        with _as_it_was(model.config):
            setting.run(model)
        return int.from_bytes(marks, "little")

    def _aims(self, plain: Setting) -> int:
        """The statements of the classes that come into play for the first time."""
        classes = {each for part in self._models.of(plain).modules() for each in type(part).__mro__} - self._seen
        self._seen |= classes
        names = {each.__name__ for each in classes if each.__module__.startswith("transformers.")}
        wanted = bytearray()
        recorder = self.recording.recorder
        for file, rewritten in zip(recorder.files, recorder.rewritten, strict=True):
            lines = reachable(self.package / file, frozenset(names))
            wanted += bytes(span.line in lines for span in rewritten.statements)
        return int.from_bytes(wanted, "little")


@contextmanager
def _as_it_was(config: PreTrainedConfig) -> Iterator[None]:
    """Undo what a run writes into a configuration: with labels it notes there what kind of problem they are of."""
    before = [(part, dict(vars(part))) for _, part in all_parts(config)]
    try:
        yield
    finally:
        for part, fields in before:
            vars(part).clear()
            vars(part).update(fields)
