"""Whether pages of models hold what the browser tests ask of BERT's: a sample of a built site, drawn at random.

    python benchmarks/sampled.py SITE [--pages 30] [--seed 0] [--json FILE] [PAGE ...]

Of each page is asked: whether the code it shows is the file's, character by character; whether its links lead somewhere
and those to the source name a commit of 40 digits; whether all is visible without JavaScript; whether a phone 360
pixels wide needs no sideways scroll; whether nothing is asked of a network and no script fails; whether axe finds no
serious violation in light and dark; and whether a symbol of each equation that is pointed at lights the tokens that
carry it, and no others. Exit code 1 where one of these does not hold.
"""

import argparse
import random
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import figures
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from rich.console import Console

from hfreader.analyzers.library import modeling_files_of
from hfreader.source.installed import installed_snapshot
from tests.chromium import MISSING, launched
from tests.links import anchors_of, links_nowhere
from tests.pages.html import code_of, parse

UNFOLD = "document.querySelectorAll('.hf').forEach((block) => (block.style.contentVisibility = 'visible'))"
KINDS = ("h2", "pre", "math", ".hf-diagram a", ".hf-proof", ".hf-notes p", "summary", "table", "pre a[id]")
VISIBLE = """(kinds) => kinds.map((css) =>
  [...document.querySelectorAll(`.hf-page ${css}`)].filter((one) => one.getClientRects().length > 0).length)"""
# The first symbol of each equation: its class, and that of the block in which it is pointed at.
SYMBOLS = """() => [...document.querySelectorAll(".hf[id]")].flatMap((block) => {
  const symbol = block.querySelector(":scope .hf-equation [tabindex][class*=t]");
  return symbol ? [[block.id, symbol.className.match(/\\bt\\d+\\b/)[0]]] : [];
})"""
WRONGLY_LIT = """([id, symbol]) => {
  const lit = (token) => getComputedStyle(token).getPropertyValue("--lit").trim() !== "";
  const tokens = [...document.querySelectorAll(`[id="${id}"] pre b[class]`)];
  const carries = (token) => token.matches(`.${symbol}, .s${symbol.slice(1)}`);
  return tokens.filter((token) => lit(token) !== carries(token)).map((token) => token.textContent);
}"""
BLOB = re.compile(r'href="?(https://github\.com/[^"> ]+/blob/[^"> ]+)')
ANCHORS = cache(anchors_of)
COMMIT = re.compile(r"/blob/[0-9a-f]{40}/")
OURS = ("file:", "data:", "blob:", "about:")


def faults(page: Path, file: Path, browser: Browser) -> Iterator[str]:
    """What of a page does not hold, in words."""
    html = page.read_text(encoding="utf-8")
    yield from _code(html, file)
    yield from (f"leads nowhere: {link}" for link in links_nowhere(page.resolve(), ANCHORS))
    yield from (f"names no commit: {link}" for link in set(BLOB.findall(html)) if not COMMIT.search(link))
    plain, bare = _opened(browser, page), _opened(browser, page, script=False)
    if plain.evaluate(VISIBLE, KINDS) != bare.evaluate(VISIBLE, KINDS):
        yield "not all is visible without JavaScript"
    yield from _lights(plain)
    phone = _opened(browser, page, width=360)
    if (width := phone.evaluate("document.documentElement.scrollWidth")) != 360:
        yield f"{width} pixels wide on a phone"
    for dark in (False, True):
        found = Axe().run(_opened(browser, page, dark=dark)).response["violations"]
        yield from (f"axe, dark {dark}: {one['id']}" for one in found if one["impact"] in ("serious", "critical"))


def _code(html: str, file: Path) -> Iterator[str]:
    begin = html.index("<div class=hf-page")
    shown = code_of(parse(html[begin : html.rindex("</section>")] + "</section></div>"))
    lines = file.read_text(encoding="utf-8").split("\n")
    own = {int(anchor[1:]): text for anchor, text in shown.items() if re.fullmatch(r"L\d+", anchor)}
    yield from (f"line {number} is not the file's" for number in own if own[number] != lines[number - 1] + "\n")
    unseen = (number for number, line in enumerate(lines, 1) if line.strip() and number not in own)
    yield from (f"line {number} is missing" for number in unseen)


def _lights(page: Page) -> Iterator[str]:
    for id, symbol in page.evaluate(SYMBOLS):
        page.locator(f'[id="{id}"] .hf-equation .{symbol}[tabindex]').first.hover()
        if wrong := page.evaluate(WRONGLY_LIT, [id, symbol]):
            yield f"{id}, {symbol}: lit or not, and should not be so: {', '.join(wrong[:4])}"


def _opened(browser: Browser, file: Path, script: bool = True, width: int = 1300, dark: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        offline=True,
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    outside: list[str] = []
    page.on("request", lambda one: outside.append(one.url) if not one.url.startswith(OURS) else None)
    page.on("pageerror", lambda error: outside.append(str(error)))
    page.goto(file.absolute().as_uri())
    page.evaluate(UNFOLD)
    if script:
        page.wait_for_load_state("networkidle")
    if outside:
        raise AssertionError(f"{file.name}: {outside[0]}")
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("page", nargs="*", help="names of pages, without .html; those drawn at random by default")
    parser.add_argument("--pages", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    snapshot, console = installed_snapshot(), Console(stderr=True)
    files = {Path(file).stem.removeprefix("modeling_"): snapshot.path(file) for file in modeling_files_of(snapshot)}
    known = sorted(page.stem for page in (options.site / "models").glob("*.html") if page.stem in files)
    chosen = options.page or sorted(random.Random(options.seed).sample(known, min(options.pages, len(known))))
    found: dict[str, list[str]] = {}
    with launched(120_000) as browser:
        if browser is None:
            sys.exit(MISSING)
        for name in chosen:
            found[name] = list(faults(options.site / "models" / f"{name}.html", files[name], browser))
            console.print(f"{name}: {'; '.join(found[name][:5]) or 'all holds'}", markup=False, highlight=False)
            for context in browser.contexts:
                context.close()
    wrong = sum(1 for each in found.values() if each)
    console.print(f"{len(found) - wrong} of {len(found)} pages hold all of it")
    figures.write(found, options.json)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
