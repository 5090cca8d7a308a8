from dataclasses import replace

from hfreader.pages.book import Declared
from hfreader.pages.file_context import FileContext
from hfreader.pages.module_tree import module_tree
from hfreader.pages.reading_order import base_model
from hfreader.pages.summary import summary
from tests.pages import toy


def rows(context: FileContext) -> dict[str, str]:
    base = base_model(context.analysis.code, context.traces)
    tree = module_tree(context.traces[0].modules) if context.traces else None
    return {name: " ".join(answer.striptags().split()) for name, answer in summary(context, base, tree)}


def test_the_card_says_what_the_file_the_run_and_the_equations_tell(toy_context: FileContext):
    site = replace(toy_context.site, declared={toy_context.file: Declared(("text", "image"), 2018)})
    context = FileContext(site, toy_context.family, toy_context.analysis, toy_context.concepts)
    found = rows(context)
    assert found["Reads"] == "Text and Images"
    assert found["Year"] == "2018 (of the copyright notice)"
    assert found["Base class"].startswith("ToyModel")
    assert found["Weights"] == "72"
    assert "Layers" not in found
    cited = toy.CONCEPT.citations[0]
    assert found["Papers of most of its equations"] == f"{cited.short_authors} {cited.year}, {cited.title}"


def test_what_repeats_is_counted_with_the_first_that_differs(toy_context: FileContext):
    tree = module_tree(toy_context.traces[0].modules)
    assert tree is not None
    (part,) = tree.children
    first, others = replace(part, class_name="ToyLayer"), replace(part, class_name="ToyLayer", repeats=11)
    stack = replace(part, class_name="Stack", path="encoder", children=(part, first, others))
    found = dict(summary(toy_context, None, replace(tree, children=(stack,))))
    assert found["Layers"] == "12 × ToyLayer (<code>encoder</code>)"


def test_what_is_not_known_has_no_row(toy_context: FileContext):
    family = replace(toy_context.family, run=None)
    analysis = replace(toy_context.analysis, matches=())
    context = FileContext(replace(toy_context.site, declared={}), family, analysis, toy_context.concepts)
    assert summary(context, None, None) == []
