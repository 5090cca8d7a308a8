import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfreader.concepts import catalogue
from hfreader.concepts.model import printed
from hfreader.errors import HfreaderError
from hfreader.pages.equations import LinkedSymbol, render
from hfreader.pages.mathml import convert

ATTENTION = (
    r"\mathrm{Attention}(\sym{q},\sym{k},V)="
    r"\mathrm{softmax}\!\left(\frac{\sym{q}\sym{k}^{\top}}{\sqrt{\sym{width}}}\right)V"
)
SYMBOLS = {
    "q": LinkedSymbol("Q", "t0"),
    "k": LinkedSymbol("K", "t1"),
    "width": LinkedSymbol("d_k", "t2"),
}


def parsed(latex, symbols=SYMBOLS):
    return ElementTree.fromstring(render(latex, symbols))


def text_of(element):
    return "".join(element.itertext())


def words(latex):
    return [element.text for element in convert(latex).iter() if element.text]


def test_every_use_of_a_symbol_is_an_element_that_can_be_focused():
    linked = [element for element in parsed(ATTENTION).iter() if element.get("class")]
    assert [(element.get("class"), text_of(element)) for element in linked] == [
        ("t0", "Q"),
        ("t1", "K"),
        ("t0", "Q"),
        ("t1", "K"),
        ("t2", "dk"),
    ]
    assert all(element.get("tabindex") == "0" for element in linked)


def test_scripts_stay_on_the_symbol_they_belong_to():
    raised = parsed(ATTENTION).find(".//msup")
    assert raised is not None and raised[0].get("class") == "t1" and raised[1].text == "⊤"


def test_scripts_of_the_symbol_and_on_the_symbol_stand_above_each_other():
    symbols = {"E": LinkedSymbol(r"E^{\mathrm{pos}}", "s0"), "t": LinkedSymbol("t", "s1")}
    math = parsed(r"\sym{E}_{\sym{t}}", symbols)
    scripted = math.find(".//msubsup")
    assert [text_of(part) for part in scripted] == ["E", "t", "pos"]
    assert [part.get("class") for part in scripted] == ["s0", "s1", "s0"]
    assert [part.get("tabindex") for part in scripted] == ["0", "0", None]
    assert [text_of(part) for part in parsed(r"\sym{k}^2", {"k": ("W_K", "s0")}).find(".//msubsup")] == [
        "W",
        "K",
        "2",
    ]


def test_a_symbol_of_one_part_has_no_wrapper_and_no_alternative_text():
    alone = parsed(r"\sym{width}")
    assert alone.get("alttext") is None
    assert [(part.tag, part.get("class")) for part in alone] == [("msub", "t2")]
    (row,) = parsed(r"\sym{sum}", {"sum": LinkedSymbol("a+b", "t0")})
    assert row.tag == "mrow" and [part.text for part in row] == ["a", "+", "b"]


def test_alternative_text_is_the_latex_of_the_paper():
    alternative = parsed(ATTENTION).get("alttext")
    assert alternative == r"\mathrm{Attention}(Q,K,V)=\mathrm{softmax}\!\left(\frac{QK^{\top}}{\sqrt{d_k}}\right)V"


def test_a_command_does_not_run_into_the_next_letter():
    assert printed(r"\sym{g}x", {"g": r"\gamma"}) == r"\gamma x"
    assert printed(r"\sym{g}+1", {"g": r"\gamma"}) == r"\gamma+1"


def test_parentheses_around_a_fraction_stretch_and_others_do_not():
    operators = [element for element in parsed(ATTENTION).iter("mo") if element.text in ("(", ")")]
    assert [element.get("stretchy") for element in operators] == ["false", "false", None, None], "they do by default"


def test_inline_and_display_style():
    assert "display" not in render("x", {}, display=False)
    assert 'display="block"' in render("x", {})


@pytest.mark.parametrize(
    ("latex", "message"), [(r"\sym{nobody}", "nobody"), (r"\frac{1}{", "typeset"), (r"\nosuchcommand x", "nosuch")]
)
def test_what_cannot_be_typeset_is_said(latex, message):
    with pytest.raises(HfreaderError, match=message):
        render(latex, SYMBOLS)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\mathrm{softmax}(x)", ["softmax", "(", "x", ")"]),
        (r"\mathbb{R}\mathcal{L}", ["ℝ", "ℒ"]),
        (r"\arg\max_j x", ["arg\u2009max", "j", "x"]),
        (r"\hat{x}", ["x", "ˆ"]),
        (r"a\odot b", ["a", "⊙", "b"]),
        (r"x_1,\dots,x_h", ["x", "1", ",", "…", ",", "x", "h"]),
    ],
)
def test_what_is_printed(latex, expected):
    assert words(latex) == expected


def test_a_single_upright_letter_stays_upright():
    variants = [element.get("mathvariant") for element in convert(r"\mathrm{E}x\Phi\phi").iter("mi")]
    assert variants == ["normal", None, "normal", None]


def test_norms_do_not_stretch_and_slashes_stand_close():
    operators = {element.text: element for element in convert(r"\lVert x\rVert/y").iter("mo")}
    assert operators["‖"].get("stretchy") == "false"
    assert operators["/"].get("lspace") == "0"


def test_functions_are_spaced_as_in_tex():
    tags = [element.tag for element in convert(r"a\log b")]
    assert tags == ["mi", "mspace", "mi", "mspace", "mi"]
    assert convert(r"\log(b)").find(".//mspace") is None


def test_nothing_is_written_that_is_taken_for_granted():
    fences = [element.attrib for element in convert(r"\left(\frac{\mathrm{ab}}{c}\right)x").iter("mo")]
    assert fences == [{}, {}]
    assert [element.get("stretchy") for element in convert("(x)").iter("mo")] == ["false", "false"]
    assert "alttext" not in render("a+b", {}, alternative=False) and "alttext" in render("a+b", {})


def test_a_minus_after_a_bracket_is_a_sign():
    signs = [element.get("form") for element in convert(r"[-x]-y").iter("mo") if element.text == "−"]
    assert signs == ["prefix", None]


def test_operators_in_scripts_stand_close():
    inside, outside = [element.get("lspace") for element in convert(r"x_{t+1}+y").iter("mo")]
    assert (inside, outside) == ("0", None)


def test_cases_are_aligned_left():
    cells = list(convert(r"\begin{cases}0 & j\le i\\ -\infty & \text{otherwise}\end{cases}").iter("mtd"))
    assert len(cells) == 4 and all(cell.get("style") == "text-align:left" for cell in cells)


@given(st.lists(st.sampled_from("abQK"), min_size=1, max_size=8))
def test_as_many_linked_elements_as_symbols_in_the_latex(names):
    symbols = {name: LinkedSymbol(name.upper(), f"s-{name}") for name in "abQK"}
    math = parsed("+".join(rf"\sym{{{name}}}" for name in names), symbols)
    found = [element.get("class") for element in math.iter() if element.get("class")]
    assert found == [f"s-{name}" for name in names]


@pytest.mark.parametrize("slug", sorted(catalogue()))
def test_every_equation_of_the_catalogue_renders_without_leftovers(slug):
    concept = catalogue()[slug]
    symbols = {item.name: LinkedSymbol(item.latex, "") for item in concept.symbols}
    for latex in concept.equations:
        shown = text_of(ElementTree.fromstring(render(latex, symbols)))
        assert not re.search(r"[\\{}_^]sym|\\|[\ue000-\uf8ff]", shown), shown
