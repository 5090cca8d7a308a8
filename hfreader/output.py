"""The folder a site is written to: checked before any work, replaced only by a whole new site."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json, write_atomically

# Written first into a folder that is ours, so that nobody else's files are ever replaced; and again with each site, for
# what was asked for.
MARKER = ".hfreader"
STAGING = ".building"
REPLACED = ".replaced"

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
    if not (folder / MARKER).exists():
        (folder / MARKER).touch()


def replace_site(folder: Path, write: Callable[[Path], Told], asked: Sequence[str] = ()) -> Told:
    """Let `write` make a site in a staging folder, then put it in the place of what `folder` held; what it returns.
    `asked` is what `asked_for` will give: the options that the site was built with.

    A failure or a kill while writing leaves the old site as it was. Raises HfreaderError where the disk refuses.
    """
    staging, replaced = folder / STAGING, folder / REPLACED
    try:
        _mark(folder)
        for made in (staging, replaced):
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
        told = write(staging)
        for entry in _visible(folder):
            entry.rename(replaced / entry.name)
        for entry in staging.iterdir():
            entry.rename(folder / entry.name)
        staging.rmdir()
        write_atomically(folder / MARKER, to_json(asked))
        shutil.rmtree(replaced)
        return told
    except OSError as error:
        raise HfreaderError(f"cannot write the site to {folder}: {error.strerror or error}") from error


def asked_for(folder: Path) -> tuple[str, ...] | None:
    """The options of `hfreader build` that the site in a folder was built with; None where it does not tell."""
    try:
        return from_json((folder / MARKER).read_bytes(), tuple[str, ...])
    except (OSError, HfreaderError):
        return None


def _visible(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if not entry.name.startswith(".")] if folder.is_dir() else []
