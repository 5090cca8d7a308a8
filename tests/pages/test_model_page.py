from dataclasses import replace

from hfreader.pages.model_page import model_page
from hfreader.pages.reading_order import Step, base_model, reading_order
from hfreader.pages.sections import sections
from tests.pages import toy
from tests.pages.html import code_of, parse
from tests.pages.shelf import Families


def page(book: Families):
    family = book.families[0]
    return model_page(book.site, family, family.analyses[0], toy.CONCEPTS)


def test_the_page_shows_the_whole_file_once(toy_book: Families):
    code = code_of(parse(page(toy_book).html))
    shown = {int(anchor[1:]): text for anchor, text in code.items() if anchor.startswith("L")}
    assert shown == {n: toy.LINES[n - 1] + "\n" for n in shown}
    assert {n for n, text in enumerate(toy.LINES, 1) if text.strip()} <= set(shown)


def test_ids_are_unique(toy_book: Families):
    ids = [value for element in parse(page(toy_book).html).all() if (value := element.attributes.get("id"))]
    assert len(ids) == len(set(ids))


def test_every_link_within_the_page_leads_somewhere(toy_book: Families):
    root = parse(page(toy_book).html)
    ids = {element.attributes.get("id") for element in root.all()}
    inner = [href for link in root.all("a") if (href := link.attributes.get("href") or "").startswith("#")]
    assert inner and all(href[1:] in ids for href in inner)


def test_the_summary_says_what_ran(toy_book: Families):
    text = " ".join(parse(page(toy_book).html).all("div", "hf-summary")[0].text.split())
    assert "ToyModel with 72 parameters. Weights: random (seed 0); float32, cpu; attention" in text
    assert "<sat>" in text and toy.COMMIT[:12] in text


def test_search_entries_name_classes_and_their_concepts(toy_book: Families):
    entries = {entry.anchor: entry for entry in page(toy_book).search}
    assert "Toy attention" in entries["ToyAttention"].text
    assert entries[""].title == "Toy" and "ToyModel" in entries


def test_a_file_that_was_not_run_says_so(toy_book: Families):
    family = replace(toy_book.families[0], run=None)
    html = model_page(toy_book.site, family, family.analyses[0], toy.CONCEPTS).html
    assert "Nothing of this file was run" in html


def test_parts_come_before_what_holds_them_and_functions_with_equations_before_what_reaches_them():
    ((title, steps),) = reading_order(toy.analysis(), [toy.trace()])
    assert title == "ToyModel and its parts"
    assert steps == (Step("eager_attention_forward"), Step("ToyAttention"), Step("ToyModel"))
    assert base_model(toy.analysis().code, []).name == "ToyModel"


def test_a_function_without_an_equation_is_no_step():
    analysis = toy.analysis()
    ((_, steps),) = reading_order(replace(analysis, matches=analysis.matches[:1]), [toy.trace()])
    assert [step.name for step in steps] == ["ToyAttention", "ToyModel"]


def test_what_the_default_run_did_not_reach_comes_last_and_says_so(toy_book: Families):
    without = replace(toy.trace(), modules=toy.trace().modules[:1])
    ((_, steps),) = reading_order(toy.analysis(), [without])
    assert steps == (Step("ToyModel"), Step("eager_attention_forward"), Step("ToyAttention", idle=True))
    family = replace(toy_book.families[0], run=replace(toy_book.families[0].run, traces=(without,)))
    html = model_page(toy_book.site, family, family.analyses[0], toy.CONCEPTS).html
    assert "ToyAttention</a> (not in the default run)" in html


def test_nothing_is_called_idle_where_nothing_ran():
    ((title, steps),) = reading_order(toy.analysis(), [])
    assert "default run" not in title and not any(step.idle for step in steps)


def test_sections_cover_every_line_with_text():
    found = sections(toy.analysis().code, toy.LINES)
    covered = [line for section in found for line in range(section.first, section.last + 1)]
    assert len(covered) == len(set(covered))
    assert {n for n, text in enumerate(toy.LINES, 1) if text.strip()} <= set(covered)
    assert [section.name for section in found if section.item] == [
        "eager_attention_forward",
        "ToyAttention",
        "ToyModel",
    ]


def test_the_table_of_papers_tells_a_line_of_a_class_from_one_of_a_function_that_it_calls(toy_book: Families):
    (table,) = [one for one in parse(page(toy_book).html).all("table") if "Where, and how sure" in one.text]
    line = toy.line_of("torch.matmul(attn_weights")
    assert f"ToyAttention, through line {line} ✓, eager_attention_forward, line {line} ✗" in table.text
