"""What an explanation shows: the equation, its symbols in the code, where a class comes from, each change once."""

import io
from dataclasses import replace

from rich.console import Console

from hfreader.facts.answers import ConceptUse, Explanation, SymbolUse
from hfreader.facts.comparison import Change, Difference
from hfreader.facts.lineage import Lineage, Relation
from hfreader.facts.places import Place, Span
from hfreader.views.explanation_view import show_explanation

OWNER = "transformers.models.birch.modeling_birch.BirchNorm"
BASE = "transformers.models.ash.modeling_ash.AshNorm"
FILE = "models/birch/modeling_birch.py"
PLACE = Place(FILE, Span(12, 0, 20, 0))
CHANGES = (
    Change("added", "self.norm", "norm (LayerNorm of hidden_size)", right=PLACE, guards=("self.normed",)),
    Change("setting", "self.map", "map without bias", right=PLACE),
)
DIFFERENCE = Difference(BASE, OWNER, "BirchNorm is AshNorm plus norm.", CHANGES, 3, 3, 4)
SYMBOL = SymbolUse("gamma", "\\gamma", "Learned scale", (("self.weight", 17), ("self.weight", 17)), FILE)
USE = ConceptUse(
    "rms-norm",
    "RMSNorm",
    "It normalises.",
    ("\\sym{gamma} x",),
    ("Ash 2020",),
    OWNER,
    17,
    FILE,
    "proven",
    3e-16,
    (),
    (SYMBOL,),
)
LINEAGE = Lineage(OWNER, PLACE, (Relation("modular", BASE, "class BirchNorm(AshNorm)"),), (), DIFFERENCE)
FOUND = Explanation(
    OWNER,
    "module",
    PLACE,
    None,
    None,
    "https://example.org",
    "Birch's norm.",
    (USE,),
    ("block: y = x + f(x)",),
    LINEAGE,
    (),
    False,
    (("paper", "Ash 2020"),),
)


def shown(found: Explanation) -> str:
    text = io.StringIO()
    show_explanation(found, Console(file=text, width=120))
    return text.getvalue()


def test_a_class_in_full():
    text = shown(FOUND)
    for words in (
        "birch.BirchNorm",
        f"{FILE}:12",
        "proven (max rel. error 3e-16)",
        "gamma x",
        "self.weight@17",
        "Learned scale",
        "block: y = x + f(x)",
        "generated from ash.AshNorm",
        "BirchNorm is AshNorm plus norm.",
        "+ norm (LayerNorm of hidden_size)  where self.normed  modeling_birch.py:12",
        "https://example.org",
        "hfreader coverage",
    ):
        assert words in text
    assert text.count("self.weight@17") == 1


def test_a_single_change_is_told_in_the_sentence_alone():
    difference = replace(DIFFERENCE, changes=CHANGES[1:], sentence="BirchNorm is AshNorm with map without bias.")
    text = shown(replace(FOUND, lineage=replace(LINEAGE, difference=difference)))
    assert text.count("map without bias") == 1


def test_a_line_and_what_nothing_was_found_in():
    text = shown(replace(FOUND, line=17, text="    return x", concepts=(), lineage=None, surveyed=True))
    assert "On this line no equation of the catalogue was found." in text
    assert "return x" in text
    assert "Here no equation" in shown(replace(FOUND, concepts=()))


def test_a_class_written_by_hand_with_relatives():
    alone = replace(LINEAGE, relations=(), identical=(BASE,), difference=None)
    text = shown(replace(FOUND, lineage=alone, descendants=tuple(BASE for _ in range(15))))
    assert "written by hand" in text
    assert "identical but for names: ash.AshNorm" in text
    assert "and 3 more" in text
