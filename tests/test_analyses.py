"""What is remembered is known by the code that made it: all of it, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hfreader.analyses import PACKAGE, code_digest, records_of


def imported(file: Path) -> Iterator[str]:
    """Every module of the records that a file imports, however it is written."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)]
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module, *(f"{node.module}.{name}" for name in names)]
        for name in names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if name.startswith("hfreader.facts.") and (PACKAGE.parent / f"{name.replace('.', '/')}.py").is_file():
                yield name.rpartition(".")[2]


@pytest.mark.parametrize("room", ["trace", "analyzers"])
def test_all_records_that_code_is_written_in_are_found(room: str):
    files = list((PACKAGE / room).rglob("*.py"))
    found = records_of(files)
    assert {name for file in (*files, *found) for name in imported(file)} == {file.stem for file in found}


def test_what_only_pages_and_answers_use_is_not_among_those_of_a_run():
    names = {file.stem for file in records_of((PACKAGE / "trace").rglob("*.py"))}
    assert {"runs", "matches", "traces", "places"} <= names
    assert not {"answers", "totals", "comparison"} & names


def test_code_is_told_apart_by_its_rooms():
    assert len({code_digest("trace"), code_digest("analyzers"), code_digest("analyzers", "trace")}) == 3
