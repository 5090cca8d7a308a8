"""What the analyzer tests share: small modules in memory, and the source of the installed transformers."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from hfreader.analyzers.dataflow import dataflow
from hfreader.analyzers.library import Library
from hfreader.facts.dataflow import Dataflow
from hfreader.facts.snapshot import Snapshot

HEADER = "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
SMALL = "models/small/modeling_small.py"


@pytest.fixture(scope="session")
def installed() -> Library:
    """The installed transformers, read without importing it."""
    spec = find_spec("transformers")
    assert spec is not None
    assert spec.origin is not None
    return Library(Snapshot("installed", None, None, None, "", str(Path(spec.origin).parent)))


@pytest.fixture(scope="session")
def graph_of(installed: Library) -> Callable[[str], Dataflow]:
    """The graph of the forward of a class of the installed transformers, by its name below `transformers.models`."""
    known: dict[str, Dataflow] = {}

    def graph(name: str) -> Dataflow:
        if name not in known:
            known[name] = dataflow(installed, f"transformers.models.{name}")
        return known[name]

    return graph


def library_of(source: str) -> Library:
    """A library of one modeling file with the usual imports before `source`."""
    return Library.of_sources({SMALL: HEADER + source})


def small(source: str, owner: str = "M") -> Dataflow:
    """The graph of `M.forward` (or of the function `owner`) of a small modeling file."""
    return dataflow(library_of(source), f"transformers.models.small.modeling_small.{owner}")
