"""What is said of a concept's file that cannot be read."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import hfreader.concepts
from hfreader.concepts import catalogue, concept_folders
from hfreader.errors import HfreaderError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package that adds concepts."""
    name = f"added_{tmp_path.name.replace('-', '_')}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(hfreader.concepts, "entry_points", lambda group: [EntryPoint("added", name, group)])
    catalogue.cache_clear()
    yield tmp_path / name
    catalogue.cache_clear()


def test_a_package_that_adds_concepts_is_read(package: Path):
    text = Path(hfreader.concepts.__file__).with_name("quick_gelu.py").read_text()
    (package / "mine.py").write_text(text.replace('slug="quick-gelu"', 'slug="mine"'))
    assert "mine" in catalogue() and concept_folders()[-1] == package


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("A = 1\n\nCONCEPT = (\n", 3, "SyntaxError: '(' was never closed"),
        ("A = 1\nCONCEPT = B\n", 2, "NameError: name 'B' is not defined"),
        ("from hfreader.concepts.pattern import Nowhere\n", 1, "ImportError: cannot import name 'Nowhere'"),
    ],
)
def test_a_broken_file_is_one_line_that_names_its_own(package: Path, text: str, line: int, words: str):
    (package / "mine.py").write_text(text)
    with pytest.raises(HfreaderError) as told:
        catalogue()
    assert str(told.value).startswith(f"{package / 'mine.py'}, line {line}: {words}")
