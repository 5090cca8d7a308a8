"""Which commit of a repository on this disk is meant."""

import re
from pathlib import Path

import git

from hfreader.errors import HfreaderError, suggestion

ADDRESS = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*://|[^/\\]+@[^/\\]+:)")


def is_address(repository: str) -> bool:
    """Whether a repository is named by URL (`https://...`, `git@host:path`) and not by a path."""
    return ADDRESS.match(repository) is not None


def local_commit(path: Path, ref: str | None) -> str:
    """The commit (40 digits) of `ref` in the repository at `path`; without a ref, of what is checked out.

    Raises HfreaderError where there is no repository or no such ref, and, without a ref, where the package has changes
    that no commit holds: what is shown must be what a commit says.
    """
    try:
        repository = git.Repo(path)
    except git.NoSuchPathError as error:
        raise HfreaderError(f"{path}: no such folder: give the path or the URL of a transformers repository") from error
    except git.InvalidGitRepositoryError as error:
        raise HfreaderError(f"{path} is not a git repository: give a clone of transformers") from error
    with repository:
        if ref is None and not repository.bare:
            _refuse_changes(repository, path)
        try:
            return str(
                repository.git.rev_parse("--verify", "--quiet", "--end-of-options", f"{ref or 'HEAD'}^{{commit}}")
            )
        except git.GitCommandError as error:
            raise HfreaderError(_unknown(repository, path, ref)) from error


def _refuse_changes(repository: git.Repo, path: Path) -> None:
    try:
        # A monitor named in the repository's own configuration would be a program of its author's.
        command = ["git", "-c", "core.fsmonitor=false", "status", "--porcelain", "--", "src/transformers"]
        changes = str(repository.git.execute(command)).splitlines()
    except git.GitCommandError as error:
        lines = [line.strip(" '") for line in error.stderr.splitlines() if line.strip()]
        raise HfreaderError(f"{path}: git cannot read this repository: {' '.join(lines)}") from error
    if changes:
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        raise HfreaderError(
            f"{path} has uncommitted changes ({changes[0][3:].strip()}{more}): "
            "commit them, or pass --ref HEAD to read the last commit"
        )


def _unknown(repository: git.Repo, path: Path, ref: str | None) -> str:
    if ref is None:
        return f"{path} has no commit yet: commit the source first"
    hint = suggestion(ref, [one.name for one in repository.references], "`git log` in it shows its commits")
    return f"{path} has no tag, branch or commit {ref!r}{hint}"
