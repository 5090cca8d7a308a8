"""What tests of several stages share: git repositories built from the installed transformers, and a browser."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chromium import MISSING, launched

IDENTITY = {
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
SMALL = ("__init__.py", "activations.py", "modeling_layers.py", "models/__init__.py", "models/bert", "models/gpt2")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and give its output."""
    command = ["git", "-C", str(folder), *arguments]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    result = subprocess.run(command, env={**outside, **IDENTITY}, check=True, capture_output=True, text=True)
    return result.stdout.strip()


def installed_package() -> Path:
    spec = find_spec("transformers")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def commit_all(folder: Path, message: str) -> str:
    """Commit everything in a repository; the commit's 40 digits."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def make_repository(folder: Path, names: tuple[str, ...]) -> Path:
    """A repository as huggingface/transformers is laid out, with some entries of the installed package."""
    package = folder / "src" / "transformers"
    package.mkdir(parents=True)
    (folder / ".gitignore").write_text("__pycache__/\n")
    for name in names:
        origin, target = installed_package() / name, package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(origin, target)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_all(folder, "source")
    return folder


@pytest.fixture(scope="session")
def small_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few files of transformers on branch `main`, tagged `v5.0.0` (annotated). Read-only: copy it to change it."""
    folder = make_repository(tmp_path_factory.mktemp("small") / "transformers", SMALL)
    git(folder, "tag", "--annotate", "v5.0.0", "--message", "release")
    return folder


@pytest.fixture(scope="session")
def transformers_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole installed source on branch `main`, tagged with its version (`v5.23.0`). Read-only."""
    names = tuple(sorted(path.name for path in installed_package().iterdir() if path.name != "__pycache__"))
    folder = make_repository(tmp_path_factory.mktemp("whole") / "transformers", names)
    version = next(
        line.split('"')[1]
        for line in (installed_package() / "__init__.py").read_text().splitlines()
        if line.startswith("__version__")
    )
    git(folder, "tag", f"v{version}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        if browser is None:
            pytest.skip(MISSING)
        yield browser
