"""The transformers package of the environment, found without importing it."""

import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from hfreader.errors import HfreaderError
from hfreader.facts.snapshot import Snapshot

VERSION = re.compile(r"""^__version__\s*=\s*["']([^"']+)["']""", re.MULTILINE)


def installed_snapshot(note: str | None = None) -> Snapshot:
    """The installed package as a snapshot; HfreaderError where transformers is not installed."""
    spec = find_spec("transformers")
    places = None if spec is None else spec.submodule_search_locations
    if not places:
        raise HfreaderError("transformers is not installed: install it with `pip install transformers`")
    package = str(Path(next(iter(places))).resolve())
    return Snapshot("installed", None, None, None, installed_version(), package, note)


def installed_version() -> str:
    """The version that the environment says transformers has."""
    try:
        return version("transformers")
    except PackageNotFoundError as error:
        raise HfreaderError("transformers is not installed: install it with `pip install transformers`") from error


def version_of(package: Path) -> str:
    """`__version__` of a transformers package, read without executing it; `unknown` where it is not a literal."""
    found = VERSION.search((package / "__init__.py").read_text(encoding="utf-8"))
    return found[1] if found else "unknown"
