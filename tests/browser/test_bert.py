"""The site of a real family: BERT, analysed, run and proven, then read in Chromium."""

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hfreader.build import BuildOptions, build_site
from hfreader.progress import silent
from tests.browser.conftest import Open
from tests.conftest import installed_package
from tests.pages.html import code_of, parse

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EQUATION_ONE = "attn_weights = torch.matmul(query, key.transpose(2, 3)) * scaling"
FILE = "models/bert/modeling_bert.py"


@pytest.fixture(scope="session")
def bert_site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The site of BERT from the installed package; what was run before is kept in pytest's cache."""
    cache = getattr(request.config, "cache", None)
    kept = cache.mkdir("hfreader") if cache else tmp_path_factory.mktemp("cache")
    site = tmp_path_factory.mktemp("bert") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HFREADER_CACHE", str(kept))
        build_site(BuildOptions(("bert",), None, None, site, offline=True), silent)
    return site


def tokens(page: Page, block: str) -> set[str]:
    """The code tokens of a block that are lit, each with where it stands."""
    found = page.evaluate(
        """(block) => [...document.querySelectorAll(`#${block} pre b`)]
          .filter((token) => getComputedStyle(token).getPropertyValue("--lit").trim() !== "")
          .map((token) => (token.closest(".hf-opened") ? "opened " : "own ") + token.textContent)""",
        block,
    )
    return set(found)


def test_three_clicks_from_home_to_the_lines_of_equation_one(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "index.html")
    row = page.get_by_role("row").filter(has_text="Scaled dot-product attention")
    row.get_by_role("link", name="BertSelfAttention").click()
    opened = page.locator("#BertSelfAttention .hf-opened pre", has_text=EQUATION_ONE)
    opened.scroll_into_view_if_needed()
    expect(opened).to_be_visible()
    assert "models/bert.html#BertSelfAttention" in page.url


def test_hover_on_k_lights_the_keys_in_the_class_and_in_the_function_it_reaches(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "models/bert.html", anchor="#BertSelfAttention")
    card = page.locator("#BertSelfAttention .hf-card", has_text="Scaled dot-product attention")
    for printed, name, other in (("K", "key", "query"), ("Q", "query", "value"), ("V", "value", "key")):
        card.locator(".hf-glossary li").filter(has=page.locator(f"mi:text-is('{printed}')")).first.hover()
        lit = tokens(page, "BertSelfAttention")
        names = {token.split(" ", 1)[1] for token in lit}
        assert {f"{name}_layer", name} <= names
        assert not any(other in text for text in names)
        assert {f"opened {name}", f"own {name}_layer"} <= lit


def test_shapes_are_in_the_terms_of_the_config(bert_site: Path):
    block = bert_block(bert_site, "BertSelfAttention")
    shapes = [hint.attributes["data-s"] for hint in block.all("i", "h")]
    assert "(B, heads, T, head_dim)" in shapes


def test_attention_is_proven(bert_site: Path):
    badges = bert_block(bert_site, "BertSelfAttention").all("p", "hf-proof")
    assert badges and all("proven (max rel. error" in badge.text for badge in badges)


def test_the_page_shows_the_file_byte_for_byte(bert_site: Path):
    shown = code_of(parse(fragment(bert_site)))
    lines = (installed_package() / FILE).read_text(encoding="utf-8").split("\n")
    own = {int(anchor[1:]): text for anchor, text in shown.items() if anchor.startswith("L")}
    assert own == {number: lines[number - 1] + "\n" for number in own}
    assert {number for number, line in enumerate(lines, 1) if line.strip()} <= set(own)


def fragment(site: Path) -> str:
    """The page's own part of the HTML."""
    page = (site / "models/bert.html").read_text(encoding="utf-8")
    return page[page.index('<div class="hf-page">') : page.rindex("</section>")] + "</section></div>"


def bert_block(site: Path, name: str):
    return next(block for block in parse(fragment(site)).all("section") if block.attributes.get("id") == name)


def test_the_page_stays_light(bert_site: Path, open_page: Open):
    raw = (bert_site / "models/bert.html").read_bytes()
    assert len(raw) < 600_000 and len(gzip.compress(raw)) < 80_000
    page = open_page(bert_site / "models/bert.html")
    lines = page.locator(".hf-code pre a[id]").count()
    assert page.locator(".hf-code *").count() <= 4 * lines


@pytest.mark.parametrize("name", ["index.html", "models/bert.html", "concepts/scaled-dot-product-attention.html"])
def test_a_phone_needs_no_sideways_scroll_and_nothing_is_asked_of_the_network(
    bert_site: Path, open_page: Open, name: str
):
    page = open_page(bert_site / name, width=360)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert all(url.startswith(("file:", "data:", "blob:", "about:")) for url in page.requests)


def test_search_finds_a_class_by_its_words(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "index.html")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type("self output", delay=30)
    page.locator(".md-search-result__link", has_text="BertSelfOutput").first.wait_for(timeout=20_000)
