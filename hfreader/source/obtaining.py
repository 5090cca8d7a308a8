"""Deciding which source is read: the one asked for, or, where nothing was asked for, the best there is."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hfreader.errors import HfreaderError
from hfreader.facts.snapshot import Snapshot
from hfreader.progress import Report, silent
from hfreader.source.installed import installed_snapshot, version_of
from hfreader.source.local import is_address, local_commit
from hfreader.source.remotes import Pin, UnreachableError, list_refs, look_up, public
from hfreader.source.snapshots import known_commits, materialise, package_of
from hfreader.store import digest, recall, remember

OFFICIAL = "https://github.com/huggingface/transformers"
COMMIT = re.compile(r"[0-9a-f]{40}")
INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
DIGITS = re.compile(r"[0-9a-f]{7,39}")


def obtain(
    repository: str | None = None, ref: str | None = None, *, offline: bool = False, report: Report = silent
) -> Snapshot:
    """The transformers source to read, pinned to a commit.

    repository  URL or path of a git repository; the official one when None.
    ref         tag, branch or commit; when None, of the official repository the tag of the installed transformers, of
                another what it has checked out (HEAD).
    offline     read the cache or the installed package, and ask no remote.

    Where neither is given and the official repository cannot be had, the installed package is read and the snapshot's
    note says why. What the user named is never replaced: HfreaderError says what is wrong with it.
    """
    for given in (repository, ref):
        if given is not None and (not given.strip() or given.startswith("-")):
            raise HfreaderError(f"{given!r} names no repository, tag, branch or commit")
    with _outside_any_repository():
        if repository is None and ref is None:
            return _default(offline, report)
        if repository is not None and not is_address(repository):
            return _from_folder(Path(repository).expanduser(), ref, report)
        return _from_named_remote(repository or OFFICIAL, ref or "HEAD", offline, report)


@contextmanager
def _outside_any_repository() -> Iterator[None]:
    """Without the variables by which a git hook that runs us would lead every git command into its own repository."""
    inherited = {name: os.environ.pop(name) for name in INHERITED if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(inherited)


def _from_named_remote(url: str, ref: str, offline: bool, report: Report) -> Snapshot:
    try:
        return _from_remote(url, ref, offline, report)
    except UnreachableError as error:
        raise UnreachableError(
            f"{error}: check the address and the network, or leave out --repo and --ref to read the installed package"
        ) from error


def _default(offline: bool, report: Report) -> Snapshot:
    installed = installed_snapshot()
    try:
        return _from_remote(OFFICIAL, f"v{installed.version}", offline, report)
    except HfreaderError as error:
        note = f"{error}; read instead: the installed transformers {installed.version}"
        report("source", note)
        return replace(installed, note=note)


def _from_folder(path: Path, ref: str | None, report: Report) -> Snapshot:
    _require_git()
    path = path.resolve()
    commit = local_commit(path, ref)
    package = materialise(path.as_uri(), commit, report)
    return Snapshot("repository", str(path), ref or "HEAD", commit, version_of(package), str(package))


def _from_remote(url: str, ref: str, offline: bool, report: Report) -> Snapshot:
    key = digest(url, ref)
    known = _known(key, ref)
    if known is not None and (offline or not known.moving):
        return _snapshot(url, ref, known.commit)
    if offline:
        raise HfreaderError(f"{ref} of {public(url)} is not in the cache, and no remote was asked")
    _require_git()
    try:
        report("source", f"asking {public(url)} for {ref}")
        pin = _pin(url, ref)
        materialise(url, pin.commit, report)
    except UnreachableError as error:
        if known is None:
            raise
        note = f"{error}; read instead: {ref} as it was when last fetched, {known.commit[:12]}"
        report("source", note)
        return _snapshot(url, ref, known.commit, note)
    remember("refs", key, pin)
    return _snapshot(url, ref, pin.commit)


def _known(key: str, ref: str) -> Pin | None:
    """What a ref meant when it was last fetched, if that snapshot is still in the cache."""
    known = Pin(ref, moving=False) if COMMIT.fullmatch(ref) else recall("refs", key, Pin)
    return known if known is not None and package_of(known.commit) is not None else None


def _pin(url: str, ref: str) -> Pin:
    if COMMIT.fullmatch(ref):
        # One short question first, so that a remote that does not answer is given up soon.
        list_refs(url, "HEAD")
        return Pin(ref, moving=False)
    try:
        return look_up(url, ref)
    except UnreachableError:
        raise
    except HfreaderError:
        if DIGITS.fullmatch(ref) is None:
            raise
        candidates = {commit for commit in list_refs(url).values() if commit.startswith(ref)} | {*known_commits(ref)}
        if len(candidates) != 1:
            raise
        return Pin(candidates.pop(), moving=False)


def _snapshot(url: str, ref: str, commit: str, note: str | None = None) -> Snapshot:
    package = package_of(commit)
    assert package is not None
    version = version_of(package)
    if url.rstrip("/").removesuffix(".git") == OFFICIAL:
        return Snapshot("official", OFFICIAL, ref, commit, version, str(package), note)
    return Snapshot("repository", public(url), ref, commit, version, str(package), note)


def _require_git() -> None:
    if shutil.which("git") is None:
        raise HfreaderError("there is no git program on this machine: install git to read a repository")
