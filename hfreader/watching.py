"""Builds a site again when its prose or a concept changes."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from mkdocs.config import load_config
from watchdog.events import (
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.utils.event_debouncer import EventDebouncer

from hfreader.build import site_config
from hfreader.concepts import concept_folders
from hfreader.facts.codec import from_json
from hfreader.facts.totals import BuildResult

CHANGES: list[type[FileSystemEvent]] = [FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent]
# As long as this, in seconds, files are still being saved.
SAVING = 0.1

Tell = Callable[[str], None]


def watched_folders() -> tuple[Path, ...]:
    """Where prose and concepts lie, those of other packages too."""
    return (Path(load_config(str(site_config())).docs_dir), *concept_folders())


@contextmanager
def rebuilding(site: Path, asked: Sequence[str], tell: Tell, folders: Sequence[Path]) -> Iterator[None]:
    """Until the context ends, build the site in the folder `site` again when a file in one of the `folders` changes,
    with the options that it was `asked` for with. A change during a build is followed by another build."""
    building = EventDebouncer(SAVING, lambda events: build_again(site, asked, tell, events))
    observer = Observer()
    for folder in folders:
        observer.schedule(_Changes(building), str(folder), recursive=True, event_filter=CHANGES)
    building.start()
    observer.start()
    try:
        yield
    finally:
        observer.stop()
        building.stop()


class _Changes(FileSystemEventHandler):
    """Passes on what changes in a folder, but for what editors and Python write beside what is meant."""

    def __init__(self, building: EventDebouncer) -> None:
        self.building = building

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass on a change."""
        path = _path(event)
        if not path.name.startswith(".") and not path.name.endswith("~") and path.parent.name != "__pycache__":
            self.building.handle_event(event)


def _path(event: FileSystemEvent) -> Path:
    return Path(str(event.dest_path or event.src_path))


def build_again(site: Path, asked: Sequence[str], tell: Tell, events: Sequence[FileSystemEvent]) -> None:
    """Build in a process of its own, since what changed may be Python that this one has imported. What fails says so
    itself, and leaves the site as it was."""
    names = sorted({nearby(_path(event)) for event in events})
    tell(f"{', '.join(names)}: building again")
    begun = perf_counter()
    again = [*asked, *([] if "--offline" in asked else ["--offline"]), "--out", str(site), "--json"]
    done = subprocess.run([sys.executable, "-P", "-m", "hfreader", "build", *again], stdout=subprocess.PIPE)
    if done.returncode:
        tell("not built: the site stays as it was")
        return
    result = from_json(done.stdout, BuildResult)
    for problem in result.problems:
        if problem.stage == "pages":
            tell(f"{problem.subject}: {problem.reason}")
    tell(f"built in {perf_counter() - begun:.1f} s: {_proven(result)}")


def _proven(result: BuildResult) -> str:
    found, proven, disproven = (
        sum(getattr(family, name) for family in result.families) for name in ("matches", "proven", "disproven")
    )
    return f"{found} places found, {proven} proven, {disproven} disproven"


def nearby(path: Path) -> str:
    """A path as it is called from the current folder, if it lies there."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
