"""The small library that questions are asked about."""

from pathlib import Path

import pytest

from hfreader.facts.snapshot import Snapshot
from tests.two_families import two_families


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """Two families in a folder of their own, with a cache beside it."""
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    return two_families(tmp_path)
