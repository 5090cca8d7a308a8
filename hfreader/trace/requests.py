"""What can be seen wrong in a request without running anything. Imports neither torch nor transformers, so that a
mistake is answered at once and not after they are loaded."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from hfreader.errors import HfreaderError, suggestion
from hfreader.facts.runs import TraceRequest
from hfreader.facts.snapshot import Snapshot

DEFAULT_TEXT = "The cat sat on the mat"
DTYPES = ("float32", "float16", "bfloat16", "float64")
CONFIG = "config.json"
_DEVICE = re.compile(r"(cpu|cuda|mps)(:\d+)?")
# The files in which transformers lists its model types beside the folders of its families.
_TABLES = ("models/auto/configuration_auto.py", "models/auto/auto_mappings.py")


def check_request(request: TraceRequest, snapshot: Snapshot) -> None:
    """HfreaderError for what no run is needed to refuse."""
    check_device(request.device)
    check_dtype(request.dtype)
    check_text(request)
    check_files(request)
    check_map(request)
    families, types = known_names(Path(snapshot.package))
    if families:  # else a package of another layout, and only its own code knows
        kind_of(request.target, families, types)


def check_device(name: str) -> None:
    """HfreaderError for what is no device's name; whether this machine has it only torch knows."""
    if _DEVICE.fullmatch(name) is None:
        raise HfreaderError(f"unknown device '{name}': choose cpu, cuda, cuda:N or mps")


def check_map(request: TraceRequest) -> None:
    """HfreaderError for a map that hfreader cannot make, and for limits without one."""
    if request.device_map not in (None, "auto"):
        raise HfreaderError(f"unknown device map '{request.device_map}': choose auto")
    if request.device_map is not None and request.device != "cpu":
        raise HfreaderError("--device-map auto chooses the devices: leave --device out, and limit them by --max-memory")
    if request.max_memory and request.device_map is None:
        raise HfreaderError("--max-memory limits what --device-map auto takes: give that too")


def check_dtype(name: str) -> None:
    """HfreaderError with the choices."""
    if name not in DTYPES:
        raise HfreaderError(f"unknown dtype '{name}': choose one of {', '.join(DTYPES)}")


def text_of(request: TraceRequest) -> str:
    """The text that is read where no ids are given."""
    return DEFAULT_TEXT if request.text is None else request.text


def check_text(request: TraceRequest) -> None:
    """HfreaderError where there is nothing to read, or several things at once."""
    if request.tokens is not None:
        if request.text is not None or request.ids is not None or request.pair is not None:
            raise HfreaderError("--tokens asks for random ids: leave the text and --ids out")
        if request.tokens < 1:
            raise HfreaderError("--tokens asks for no ids: give at least 1")
        return
    if request.text is not None and request.ids is not None:
        raise HfreaderError("a text and --ids were given: give one or the other")
    if not (text_of(request).strip() if request.ids is None else request.ids):
        raise HfreaderError("the text is empty: give at least one token")


def check_files(request: TraceRequest) -> None:
    """HfreaderError for files that are not there, and for inputs of which one would replace the other."""
    for name in request.files:
        if not Path(name).expanduser().exists():
            raise HfreaderError(f"there is no file {name}")
    if request.inputs is not None and (len(request.files) > 1 or request.written):
        raise HfreaderError("--inputs holds all that the forward pass is given: leave text, ids and other files out")
    if request.pair is not None and request.ids is not None:
        raise HfreaderError("--pair goes with a text, not with --ids")


def plain(name: str) -> str:
    """A family's name in the one spelling by which names are compared."""
    return name.lower().replace("-", "_")


def kind_of(target: str, families: Iterable[str], types: Iterable[str]) -> Literal["folder", "family", "hub"]:
    """Whether a target means a checkpoint folder, a family (or one of its model types), or a hub id.

    Raises HfreaderError for what is none of them, with near families.
    """
    folder = Path(target).expanduser()
    if (folder / CONFIG).is_file():
        return "folder"
    families = tuple(families)
    if plain(target) in {plain(name) for name in (*families, *types)}:
        return "family"
    if folder.is_dir():
        raise HfreaderError(f"{folder} is no checkpoint: it has no {CONFIG}")
    if target.count("/") == 1 and not target.startswith((".", "~")):
        return "hub"
    if "/" in target:
        raise HfreaderError(f"there is no folder '{target}'")
    raise HfreaderError(
        f"'{target}' is no family of transformers{suggestion(target, families)}; "
        "a checkpoint is given as its folder or as a hub id (owner/name)"
    )


def known_names(package: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The families (folders) of a transformers package, and every name that may be a model type: whatever text stands
    in its tables of configurations."""
    families = {file.parent.name for file in package.glob("models/*/configuration_*.py")}
    trees = [ast.parse(file.read_text(encoding="utf-8")) for table in _TABLES if (file := package / table).is_file()]
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(families), frozenset(text for text in texts if isinstance(text, str))
