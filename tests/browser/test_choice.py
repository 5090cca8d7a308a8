"""Two families that the reader chooses."""

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from hfreader.facts.code import ClassFacts, FileFacts
from hfreader.facts.places import Span
from hfreader.pages.book import Family
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from tests.browser.conftest import CONFIG, Open
from tests.pages import toy

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LINEAR = ClassFacts("Linear", "transformers.layers.Linear", "module", Span(1, 0, 2, 8), Span(1, 6, 1, 12), ())
ROWS = """(place) => [...place.querySelectorAll('.hf-choice tr')]
  .map((row) => [...row.cells].map((cell) => cell.textContent))"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy, its twin that ran with another width, and a family that never ran."""
    folder = tmp_path_factory.mktemp("choice")
    book = toy.book(folder / "package")
    (family,) = book.families
    assert family.run is not None
    (folder / "package/models/elm").mkdir(parents=True)
    (folder / "package/models/elm/modeling_elm.py").write_text("class Linear:\n    pass\n")
    twin = FileFacts(
        "models/oak/modeling_oak.py", "transformers.models.oak.modeling_oak", "", toy.analysis().code.classes
    )
    (folder / "package/models/oak").mkdir(parents=True)
    (folder / "package/models/oak/modeling_oak.py").write_text(toy.SOURCE)
    run = replace(
        family.run, family="oak", traces=(replace(toy.trace(), config={"hidden_size": 16, "window": 4}, parameters=99),)
    )
    oak = Family("oak", (replace(toy.analysis(), code=twin, matches=(), diagrams=(), dispatches=()),), run)
    elm = FileFacts("models/elm/modeling_elm.py", "transformers.models.elm.modeling_elm", "", (LINEAR,))
    bare = Family("elm", (replace(toy.analysis(), code=elm, matches=(), diagrams=(), dispatches=()),))
    book = replace(book, families=(family, oak, bare), comparisons=(toy.COMPARISON,))
    write_fragments(book.book, book, folder / "fragments", silent, toy.CONCEPTS, ("en", "zh"))
    run_mkdocs(CONFIG, folder / "fragments", folder / "site")
    return folder / "site"


def test_any_two_are_put_together_as_the_address_says(site: Path, open_page: Open):
    page = open_page(site / "compare/index.html", "#models/toy+models/oak")
    page.locator(".hf-choice table").first.wait_for()
    rows = page.locator(".hf-page").evaluate(ROWS)
    assert ["Weights", "72", "99"] in rows
    assert ["hidden_size", "8", "16"] in rows and ["window", "–", "4"] in rows
    assert ["Toy attention", "only in Toy", "ToyAttention ✓, eager_attention_forward ✗", ""] in rows
    assert (
        page.locator(".hf-choice a", has_text="a page of their own").get_attribute("href") == "../compare/toy-oak.html"
    )
    assert not page.errors and not [url for url in page.requests if url.startswith("http")]


def test_choosing_changes_the_address_and_the_page(site: Path, open_page: Open):
    page = open_page(site / "compare/index.html", "#models/toy+models/oak")
    page.locator(".hf-pick select").last.select_option("elm")
    page.wait_for_url("**/compare/index.html#models/toy+models/elm")
    page.get_by_text("hfreader compare toy elm").wait_for()
    assert ["Weights", "72", "nothing of it was run"] in page.locator(".hf-page").evaluate(ROWS)


def test_the_page_of_a_model_leads_to_the_choice(site: Path, open_page: Open):
    page = open_page(site / "models/oak.html")
    page.get_by_text("Compare with another family").click()
    page.locator(".hf-choice table").first.wait_for()
    assert page.locator(".hf-pick select").first.input_value() == "models/oak"


def test_another_language_reads_the_same_facts(site: Path, open_page: Open):
    page = open_page(site / "zh/compare/index.html", "#models/toy+models/oak", width=360)
    page.locator(".hf-choice table").first.wait_for()
    assert ["权重数", "72", "99"] in page.locator(".hf-page").evaluate(ROWS)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert not (site / "zh/assets/hfreader/families").exists()


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_serious_violation(site: Path, open_page: Open, dark: bool):
    page = open_page(site / "compare/index.html", "#models/toy+models/oak", dark=dark)
    page.locator(".hf-choice table").first.wait_for()
    result = Axe().run(page)
    serious = [found for found in result.response["violations"] if found["impact"] in ("serious", "critical")]
    assert not serious, result.generate_report()


def test_without_javascript_what_is_ready_is_there(site: Path, open_page: Open):
    page = open_page(site / "compare/index.html", script=False)
    assert (
        page.get_by_text("needs JavaScript").is_visible()
        and page.locator(".hf-page").get_by_role("link", name="toy and oak").is_visible()
    )
