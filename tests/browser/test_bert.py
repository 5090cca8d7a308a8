"""The site of a real family: BERT, analysed, run and proven, then read in Chromium."""

import gzip
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from hfreader.build import BuildOptions, gather, site_config
from hfreader.concepts import catalogue
from hfreader.facts.matches import Match
from hfreader.facts.places import Place
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from hfreader.source.obtaining import OFFICIAL
from tests.browser.conftest import Open
from tests.conftest import installed_package
from tests.pages.html import code_of, parse

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EQUATION_ONE = "attn_weights = torch.matmul(query, key.transpose(2, 3)) * scaling"
FILE = "models/bert/modeling_bert.py"
PAGES = ("index.html", "models/bert.html", "concepts/scaled-dot-product-attention.html")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
Characters = set[tuple[int, int]]

# Line and column of every character of a block's code that is shown (true: as lit, false: as not lit); blanks left out.
CHARACTERS = """(block) => [...document.querySelectorAll(`#${block} :is(pre, .hf-fold > summary)`)].flatMap((pre) => {
  const found = [], walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  let line = 0, column = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (node.matches("a[id]")) { line = Number(node.id.match(/\\d+$/)); column = 0; }
      continue;
    }
    const token = node.parentElement.closest("b");
    const lit = token !== null && getComputedStyle(token).getPropertyValue("--lit").trim() !== "";
    for (const character of node.data) { if (character.trim()) found.push([line, column, lit]); column += 1; }
  }
  return found;
})"""


@pytest.fixture(scope="session")
def bert_built(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Path, list[Match]]:
    """The site of BERT from the installed package, shown as that of a commit, so that its lines have addresses; and its
    matches. What was run before is kept in pytest's cache."""
    cache = getattr(request.config, "cache", None)
    kept = cache.mkdir("hfreader") if cache else tmp_path_factory.mktemp("cache")
    folder = tmp_path_factory.mktemp("bert")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HFREADER_CACHE", str(kept))
        book, shelf = gather(BuildOptions(("bert",), None, None, folder / "site", offline=True), silent)
        book = replace(book, snapshot=replace(book.snapshot, repository=OFFICIAL, commit=COMMIT))
        write_fragments(book, shelf, folder / "fragments", silent)
        run_mkdocs(site_config(), folder / "fragments", folder / "site")
        parts = [part for one in book.chapters for part in shelf.family(one.name).analyses]
    return folder / "site", [match for part in parts for match in part.matches]


@pytest.fixture(scope="session")
def bert_site(bert_built: tuple[Path, list[Match]]) -> Path:
    return bert_built[0]


def covered(places: Iterable[Place]) -> Characters:
    """Line and column of every character of some places in BERT's file that is not blank."""
    lines = (installed_package() / FILE).read_text(encoding="utf-8").split("\n")
    found: Characters = set()
    for span in [place.span for place in places if place.file == FILE]:
        for line in range(span.line, span.end_line + 1):
            text = lines[line - 1]
            first = span.column if line == span.line else 0
            last = span.end_column if line == span.end_line else len(text)
            found |= {(line, column) for column in range(first, last) if text[column].strip()}
    return found


def test_three_clicks_from_home_to_the_lines_of_equation_one(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "index.html")
    row = page.get_by_role("row").filter(has_text="Scaled dot-product attention")
    row.get_by_role("link", name="BertSelfAttention").click()
    opened = page.locator("#BertSelfAttention .hf-opened pre", has_text=EQUATION_ONE)
    opened.scroll_into_view_if_needed()
    expect(opened).to_be_visible()
    assert "models/bert.html#BertSelfAttention" in page.url


@pytest.mark.parametrize("slug", ["scaled-dot-product-attention", "multi-head-self-attention"])
def test_hover_on_a_symbol_lights_exactly_the_tokens_that_are_bound_to_it(
    bert_built: tuple[Path, list[Match]], open_page: Open, slug: str
):
    site, matches = bert_built
    match = next(match for match in matches if match.concept == slug and match.owner.endswith(".BertSelfAttention"))
    concept = catalogue()[slug]
    page = open_page(site / "models/bert.html", anchor="#BertSelfAttention")
    glossary = page.locator("#BertSelfAttention .hf-card", has_text=concept.name.en).first.locator(".hf-glossary li")
    meanings = {symbol.name: symbol.meaning.en for symbol in concept.symbols}
    hovered = set()
    for binding in [binding for binding in match.bindings if binding.tokens]:
        symbol = glossary.filter(has_text=meanings[binding.symbol])
        assert symbol.count() == 1
        symbol.locator("math").hover()
        shown = page.evaluate(CHARACTERS, "BertSelfAttention")
        assert {(line, column) for line, column, lit in shown if lit} == covered(binding.tokens), binding.symbol
        hovered.add(binding.symbol)
    assert len(hovered) >= 6


def test_hover_on_k_reaches_from_the_class_into_the_function_it_calls(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "models/bert.html", anchor="#BertSelfAttention")
    page.locator("#BertSelfAttention .hf-equation [tabindex]:text-is('K')").first.hover()
    lit = "e => getComputedStyle(e).getPropertyValue('--lit').trim() !== ''"
    for where, name in (("> .hf-code > div > .hf-row", "key_layer"), (".hf-opened", "key")):
        token = page.locator(f"#BertSelfAttention {where} pre b").get_by_text(name, exact=True).first
        assert token.evaluate(lit), name


def test_the_code_begins_on_the_screen_of_its_heading(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "models/bert.html", width=1400)
    above = page.evaluate("""() => Object.fromEntries([...document.querySelectorAll(".hf:has(> h2)")].map((block) => {
      block.style.contentVisibility = "visible";
      const top = (css) => block.querySelector(css).getBoundingClientRect().top;
      return [block.id, top(".hf-code") - top("h2")];
    }))""")
    assert above["BertSelfAttention"] < 520 and max(above.values()) < 760, above


@pytest.mark.parametrize("name", ["eager_attention_forward", "BertSelfOutput", "BertPooler"])
def test_the_contents_mark_the_section_that_a_link_leads_to(bert_site: Path, open_page: Open, name: str):
    page = open_page(bert_site / "models" / "bert.html")
    page.evaluate("hash => { location.hash = hash }", name)
    expect(page.locator(".md-nav__link--active").last).to_have_text(name)


def test_the_whole_page_reads_without_javascript(bert_site: Path, open_page: Open):
    counted = """() => {
      document.querySelectorAll(".hf").forEach((block) => (block.style.contentVisibility = "visible"));
      const shown = (element) => element.getClientRects().length > 0 && element.getBoundingClientRect().height > 0;
      const visible = (css) => [...document.querySelectorAll(`.hf-page ${css}`)].filter(shown).length;
      const kinds = ["h2", "pre", "math", ".hf-diagram a", ".hf-proof", ".hf-notes p", "summary", "table", "pre a[id]"];
      return kinds.map(visible);
    }"""
    without = open_page(bert_site / "models/bert.html", script=False).evaluate(counted)
    assert without == open_page(bert_site / "models/bert.html").evaluate(counted)
    assert all(without)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_violation(bert_site: Path, open_page: Open, name: str, dark: bool):
    page = open_page(bert_site / name, dark=dark)
    page.add_style_tag(content=".hf{content-visibility:visible!important}")
    result = Axe().run(page)
    serious = [found for found in result.response["violations"] if found["impact"] in ("serious", "critical")]
    assert not serious, result.generate_report()


def test_shapes_are_in_the_terms_of_the_config(bert_site: Path):
    block = bert_block(bert_site, "BertSelfAttention")
    shapes = [hint.attributes["data-s"] for hint in block.all("i", "h")]
    assert "(B, heads, T, head_dim)" in shapes


def test_attention_is_proven(bert_site: Path):
    badges = bert_block(bert_site, "BertSelfAttention").all(css="hf-proof")
    assert badges and all("proven (" in badge.text for badge in badges)
    assert not any("not proven" in badge.text or "DISPROVEN" in badge.text for badge in badges)


def test_the_page_shows_the_file_byte_for_byte(bert_site: Path):
    shown = code_of(parse(fragment(bert_site)))
    lines = (installed_package() / FILE).read_text(encoding="utf-8").split("\n")
    own = {int(anchor[1:]): text for anchor, text in shown.items() if anchor.startswith("L")}
    assert own == {number: lines[number - 1] + "\n" for number in own}
    assert {number for number, line in enumerate(lines, 1) if line.strip()} <= set(own)


def test_a_line_number_links_to_the_line_at_the_commit_when_it_is_pointed_at(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "models/bert.html", anchor="#BertSelfOutput")
    address = f"{OFFICIAL}/blob/{COMMIT}/src/transformers/{FILE}"
    numbers = page.locator("#BertSelfOutput pre a[id]")
    assert numbers.count() > 8 and not page.locator("#BertSelfOutput pre a[id][href]").count()
    number = numbers.nth(2)
    number.hover()
    assert number.get_attribute("href") == f"{address}#{number.get_attribute('id')}"


def fragment(site: Path) -> str:
    """The page's own part of the HTML."""
    page = (site / "models/bert.html").read_text(encoding="utf-8")
    return page[page.index("<div class=hf-page") : page.rindex("</section>")] + "</section></div>"


def bert_block(site: Path, name: str):
    return next(block for block in parse(fragment(site)).all("section") if block.attributes.get("id") == name)


def test_the_page_stays_light(bert_site: Path, open_page: Open):
    raw = (bert_site / "models/bert.html").read_bytes()
    assert len(raw) < 600_000 and len(gzip.compress(raw)) < 82_000
    page = open_page(bert_site / "models/bert.html")
    lines = page.locator(".hf-code pre a[id]").count()
    assert page.locator(".hf-code *").count() <= 4 * lines


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_needs_no_sideways_scroll_and_nothing_is_asked_of_the_network(
    bert_site: Path, open_page: Open, name: str
):
    page = open_page(bert_site / name, width=360)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.requests and all(url.startswith(("file:", "data:", "blob:", "about:")) for url in page.requests)
    assert not page.errors


def test_search_finds_a_class_by_its_words(bert_site: Path, open_page: Open):
    page = open_page(bert_site / "index.html")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type("self output", delay=30)
    page.locator(".md-search-result__link", has_text="BertSelfOutput").first.wait_for(timeout=20_000)
    assert page.url.startswith("file:") and not [url for url in page.requests if url.startswith("http")]
