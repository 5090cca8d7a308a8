"""What each file of a transformers source builds upon, by content: what is remembered of it stays while that does."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hfreader.facts.snapshot import Snapshot
from hfreader.store import digest, recall, remember

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<dots>\.*)(?P<module>[\w.]*)[ \t]+import[ \t]+(?P<names>[\w, ]*)"
    r"|import[ \t]+(?P<whole>transformers[\w.]*))",
    re.MULTILINE,
)
# Nearly every family asks the registry of all models for others by their names; it leads nowhere from there.
_REGISTRY = "models/auto/"


def snapshot_digest(snapshot: Snapshot) -> str:
    """Identifies the source: its commit, or for the installed package names, sizes and times of its files."""
    return _identity(snapshot, _listed(Path(snapshot.package)) if snapshot.commit is None else ())


Listed = tuple[Path, int, int]
"""A file with its size and the time when it was changed."""


def _listed(package: Path) -> list[Listed]:
    return [
        (file, state.st_size, state.st_mtime_ns) for file in sorted(package.rglob("*.py")) for state in [file.stat()]
    ]


def _identity(snapshot: Snapshot, files: Iterable[Listed]) -> str:
    if snapshot.commit is not None:
        return digest(snapshot.package, snapshot.commit)
    return digest(snapshot.version, *(f"{file}:{size}:{modified}" for file, size, modified in files))


@dataclass(frozen=True)
class FileState:
    """A file as it was read: `content` identifies what is in it, `imports` are the files and folders under `models/`
    that it names (without suffix)."""

    size: int
    modified: int
    content: str
    imports: tuple[str, ...]


@dataclass(frozen=True)
class _States:
    files: dict[str, FileState]


class Sources:
    """The files of a snapshot by content. `whole` identifies all of them together."""

    def __init__(self, snapshot: Snapshot) -> None:
        files = _listed(Path(snapshot.package))
        self.whole = _identity(snapshot, files)
        self._states = _read(Path(snapshot.package), files)
        outside = [file for file in self._states if not file.startswith("models/")]
        self._common = self.contents(outside)
        self._reached: dict[str, str] = {}

    def contents(self, files: Iterable[str]) -> str:
        """Identifies names and contents of some files; of one that does not exist, that it does not."""
        known = ((file, self._states.get(file)) for file in sorted(set(files)))
        return digest(*(part for file, state in known for part in (file, state.content if state else "")))

    def of(self, file: str) -> str:
        """Identifies a file with all that it builds upon: what it imports from other families, directly or not, and
        everything that lies outside `models/`."""
        if file not in self._reached:
            self._reached[file] = digest(self._common, file, self.contents(self._reach([file])))
        return self._reached[file]

    def family(self, name: str) -> str:
        """Identifies all files of a family that a model may import, with all that these build upon. What a file was
        generated from is not imported."""
        own = [file for file in self._folder(name) if not file.rpartition("/")[2].startswith("modular_")]
        return digest(self._common, name, self.contents(self._reach(own)))

    def written(self, name: str) -> str:
        """Identifies all files of a family, what they were generated from among them, with all that these build
        upon."""
        return digest(self._common, name, self.contents(self._reach(self._folder(name))))

    def _folder(self, name: str) -> list[str]:
        return [file for file in self._states if file.startswith(f"models/{name}/")]

    def registry(self) -> str:
        """Identifies the tables of all models."""
        return self.contents(file for file in self._states if file.startswith(_REGISTRY))

    def _reach(self, start: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        left = list(start)
        while left:
            file = left.pop()
            if file in reached:
                continue
            reached.add(file)
            if file in self._states and (not file.startswith(_REGISTRY) or not reached - {file}):
                left += [found for name in self._states[file].imports for found in self._files(name)]
        return reached

    @cache  # noqa: B019  there is one for each run of hfreader
    def _files(self, name: str) -> tuple[str, ...]:
        """The file of a module, or the files that tell of the models of a package."""
        if f"{name}.py" in self._states:
            return (f"{name}.py",)
        telling = ("__init__.py", "modeling_", "configuration_")
        inside = (file for file in self._states if file.startswith(f"{name}/"))
        return tuple(file for file in inside if file.rpartition("/")[2].startswith(telling))


def _read(package: Path, files: Iterable[Listed]) -> dict[str, FileState]:
    """The state of every file; those are read that have changed since the last time."""
    key = digest(str(package))
    before = recall("sources", key, _States)
    known = before.files if before else {}
    found = {}
    for path, size, modified in files:
        name = path.relative_to(package).as_posix()
        old = known.get(name)
        if old is None or (old.size, old.modified) != (size, modified):
            text = path.read_bytes()
            imports = tuple(sorted(set(_imports(name, text.decode("utf-8", "replace")))))
            old = FileState(size, modified, digest(text), imports)
        found[name] = old
    if found != known:
        remember("sources", key, _States(found))
    return found


def _imports(file: str, text: str) -> Iterator[str]:
    """The files and folders under `models/` that a file imports from, without suffix."""
    folder = file.split("/")[:-1]
    for found in _IMPORT.finditer(text):
        written = (found["whole"] or found["module"] or "").split(".")
        parts = [part for part in written if part]
        if dots := len(found["dots"] or ""):
            parts = [*folder[: len(folder) - dots + 1], *parts]
        elif parts[:1] == ["transformers"]:
            parts = parts[1:]
        else:
            continue
        if parts == ["models"]:  # from .. import clip
            yield from (f"models/{name.split()[0]}" for name in (found["names"] or "").split(",") if name.strip())
        elif parts[:1] == ["models"]:
            yield "/".join(parts)
