"""The toy family, rendered once."""

from pathlib import Path

import pytest

from hfreader.pages.class_block import ClassBlock
from hfreader.pages.file_context import FileContext
from hfreader.pages.sections import Section, sections
from tests.pages import toy
from tests.pages.shelf import Families


@pytest.fixture(scope="session")
def toy_book(tmp_path_factory: pytest.TempPathFactory) -> Families:
    return toy.book(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def toy_context(toy_book: Families) -> FileContext:
    family = toy_book.families[0]
    return FileContext(toy_book.site, family, family.analyses[0], toy.CONCEPTS)


@pytest.fixture(scope="session")
def toy_sections(toy_context: FileContext) -> dict[str, Section]:
    found = sections(toy_context.analysis.code, toy_context.source(toy.FILE).lines)
    return {section.name: section for section in found}


@pytest.fixture(scope="session")
def attention_html(toy_context: FileContext, toy_sections: dict[str, Section]) -> str:
    return ClassBlock(toy_context, toy_sections["ToyAttention"]).html()


@pytest.fixture
def fragments(tmp_path: Path) -> Path:
    return tmp_path / "fragments"
