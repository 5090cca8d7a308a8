"""The folder a site is written to: checked before any work, replaced only by a whole new site."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hfreader.errors import HfreaderError

# Written first into a folder that is ours, so that nobody else's files are ever replaced.
MARKER = ".hfreader"
STAGING = ".building"

Told = TypeVar("Told")


def check_output(folder: Path) -> None:
    """Make `folder` and mark it as hfreader's.

    HfreaderError if a site cannot be written to it, or if it holds files that hfreader did not write.
    """
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise HfreaderError(f"{existing} is not a folder: choose another with --out")
    if _visible(folder) and not (folder / MARKER).exists():
        raise HfreaderError(f"{folder} holds files that hfreader did not write: choose an empty folder with --out")
    try:
        _mark(folder)
    except OSError as error:
        reason = error.strerror or error
        raise HfreaderError(f"cannot write to {folder}: {reason}; choose another folder with --out") from error


def _mark(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()


def replace_site(folder: Path, write: Callable[[Path], Told]) -> Told:
    """Let `write` make a site in a staging folder, then put it in the place of what `folder` held; what it returns.

    A failure or a kill while writing leaves the old site as it was. Raises HfreaderError where the disk refuses.
    """
    staging = folder / STAGING
    try:
        _mark(folder)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        told = write(staging)
        for entry in _visible(folder):
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        for entry in staging.iterdir():
            entry.rename(folder / entry.name)
        staging.rmdir()
        return told
    except OSError as error:
        raise HfreaderError(f"cannot write the site to {folder}: {error.strerror or error}") from error


def _visible(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if not entry.name.startswith(".")] if folder.is_dir() else []
