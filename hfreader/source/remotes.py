"""Talking to a remote repository: what its refs are, and one commit of it. Every wait has an end."""

import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import git
from git.cmd import handle_process_output

from hfreader.errors import HfreaderError, suggestion
from hfreader.progress import Report

# Seconds for a look-up, which is one short answer; and seconds of silence while objects arrive.
PATIENCE = 8.0
STALL = 30.0
# No prompt may hold a build up, and messages are read by their English words.
ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}
SETTINGS = ("protocol.version=2", "http.lowSpeedLimit=1", f"http.lowSpeedTime={STALL:.0f}", "maintenance.auto=false")
OPTIONS = tuple(word for setting in SETTINGS for word in ("-c", setting))
STEPS = {
    git.RemoteProgress.COUNTING: "counting objects",
    git.RemoteProgress.COMPRESSING: "compressing objects",
    git.RemoteProgress.RECEIVING: "receiving objects",
    git.RemoteProgress.RESOLVING: "resolving deltas",
}


class UnreachableError(HfreaderError):
    """A remote did not answer."""


class UnknownRefError(HfreaderError):
    """A remote answered, and does not have what was asked for."""


@dataclass(frozen=True)
class Pin:
    """The commit that a ref means (40 hexadecimal digits); a `moving` ref can mean another one tomorrow."""

    commit: str
    moving: bool


def look_up(url: str, ref: str) -> Pin:
    """The commit of a tag, branch, `HEAD` or full ref name on a remote."""
    wanted = ((f"refs/tags/{ref}", False), (f"refs/heads/{ref}", True), (ref, True))
    refs = list_refs(url, *(name for name, _ in wanted), f"refs/tags/{ref}^{{}}")
    for name, moving in wanted:
        if name in refs:
            return Pin(refs.get(f"{name}^{{}}", refs[name]), moving)
    raise UnknownRefError(f"{public(url)} has no tag, branch or commit {ref!r}{_near(url, ref)}")


def _near(url: str, ref: str) -> str:
    names = [name.split("/", 2)[2] for name in list_refs(url, "refs/tags/*", "refs/heads/*") if "^" not in name]
    return suggestion(ref, names, "give a tag, a branch, or all 40 digits of a commit")


def list_refs(url: str, *patterns: str) -> dict[str, str]:
    """Full ref name -> object, for the refs of a remote that fit a pattern."""
    command = ["git", *OPTIONS, "ls-remote", "--", url, *patterns]
    try:
        listing = git.Git().execute(command, env=ENVIRONMENT, kill_after_timeout=PATIENCE)
    except git.GitCommandNotFound as error:
        raise UnreachableError("there is no git program: install git") from error
    except git.GitCommandError as error:
        raise UnreachableError(f"{public(url)} cannot be reached: {_reason(error.stderr, url)}") from error
    pairs = (line.split("\t") for line in listing.splitlines() if "\t" in line)
    return {name: commit for commit, name in pairs}


def fetch(url: str, commit: str, folder: Path, report: Report) -> git.Repo:
    """Make `folder` a bare repository that holds one commit of the remote, without its history."""
    repository = git.Repo.init(folder, bare=True)
    command = ["git", *OPTIONS, "fetch", "--depth=1", "--no-tags", "--progress", "--", url, commit]
    process = repository.git.execute(
        command, as_process=True, env=ENVIRONMENT, universal_newlines=True, start_new_session=True
    )
    running = process.proc
    assert running is not None
    progress = _Progress(report)
    threading.Thread(target=_end_when_silent, args=(running, progress), daemon=True).start()
    try:
        handle_process_output(process, None, progress.new_message_handler(), decode_streams=False)
        status = running.wait()
    finally:
        _end(running)
    if status == 0:
        return repository
    reason = _reason("\n".join([*progress.error_lines, *progress.other_lines]), url)
    if "not our ref" in reason or "couldn't find remote ref" in reason:
        raise UnknownRefError(f"{public(url)} has no commit {commit}: check the digits")
    raise UnreachableError(f"{public(url)} broke off while sending: {reason}")


class _Progress(git.RemoteProgress):
    """Passes git's progress on, and remembers when it last said anything."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
        self.heard = time.monotonic()

    def update(
        self, op_code: int, cur_count: str | float, max_count: str | float | None = None, message: str = ""
    ) -> None:
        self.heard = time.monotonic()
        step = STEPS.get(op_code & self.OP_MASK)
        if step is not None:
            self.report("source", step, int(float(cur_count)), None if max_count is None else int(float(max_count)))


def _end_when_silent(process: subprocess.Popen[Any], progress: _Progress) -> None:
    while process.poll() is None:
        if time.monotonic() - progress.heard > STALL:
            _end(process)
        time.sleep(0.2)


def _end(process: subprocess.Popen[Any]) -> None:
    """End git and the helpers it started, which form a session of their own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _reason(stderr: str, url: str) -> str:
    """The line of git's answer that says why, without the address."""
    lines = [line.strip(" '\n") for line in stderr.replace("stderr: '", "").splitlines()]
    if any(line.startswith("Timeout:") for line in lines):
        return f"no answer within {PATIENCE:.0f} s"
    told = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:", "remote:"))]
    words = (told or [line for line in lines if line] or ["no answer"])[0]
    words = words.removeprefix("fatal:").removeprefix("error:").strip()
    return re.sub(r"^unable to access '[^']*': ", "", words).replace(url, public(url))


def public(url: str) -> str:
    """The address without a password or token, fit to be shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if not parts.scheme or "@" not in parts.netloc or parts.scheme == "ssh":
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
