"""Other sizes on a page, against fresh runs at these sizes."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from playwright.sync_api import Page
from safetensors.torch import save_file
from torch import zeros

from hfreader.analyses import analysis_key
from hfreader.facts.analysis import Analysis
from hfreader.facts.runs import FamilyRun, TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import Trace
from hfreader.pages.book import Family
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.module_tree import module_tree
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from hfreader.sources import Sources
from hfreader.store import recall
from hfreader.survey import surveys_of
from hfreader.trace.tracing import trace
from tests.browser.conftest import CONFIG, Open
from tests.conftest import installed_package
from tests.pages.shelf import Families

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SNAPSHOT = Snapshot("installed", None, None, None, version("transformers"), str(installed_package()))
FEW = {"bert": "num_hidden_layers", "llama": "num_hidden_layers", "vit": "num_hidden_layers", "gpt2": "n_layer"}
HINTS = """() => [...document.querySelectorAll(".hf-row pre .h")].map((hint) => {
  let line = hint; while (!line.id) line = line.previousElementSibling ?? line.parentElement;
  return [line.id, hint.dataset.s, hint.dataset.n ?? hint.dataset.s];
})"""
DTYPE = re.compile(r" \(?(bool|u?int\d+|b?float\d+)\b")


@cache
def ran(family: str, **asked: object) -> Trace:
    return trace(TraceRequest(family, fake=True, offline=True, **asked), SNAPSHOT, silent)


def shown(family: str, runs: tuple[Trace, ...], snapshot: Snapshot) -> Family:
    file = f"models/{family}/modeling_{family}.py"
    sources = Sources(snapshot)
    surveys_of(snapshot, sources, [file], silent, 1)
    analysis = recall("analyses", analysis_key(sources, file), Analysis)
    assert analysis is not None
    return Family(family, (analysis,), FamilyRun(family, runs, ()))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder, snapshot = tmp_path_factory.mktemp("sizes"), SNAPSHOT
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HFREADER_CACHE", str(folder / "cache"))
        runs = {name: (ran(name), ran(name, overrides=((field, "2"),))) for name, field in FEW.items()}
        book = Families(snapshot, tuple(shown(name, pair, snapshot) for name, pair in runs.items()))
        write_fragments(book.book, book, folder / "fragments", silent, {})
        run_mkdocs(CONFIG, folder / "fragments", folder / "site")
    yield folder / "site"


def choose(page: Page, **sizes: int) -> None:
    for name, size in sizes.items():
        page.locator(f".hf-sizes input[type=number][aria-label={name}]").fill(str(size))
        page.locator(f".hf-sizes input[type=number][aria-label={name}]").press("Tab")


def table(page: Page) -> list[list[str]]:
    rows = page.evaluate(
        """() => [...document.querySelectorAll(".hf-modules tbody tr")].map((row) => [
          row.querySelector("small")?.textContent ?? row.cells[2].title, row.cells[3].textContent,
          row.cells[4].textContent, row.querySelector(".hf-times")?.textContent ?? ""])"""
    )
    return [[DTYPE.sub("", cell) for cell in row] for row in rows]


def expected(fresh: Trace) -> list[list[str]]:
    root = module_tree(fresh.modules)
    return [
        [
            DTYPE.sub("", f"{row.taken_numbers} → {row.numbers}"),
            f"{row.parameters:,}" if row.parameters else "",
            f"{row.flops:,}" if row.flops else "",
            f"×{row.repeats}" if row.repeats > 1 else "",
        ]
        for _, row in root.walk()
    ]


SIZES = {
    "bert": {"T": 40, "hidden": 512, "heads": 16, "layers": 5, "intermediate": 1000, "vocab": 300},
    "llama": {"T": 17, "hidden": 320, "heads": 10, "kv_heads": 5, "head_dim": 24, "layers": 3, "vocab": 999},
    "gpt2": {"T": 9, "hidden": 240, "heads": 10, "layers": 4},
    "vit": {"image_size": 96, "patch_size": 8, "hidden": 240, "heads": 10, "layers": 4, "num_channels": 4},
}


def fresh_run(page: Page) -> Trace:
    """The run that the page names for its sizes."""
    words = page.locator(".hf-check code").inner_text().split()
    assert words[:2] == ["hfreader", "trace"] and words[3] == "--fake"
    options = list(zip(words[4::2], words[5::2], strict=True))
    fields = tuple((field, size) for name, text in options if name == "--set" for field, size in [text.split("=")])
    tokens = [int(text) for name, text in options if name == "--tokens"]
    return ran(words[2], overrides=fields, **({"tokens": tokens[0]} if tokens else {}))


@pytest.mark.parametrize("family", SIZES)
def test_what_the_sliders_say_is_what_a_fresh_run_shows(site: Path, open_page: Open, family: str):
    page = open_page(site / "models" / f"{family}.html")
    before = table(page)
    assert before == expected(ran(family)), "without a move the page says what ran"
    choose(page, **SIZES[family])
    fresh = fresh_run(page)
    pairs = [pair for rows in zip(table(page), expected(fresh), strict=True) for pair in zip(*rows, strict=True)]
    known = [pair for pair in pairs if pair[0] != "?"]
    assert len(known) > 0.95 * len(pairs), "nearly all of it is known at other sizes"
    assert [own for own, _ in known] == [run for _, run in known]
    page.locator(".hf-sizes .hf-reset").click()
    assert table(page) == before
    assert not page.errors


@pytest.mark.parametrize("family", SIZES)
def test_the_shapes_in_the_code_are_those_of_a_fresh_run(site: Path, open_page: Open, tmp_path: Path, family: str):
    page = open_page(site / "models" / f"{family}.html")
    choose(page, **SIZES[family])
    ours = {(line, text): number for line, text, number in page.evaluate(HINTS) if "?" not in number}
    fresh = fresh_run(page)
    book = Families(SNAPSHOT, (shown(family, (fresh,), SNAPSHOT),))
    write_fragments(book.book, book, tmp_path / "fragments", silent, {})
    run_mkdocs(CONFIG, tmp_path / "fragments", tmp_path / "site")
    theirs = open_page(tmp_path / "site" / "models" / f"{family}.html").evaluate(HINTS)
    both = [(ours[line, text], DTYPE.sub("", number)) for line, text, number in theirs if (line, text) in ours]
    assert len(both) > 60
    assert [own for own, _ in both] == [run for _, run in both]


def test_rows_of_a_batch(site: Path, open_page: Open, tmp_path: Path):
    page = open_page(site / "models" / "gpt2.html")
    assert page.locator(".hf-check small").inner_text() == ""
    choose(page, B=3, T=7)
    assert page.locator(".hf-check small").inner_text().strip() == "a run takes its own: B"
    save_file({"input_ids": zeros(3, 7, dtype=int)}, tmp_path / "ids.safetensors")
    assert [row[:3] for row in table(page)] == [
        row[:3] for row in expected(ran("gpt2", inputs=str(tmp_path / "ids.safetensors")))
    ]


def test_sizes_that_cannot_be_are_not_chosen(site: Path, open_page: Open):
    page = open_page(site / "models" / "bert.html")
    choose(page, heads=7, T=5000)
    value = "(all) => Object.fromEntries(all.map((one) => [one.ariaLabel, Number(one.value)]))"
    chosen = page.locator(".hf-sizes input[type=number]").evaluate_all(value)
    assert chosen["heads"] == 7 and chosen["hidden"] == 770 and chosen["T"] == 512
    page = open_page(site / "models" / "llama.html")
    choose(page, kv_heads=5, head_dim=33)
    chosen = page.locator(".hf-sizes input[type=number]").evaluate_all(value)
    assert chosen["kv_heads"] == 4 and chosen["head_dim"] in (32, 34)


def test_the_bytes_of_the_cache(site: Path, open_page: Open):
    page = open_page(site / "models" / "llama.html")
    choose(page, T=1024, kv_heads=8)
    held = 2 * 32 * 8 * 1024 * 128 * 4
    assert f"KV cache {held // 2**20} MiB" in page.locator(".hf-totals").inner_text()
    command = page.locator(".hf-check code").inner_text()
    assert "--tokens 1024 " in command and "--set num_key_value_heads=8" in command


def test_a_slider_moves_by_keyboard_and_a_pinned_panel_stays(site: Path, open_page: Open):
    page = open_page(site / "models" / "bert.html")
    page.locator(".hf-sizes input[type=range][aria-label=layers]").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".hf-modules .hf-times").first.inner_text() == "×15"
    page.get_by_label("keep in sight").check()
    page.evaluate("location.hash = '#BertPooler'")
    page.wait_for_timeout(300)
    assert page.locator(".hf-sizes").evaluate("e => e.getBoundingClientRect().bottom") > 0


def test_what_the_run_counted_is_said_where_no_formula_gives_it(site: Path, open_page: Open):
    html = (site / "models" / "bert.html").read_text()
    found = re.search(r"(<script[^>]*hf-what-if[^>]*>)(.*?)(</script>)", html, re.DOTALL)
    data = json.loads(found[2])
    data["rows"][0][2] = None
    unknown = site / "models" / "unknown.html"
    unknown.write_text(html.replace(found[2], json.dumps(data)))
    page = open_page(unknown)
    assert page.locator(".hf-totals").inner_text().startswith("weights 109 M ·")
    choose(page, hidden=1536)
    assert page.locator(".hf-totals").inner_text().startswith("weights ? ·")
