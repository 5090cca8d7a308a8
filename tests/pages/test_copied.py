from dataclasses import replace

from hfreader.pages.book import Chapter
from hfreader.pages.copied import COPIED, copied_page, copied_rows
from hfreader.pages.fragment import SearchEntry
from hfreader.pages.language import in_language
from hfreader.pages.manifest import Manifest, PageRecord
from hfreader.pages.search import entries
from tests.pages import toy
from tests.pages.shelf import Families

NAME = "eager_attention_forward"


def of_families(toy_book: Families, *bodies: str):
    """The book of as many families, whose function of the same name has these bodies."""
    (chapter,) = toy_book.book.chapters
    (part,) = chapter.files
    (function,) = (one for one in part.functions if one.name == NAME)
    made = []
    for number, body in enumerate(bodies):
        file = toy.FILE.replace("toy", f"toy{number}")
        copy = replace(function, qualified=f"toy{number}.{NAME}", file=file, body=body)
        made.append(Chapter(f"toy{number}", (replace(part, file=file, classes=(), functions=(copy,)),)))
    return replace(toy_book.book, chapters=tuple(made))


def test_a_function_is_told_of_once_with_its_versions(toy_book: Families):
    (row,) = copied_rows(of_families(toy_book, "b", "a", "a"), toy.CONCEPTS)
    assert (row.name, row.files, [len(version) for version in row.versions]) == (NAME, 3, [2, 1])
    assert [link for version in row.versions for _, link in version] == [
        f"models/toy{number}.html#{NAME}" for number in (1, 2, 0)
    ]


def test_what_one_file_has_is_no_copy(toy_book: Families):
    assert copied_page(of_families(toy_book, "a"), toy.CONCEPTS) is None


def test_the_page_leads_to_every_copy(toy_book: Families):
    book = of_families(toy_book, "a", "b", "b")
    page = copied_page(book, toy.CONCEPTS)
    assert page is not None and "3 files, 2 versions" in page.html
    assert all(f'href="models/toy{number}.html#{NAME}"' in page.html for number in range(3))
    with in_language("zh"):
        chinese = copied_page(book, toy.CONCEPTS)
    assert chinese is not None and "3 个文件" in chinese.html


def test_the_search_finds_it_once(toy_book: Families):
    page = copied_page(of_families(toy_book, "a", "b"), toy.CONCEPTS)
    assert page is not None
    own = (SearchEntry(NAME, NAME, ""),)
    records = [PageRecord(f"models/toy{at}", "", "", "", (), own, 0) for at in range(2)]
    records.append(PageRecord(COPIED, "", "", "", (), page.search, 0))
    *pages, found = entries(Manifest(tuple(records), toy_book.snapshot))
    assert [entry["location"] for entry in pages] == ["models/toy0.html", "models/toy1.html", f"{COPIED}.html"]
    assert found["location"] == f"{COPIED}.html#{NAME}"
    assert str(found["text"]).startswith("in 2 files")
