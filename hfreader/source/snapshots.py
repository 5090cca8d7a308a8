"""The folder of snapshots: one per commit, there whole or not at all."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import git
from filelock import FileLock, Timeout

from hfreader.errors import HfreaderError
from hfreader.progress import Report
from hfreader.source.remotes import fetch, public
from hfreader.store import cache_folder

PACKAGE = "src/transformers"


def snapshots_folder() -> Path:
    """Where the snapshots lie, each in a folder named by its commit."""
    return cache_folder() / "snapshots"


def package_of(commit: str) -> Path | None:
    """The package folder of a snapshot, None where the commit is not in the cache."""
    package = snapshots_folder() / commit / PACKAGE
    return package if package.is_dir() else None


def known_commits(start: str) -> list[str]:
    """The commits in the cache whose digits begin with `start`."""
    return sorted(path.name for path in snapshots_folder().glob(f"{start}*") if package_of(path.name))


def materialise(url: str, commit: str, report: Report) -> Path:
    """The package folder of a commit, fetched from the remote unless it is in the cache.

    Fetching and unpacking happen in a folder of their own, which only a rename makes a snapshot: what was interrupted
    is never taken for whole. One process at a time does so.
    """
    if (there := package_of(commit)) is not None:
        return there
    try:
        with _alone(report):
            if (there := package_of(commit)) is None:
                there = _fetch_snapshot(url, commit, report)
            return there
    except OSError as error:
        raise HfreaderError(
            f"the cache {cache_folder()} cannot be written ({error.strerror or error}): "
            "free some space, or set HFREADER_CACHE to a folder you may write"
        ) from error


def _fetch_snapshot(url: str, commit: str, report: Report) -> Path:
    workshop = cache_folder() / "unfinished"
    # Whoever holds the lock is alone: what lies here was left by a process that was killed.
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workshop, ignore_cleanup_errors=True) as folder:
        with fetch(url, commit, Path(folder) / "clone.git", report) as repository:
            report("source", "unpacking")
            unpacked = _unpack(repository, commit, Path(folder), url)
        target = snapshots_folder() / commit
        target.parent.mkdir(parents=True, exist_ok=True)
        unpacked.rename(target)
    return target / PACKAGE


def _unpack(repository: git.Repo, commit: str, folder: Path, url: str) -> Path:
    """The package of a commit as files, in a new folder."""
    try:
        repository.git.cat_file("-e", f"{commit}:{PACKAGE}/__init__.py")
    except git.GitCommandError as error:
        raise HfreaderError(
            f"{public(url)} at {commit[:12]} is not transformers (it has no {PACKAGE}/__init__.py): "
            "give a clone of transformers"
        ) from error
    archive = folder / "package.tar"
    # The bytes of the commit, whatever line endings this machine prefers.
    repository.git.execute(
        ["git", "-c", "core.autocrlf=false", "-c", "core.eol=lf", "archive", f"--output={archive}", commit, PACKAGE]
    )
    unpacked = folder / "unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    return unpacked


@contextmanager
def _alone(report: Report) -> Iterator[None]:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "source.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report("source", "waiting for another hfreader that is fetching the source")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
