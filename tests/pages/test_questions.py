from dataclasses import replace
from itertools import chain

import pytest

from hfreader.facts.places import Place, Span
from hfreader.facts.traces import ModuleRecord, Product, SymbolFact, TensorFact
from hfreader.pages.book import Family
from hfreader.pages.class_block import ClassBlock
from hfreader.pages.file_context import FileContext
from hfreader.pages.questions import questions
from hfreader.pages.sections import Section
from tests.pages import toy
from tests.pages.shelf import Families


def asked(context: FileContext, section: Section) -> dict[str, str]:
    block = ClassBlock(context, section)
    return {one.text.striptags(): one.answer.striptags() for one in questions(context, section, block.uses)}


def test_answers_are_what_ran(toy_context: FileContext, toy_sections: dict[str, Section]):
    found = asked(toy_context, toy_sections["ToyAttention"])
    shape = f"Which shape has query_layer of line {toy.QUERY_LINE}, in the sizes of the model?"
    assert found[shape] == "(B, heads, T, head_dim) = (1, 2, 3, 4)"
    (where,) = [answer for text, answer in found.items() if text.startswith("On which line does")]
    assert where == f"line {toy.QUERY_LINE}"


def test_what_several_lines_assign_is_not_asked(toy_context: FileContext, toy_sections: dict[str, Section]):
    section = toy_sections["ToyAttention"]
    other = Place(toy.FILE, Span(toy.QUERY_LINE + 3, 12, toy.QUERY_LINE + 3, 23))
    uses = []
    for use in ClassBlock(toy_context, section).uses:
        query = next(one for one in use.symbols if one.symbol.name == "query")
        uses.append(replace(use, symbols=(replace(query, tokens=(*query.tokens, other)),)))
    assert toy.LINES[other.span.line - 1][other.span.column : other.span.end_column] == "query_layer"
    asked = [one.text.striptags() for one in questions(toy_context, section, uses)]
    assert asked and not any(text.startswith("On which line") for text in asked)


@pytest.fixture
def costly(toy_book: Families) -> FileContext:
    """The toy whose attention multiplies scores of all tokens with all, and has two parts with weights."""
    (family,) = toy_book.families
    assert family.run is not None
    squared = Product("flops", 2, TensorFact((3, 3, 8), "", "", ("T", "T", "hidden")))
    symbols = (SymbolFact("T", "tokens", 3), SymbolFact("hidden", "hidden_size", 8))
    model, attention, query = toy.trace().modules
    attention = replace(attention, flops=144, costs=(squared,), parameters=90)
    key = ModuleRecord("attention.key", "Linear", "attention", 3, 0, 2, query.inputs, query.output, 8)
    trace = replace(toy.trace(), modules=(model, attention, query, key), symbols=symbols, lines=())
    run = replace(family.run, traces=(trace,))
    return FileContext(toy_book.site, Family("toy", family.analyses, run), family.analyses[0], toy.CONCEPTS)


def test_growth_and_weights_are_worked_out(costly: FileContext, toy_sections: dict[str, Section]):
    found = asked(costly, toy_sections["ToyAttention"])
    grown = "How do the floating-point operations of one ToyAttention grow when 3 tokens become 6?"
    assert found[grown] == "4 times: from 144 to 576, which are 2*T*T*hidden"
    weights = "How many weights does one ToyAttention hold, and which of its parts hold them?"
    assert found[weights] == "90: query 72, key 8, 10 held by itself, or by parts that are not called"


def test_weights_that_parts_share_are_said(costly: FileContext, toy_sections: dict[str, Section]):
    trace = costly.traces[0]
    run = replace(costly.family.run, traces=(replace(trace, modules=with_weights(trace.modules, 72)),))
    context = FileContext(costly.site, replace(costly.family, run=run), costly.analysis, toy.CONCEPTS)
    (answer,) = [answer for text, answer in asked(context, toy_sections["ToyAttention"]).items() if "weights" in text]
    assert answer == "72: query 72, key 8, 8 of them shared by parts"


def with_weights(modules: tuple[ModuleRecord, ...], numbers: int) -> tuple[ModuleRecord, ...]:
    model, attention, *rest = modules
    return (model, replace(attention, parameters=numbers), *rest)


def test_what_did_not_run_is_not_asked_about(toy_book: Families, toy_sections: dict[str, Section]):
    (family,) = toy_book.families
    context = FileContext(toy_book.site, replace(family, run=None), family.analyses[0], toy.CONCEPTS)
    texts = chain(*(asked(context, toy_sections[name]) for name in ("ToyAttention", "ToyModel")))
    assert all(text.startswith("On which line") for text in texts), "the code alone says where a symbol is"


def test_what_only_another_run_computed_is_not_asked_in_the_sizes_of_the_model(
    toy_context: FileContext, toy_sections: dict[str, Section]
):
    first, *others = toy_context.traces
    run = replace(toy_context.family.run, traces=(replace(first, lines=()), first, *others))
    context = FileContext(toy_context.site, replace(toy_context.family, run=run), toy_context.analysis, toy.CONCEPTS)
    assert not any(text.startswith("Which shape") for text in asked(context, toy_sections["ToyAttention"]))


def test_weights_that_differ_from_one_to_the_other_are_not_asked(costly: FileContext, toy_sections: dict[str, Section]):
    trace = costly.traces[0]
    other = replace(trace.modules[1], path="other", parameters=9)
    run = replace(costly.family.run, traces=(replace(trace, modules=(*trace.modules, other)),))
    context = FileContext(costly.site, replace(costly.family, run=run), costly.analysis, toy.CONCEPTS)
    assert not any(text.startswith("How many weights") for text in asked(context, toy_sections["ToyAttention"]))
