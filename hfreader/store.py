"""Where hfreader keeps what it has computed or fetched, and how it finds it again by content."""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import platformdirs

from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json, write_atomically

Record = TypeVar("Record")


def cache_folder() -> Path:
    """The user's cache folder for hfreader; the environment variable HFREADER_CACHE overrides it."""
    return Path(os.environ.get("HFREADER_CACHE") or platformdirs.user_cache_dir("hfreader", appauthor=False))


def digest(*parts: bytes | str) -> str:
    """SHA-256 over the parts, their boundaries included."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def digest_files(files: Iterable[Path]) -> str:
    """SHA-256 over names and contents of files, in sorted order."""
    return digest(*(part for file in sorted(files) for part in (file.name, file.read_bytes())))


def recall(kind: str, key: str, record: type[Record]) -> Record | None:
    """The record stored under `key`, None if there is none.

    A file that cannot be read as a `record` (a damaged disk, an older format) counts as none.
    """
    path = _path(kind, key)
    if not path.is_file():
        return None
    try:
        return from_json(path.read_bytes(), record)
    except HfreaderError:
        path.unlink(missing_ok=True)
        return None


def holds(kind: str, key: str) -> bool:
    """Whether something is stored under `key`."""
    return _path(kind, key).is_file()


def remember(kind: str, key: str, record: object) -> None:
    """Store a record under `key`."""
    write_atomically(_path(kind, key), to_json(record))


def remembered(kind: str, key: str, record: type[Record], compute: Callable[[], Record]) -> Record:
    """The record stored under `key`, or the one that `compute` returns, stored for the next time."""
    found = recall(kind, key, record)
    if found is None:
        found = compute()
        remember(kind, key, found)
    return found


def _path(kind: str, key: str) -> Path:
    return cache_folder() / kind / f"{key}.json"
