"""What every page owes its reader, seen through Chromium."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open
from tests.pages import toy

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NUMBERS = {symbol.name: number for number, symbol in enumerate(toy.CONCEPT.symbols)}
PAGES = (
    "index.html",
    "how-it-works.html",
    "models/toy.html",
    "concepts/toy-attention.html",
    "compare/toy-oak.html",
    "study/5-self-attention.html",
    "zh/models/toy.html",
    "zh/study/5-self-attention.html",
)
# What is lit differs from what is not in its background.
LIT_TOKENS = """() => {
  const lit = (element) => getComputedStyle(element).getPropertyValue("--lit").trim() !== "";
  return [...document.querySelectorAll("pre b, .hf-diagram :is(a, span), pre .h")]
    .filter(lit).map((element) => element.closest(".hf").id + ": " + (element.dataset.s || element.textContent));
}"""
KEY_LIT = ["ToyAttention: key"]
QUERY_LIT = [
    "ToyAttention: (B, heads, T, head_dim)",
    "ToyAttention: query_layer",
    "ToyAttention: (B, heads, T, head_dim)",
    "ToyAttention: query",
]


def symbol(page: Page, name: str, where: str = ".hf-equation") -> Locator:
    return page.locator(f"#ToyAttention {where} .t{NUMBERS[name]}").first


def model(site: Path) -> Path:
    return site / "models" / "toy.html"


def test_hover_lights_the_tokens_of_a_symbol_and_no_others(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site))
    assert page.evaluate(LIT_TOKENS) == []
    symbol(page, "key").hover()
    assert page.evaluate(LIT_TOKENS) == KEY_LIT
    symbol(page, "query").hover()
    assert page.evaluate(LIT_TOKENS) == QUERY_LIT


@pytest.mark.parametrize("where", [".hf-equation", ".hf-glossary", ".hf-notes", "pre", ".hf-diagram"])
def test_a_symbol_is_lit_from_wherever_it_stands(toy_site: Path, open_page: Open, where: str):
    page = open_page(model(toy_site))
    symbol(page, "query", where).hover()
    assert page.evaluate(LIT_TOKENS) == QUERY_LIT


@pytest.mark.parametrize("script", [True, False])
def test_keyboard_focus_lights_a_symbol(toy_site: Path, open_page: Open, script: bool):
    page = open_page(model(toy_site), script=script)
    symbol(page, "query").focus()
    assert "rgb(255, 227, 138)" in lit_backgrounds(page)


def lit_backgrounds(page: Page) -> set[str]:
    tokens = page.locator(f"#ToyAttention pre b:is(.s{NUMBERS['query']}, .t{NUMBERS['query']})")
    return {str(tokens.nth(n).evaluate("e => getComputedStyle(e).backgroundColor")) for n in range(tokens.count())}


def test_tap_lights_a_symbol_on_a_phone(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site), width=360, touch=True)
    symbol(page, "query", "pre").tap()
    assert page.evaluate(LIT_TOKENS) == QUERY_LIT


def test_pointing_at_a_shape_shows_its_numbers(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site))
    hint = page.locator("#ToyAttention .h").first
    content = "e => getComputedStyle(e, '::after').content"
    assert hint.evaluate(content) == '"(B, heads, T, head_dim)"'
    hint.hover()
    assert hint.evaluate(content) == '"(1, 2, 3, 4)"'
    page.mouse.move(0, 0)
    page.get_by_label("shapes in numbers").check()
    assert page.locator("#ToyAttention .h").last.evaluate(content) == '"(1, 2, 3, 4)"'


def test_all_is_readable_without_javascript(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site), script=False)
    for text in ("proven (max rel. error 3e-16", "DISPROVEN", "Not run by any forward pass", "ToyModel and its parts"):
        expect(page.locator(".hf-page").get_by_text(text).first).to_be_visible()
    expect(page.locator("#ToyAttention-L8")).to_be_visible()
    expect(page.locator("#ToyAttention math").first).to_be_visible()
    expect(page.locator("#ToyAttention .hf-diagram a").first).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_requested_from_outside(toy_site: Path, open_page: Open, name: str):
    page = open_page(toy_site / name)
    page.wait_for_load_state("networkidle")
    assert page.requests and all(url.startswith(("file:", "data:", "blob:", "about:")) for url in page.requests)
    assert not page.errors


@pytest.mark.parametrize(("words", "found"), [("toy attention", "ToyAttention"), ("looks", "<b>closely</b>")])
def test_search_works_from_a_folder(toy_site: Path, open_page: Open, words: str, found: str):
    page = open_page(toy_site / "index.html")
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type(words, delay=30)
    # What a text writes as HTML stays text in the results.
    page.locator(".md-search-result__link", has_text=found).first.wait_for(timeout=20_000)
    assert not [url for url in page.requests if url.startswith("http")]


@pytest.mark.parametrize("home", ["index.html", "zh/index.html"])
def test_search_finds_a_chinese_word_in_both_languages(toy_site: Path, open_page: Open, home: str):
    page = open_page(toy_site / home, "?q=注意力")
    found = page.locator(".md-search-result__link")
    found.first.wait_for(timeout=20_000)
    addresses = [link.get_attribute("href") or "" for link in found.all()[:3]]
    assert any("concepts/toy-attention.html" in address for address in addresses)


def test_the_switch_keeps_page_and_place(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site), "#ToyModel")
    for folder in ("zh/", ""):
        page.locator(".md-header .md-select").hover()
        page.locator(".md-select__link", has_text="中文" if folder else "English").click()
        page.wait_for_url(f"**/site/{folder}models/toy.html#ToyModel")
    page = open_page(model(toy_site), script=False)
    page.locator(".md-header .md-select").hover()
    page.locator(".md-select__link", has_text="中文").click()
    page.wait_for_url("**/site/zh/models/toy.html")


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_needs_no_sideways_scroll(toy_site: Path, open_page: Open, name: str):
    page = open_page(toy_site / name, width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_violation(toy_site: Path, open_page: Open, name: str, dark: bool):
    page = open_page(toy_site / name, dark=dark)
    scheme = page.locator("body").get_attribute("data-md-color-scheme")
    assert scheme == ("slate" if dark else "default")
    page.add_style_tag(content=".hf{content-visibility:visible!important}")
    result = Axe().run(page)
    serious = [found for found in result.response["violations"] if found["impact"] in ("serious", "critical")]
    assert not serious, result.generate_report()


def test_axe_while_a_symbol_is_lit(toy_site: Path, open_page: Open):
    for dark in (False, True):
        page = open_page(model(toy_site), dark=dark)
        symbol(page, "query").focus()
        result = Axe().run(page, context="#ToyAttention")
        assert not [found for found in result.response["violations"] if found["impact"] in ("serious", "critical")]


def test_a_script_in_a_docstring_stays_text(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site))
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.reload()
    assert not dialogs
    expect(page.locator("#ToyAttention pre", has_text='<script>alert("class")</script>').first).to_be_visible()


def test_copying_gives_the_code_alone(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site))
    copied = page.evaluate(
        """() => {
          const rows = document.querySelectorAll("#ToyModel pre");
          const range = document.createRange();
          range.selectNodeContents(rows[rows.length - 1]);
          getSelection().removeAllRanges(); getSelection().addRange(range);
          return getSelection().toString();
        }"""
    )
    first = toy.line_of("self.attention = ToyAttention")
    assert copied.rstrip("\n").split("\n") == toy.LINES[first - 1 : first + 3]


def test_a_link_to_a_line_arrives_at_the_line(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site), anchor="#L28")
    page.wait_for_timeout(300)
    expect(page.locator("#L28")).to_be_in_viewport()


def test_escape_releases_a_symbol_that_was_clicked(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site))
    symbol = page.locator("#ToyAttention .hf-glossary li").first
    symbol.click()
    expect(symbol).to_be_focused()
    page.keyboard.press("Escape")
    expect(symbol).not_to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_a_link_to_a_folded_line_opens_the_fold(toy_site: Path, open_page: Open, script: bool):
    folded = toy.line_of("query_layer = past")
    page = open_page(model(toy_site), anchor="#ToyAttention", script=script)
    expect(page.locator(f"#L{folded - 2}")).to_be_visible()
    assert not page.locator(".hf-fold[open]").count(), "only its first line is shown"
    page = open_page(model(toy_site), anchor=f"#L{folded}", script=script)
    page.wait_for_timeout(300)
    expect(page.locator(f"#L{folded}")).to_be_in_viewport()


@pytest.mark.parametrize("width", [1300, 360])
def test_of_the_implementations_at_a_call_one_is_shown(toy_site: Path, open_page: Open, width: int):
    page = open_page(model(toy_site), anchor="#ToyAttention-L8", script=False, width=width)
    eager, fused = page.locator(".hf-opened").all()
    shown = [eager.locator("pre").first, fused.locator("pre").first]
    assert [one.is_visible() for one in shown] == [True, False]
    tops = [one.locator("summary").bounding_box()["y"] for one in (eager, fused)]
    assert tops[0] == tops[1], "side by side"
    fused.locator("summary").click()
    assert [one.is_visible() for one in shown] == [False, True]
    page.goto(f"{model(toy_site).as_uri()}#ToyAttention-L9")
    assert [one.is_visible() for one in shown] == [True, False], "a link opens the one that it leads into"


def test_a_selection_across_notes_and_folds_is_copied_as_code(toy_site: Path, open_page: Open):
    page = open_page(model(toy_site), anchor="#ToyAttention")
    first, last = toy.line_of("query_layer = self.query"), toy.line_of("attention_interface(")
    copied = page.evaluate(
        """([first, last]) => {
          const range = document.createRange();
          range.setStartAfter(document.getElementById(`L${first}`));
          range.setEndBefore(document.getElementById(`L${last}`));
          getSelection().removeAllRanges(); getSelection().addRange(range);
          const data = new DataTransfer();
          const event = new ClipboardEvent("copy", {clipboardData: data, cancelable: true, bubbles: true});
          document.dispatchEvent(event);
          return event.clipboardData.getData("text/plain");
        }""",
        [first, last],
    )
    assert copied == "\n".join(toy.LINES[first - 1 : last - 1]) + "\n"
