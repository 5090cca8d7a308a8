"""Which settings of a family bring which statements to life: found by running them small and counting."""

import inspect
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot
from hfreader.progress import Report
from hfreader.trace.configs import as_json, default_config
from hfreader.trace.models import base_class, model_classes
from hfreader.trace.reach import compared_constants, reachable
from hfreader.trace.recorder import Recorder, Recording
from hfreader.trace.settings import Setting
from hfreader.trace.small import small
from hfreader.trace.variants import answers, choices, configurations, plain_settings, ways

MOST_TRIES = 80
"""How many settings of one class are tried by themselves, and how many with labels on top."""

Aims = Mapping[Path, frozenset[int]]
"""Lines that may come to life, by file."""


@dataclass(frozen=True)
class Found:
    """The settings that run, each adding statements to those before it or being the first of its class."""

    settings: tuple[Setting, ...]
    problems: tuple[Problem, ...]


def find_settings(family: str, snapshot: Snapshot, report: Report) -> Found:
    """Look through the classes of a family that read text, the base model first."""
    config = default_config(family)
    base = base_class(config)
    classes = sorted(model_classes(family), key=lambda each: each is not base)
    package = Path(snapshot.package)
    files = dict.fromkeys(Path(inspect.getfile(each)).relative_to(package).as_posix() for each in classes)
    recorder = Recorder(tuple(files), package, lines=False, modules=False)
    with recorder.recording(nn.Module()) as recording:
        search = _Search(recording, package)
        for number, model_class in enumerate(classes):
            report("trace", f"running {model_class.__name__}", number, len(classes))
            search.begin(model_class, config)
        for number, (plain, aims) in enumerate(search.begun):
            report("trace", f"settings of {plain.model_class.__name__}", number, len(search.begun))
            search.look(plain, aims)
    order = {each: number for number, each in enumerate(classes)}
    settings = sorted(search.settings, key=lambda each: order[each.model_class])
    return Found(tuple(settings), tuple(search.problems))


class _Search:
    """What has been found so far; which statements ran is seen from the one recording in which all settings run."""

    def __init__(self, recording: Recording, package: Path) -> None:
        self.recording = recording
        self.package = package
        self.settings: list[Setting] = []
        self.problems: list[Problem] = []
        self.begun: list[tuple[Setting, Aims]] = []
        self._seen: set[type] = set()

    def begin(self, model_class: type[PreTrainedModel], config: PreTrainedConfig) -> None:
        """Find the simplest setting in which a class runs; it is kept whether or not it adds statements."""
        plain = self._first(model_class, config)
        if plain is not None:
            self.settings.append(plain)
            self.begun.append((plain, self._aims(plain)))

    def look(self, plain: Setting, aims: Aims) -> None:
        """Keep what adds statements that the class aims at, until none are left."""
        changed = list(configurations(plain, compared_constants(aims, as_json(plain.config))))
        self._keep(chain(ways(plain), changed), aims)
        kept = [each for each in self.settings if each.model_class is plain.model_class and each is not plain]
        self._keep((each for other in (*kept, *choices(plain), *changed) for each in answers(other)), aims)

    def _keep(self, settings: Iterable[Setting], aims: Aims) -> None:
        for setting in islice(settings, MOST_TRIES):
            if not self._left(aims):
                return
            with suppress(HfreaderError):
                if self._run(setting):
                    self.settings.append(setting)

    def _first(self, model_class: type[PreTrainedModel], config: PreTrainedConfig) -> Setting | None:
        reasons = []
        try:
            for setting in plain_settings(model_class, small(model_class, config)):
                try:
                    self._run(setting)
                except HfreaderError as error:
                    reasons.append(str(error))
                else:
                    return setting
        except HfreaderError as error:
            reasons.append(str(error))
        self.problems.append(Problem("trace", model_class.__name__, reasons[0]))
        return None

    def _run(self, setting: Setting) -> bool:
        """Run it; whether statements ran for the first time. A run that fails leaves no marks."""
        marks = self.recording.marks
        model = setting.model()
        before = bytes(marks)
        try:
            setting.run(model)
        except HfreaderError:
            marks[:] = before
            raise
        return marks != before

    def _aims(self, plain: Setting) -> Aims:
        """The statements of the classes that come into play for the first time, by file."""
        classes = {each for part in plain.model().modules() for each in type(part).__mro__} - self._seen
        self._seen |= classes
        by_file: dict[Path, set[str]] = {}
        for each in classes:
            file = inspect.getsourcefile(each) if each is not object else None
            if file is not None and Path(file).is_relative_to(self.package):
                by_file.setdefault(Path(file), set()).add(each.__name__)
        return {file: reachable(file, names) for file, names in by_file.items()}

    def _left(self, aims: Aims) -> bool:
        """Whether a statement that these aims name has not run yet."""
        return any(
            span.line in aims.get(self.package / each.file, ())
            for each in self.recording.executions()
            for span in each.idle
        )
