"""LaTeX to MathML Core: latex2mathml, and repairs of what browsers would show differently from TeX."""

import re
from collections.abc import Callable, Iterable
from html import unescape
from itertools import pairwise
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

_MISSING_COMMANDS = ((r"\arg\max", r"\argmax"), (r"\arg\min", r"\argmin"), (r"\arg", r"\operatorname{arg}"))
_SPACES = {"negativethinmathspace": "-0.167em", "negativemediummathspace": "-0.222em", "thinmathspace": "0.167em"}
_ORDINARY = frozenset("∞⊤⊥∅∀∃′″‴…⋯")
_UNSPACED = frozenset("/|‖.")
_OPENING = frozenset("([{⌊⌈⟨")
_CLOSING = frozenset(")]}⌋⌉⟩")
_ACCENTS = {"^": "ˆ", "~": "˜", "―": "¯", "¯": "¯", "˙": "˙", "¨": "¨", "→": "→"}
_LIMITS = frozenset(("max", "min", "lim", "sup", "inf", "arg\u2009max", "arg\u2009min"))
_SCRIPTED = frozenset(("msub", "msup", "msubsup", "munder", "mover", "munderover"))
_THIN_SPACE = "0.167em"

# First code points of the alphabets that MathML Core has no attribute for: capital A and small a.
_ALPHABETS = {
    "bold": (0x1D400, 0x1D41A),
    "script": (0x1D49C, 0x1D4B6),
    "fraktur": (0x1D504, 0x1D51E),
    "double-struck": (0x1D538, 0x1D552),
    "sans-serif": (0x1D5A0, 0x1D5BA),
    "monospace": (0x1D670, 0x1D68A),
}
# Letters of those alphabets that Unicode had encoded before (Letterlike Symbols).
_LETTERLIKE = {
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
}


def convert(latex: str, display: bool = True) -> Element:
    """The `<math>` element for a formula; `display` chooses the block style of TeX."""
    for command, spelling in _MISSING_COMMANDS:
        latex = re.sub(re.escape(command) + r"(?![A-Za-z])", spelling.replace("\\", r"\\"), latex)
    math: Element = convert_to_element(latex, display="block" if display else "inline")
    math.attrib.pop("xmlns")
    if not display:
        math.attrib.pop("display")  # MathML's default
    _repair(math, display)
    for element in math.iter():
        element.attrib.pop("fence", None)  # draws nothing
    for element in math.iter():
        _leave_out_defaults(element)
    if len(math) == 1 and math[0].tag == "mrow" and not math[0].attrib:
        replace_children(math, list(math[0]))
    return math


def replace_children(parent: Element, children: Iterable[Element]) -> None:
    """Put `children` in the place of all children of `parent`."""
    parent[:] = list(children)


def _repair(element: Element, display: bool) -> None:
    for child in element:
        _repair(child, display)
    for repair in _REPAIRS:
        repair(element)
    if display:
        _limits_below(element)
    if element.tag in ("mrow", "math", "mtd", "mstyle", "msqrt"):
        _unary_signs(element)
        replace_children(element, _spaced_functions(_merged_words(element)))
    replace_children(element, (_unwrapped(child) for child in element))


def _leave_out_defaults(row: Element) -> None:
    """Pages hold thousands of formulas: nothing is written that MathML Core takes for granted."""
    if row.tag == "mi" and len(row.text or "") > 1 and row.get("mathvariant") == "normal":
        del row.attrib["mathvariant"]
    if row.tag == "mrow" and len(row) > 1:
        for fence, form, known in ((row[0], "prefix", _OPENING), (row[-1], "postfix", _CLOSING)):
            if fence.text in known and fence.attrib == {"stretchy": "true", "form": form}:
                fence.attrib.clear()


def _text(element: Element) -> None:
    if element.text is None:
        return
    text = unescape(element.text)
    # latex2mathml spells the letter of \mathrm{E} as an entity, the letter of a plain E as itself.
    # TeX sets capital Greek letters upright.
    upright_latin = text != element.text and text.isascii() and text.isalpha()
    if element.tag == "mi" and (upright_latin or (len(text) == 1 and "Α" <= text <= "Ω")):
        element.set("mathvariant", "normal")
    element.text = text


def _alphabet(element: Element) -> None:
    variant = element.get("mathvariant")
    if variant not in _ALPHABETS or element.text is None:
        return
    capital, small = _ALPHABETS[variant]
    special = _LETTERLIKE.get(variant, {})
    shift = {ord(c): special.get(c, chr(capital + ord(c) - ord("A"))) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    shift |= {ord(c): special.get(c, chr(small + ord(c) - ord("a"))) for c in "abcdefghijklmnopqrstuvwxyz"}
    element.text = element.text.translate(shift)
    del element.attrib["mathvariant"]


def _operator(element: Element) -> None:
    text = element.text or ""
    if element.tag == "mo" and text in _ORDINARY:
        element.tag = "mi"
        element.attrib.clear()
    elif element.tag == "mo" and text in _UNSPACED and "minsize" not in element.attrib and "form" not in element.attrib:
        element.attrib.update(stretchy="false", lspace="0", rspace="0")
    elif element.tag == "mi" and text in _OPENING | _CLOSING:
        element.tag = "mo"
        element.attrib.update(stretchy="false", form="prefix" if text in _OPENING else "postfix")
    elif element.tag == "mo" and _is_word(element):
        if text in _LIMITS:
            element.attrib.update(lspace="0", rspace="0")
        else:
            element.tag = "mi"
            element.attrib.clear()


def _space(element: Element) -> None:
    if element.tag == "mspace" and (width := element.get("width")) in _SPACES:
        element.set("width", _SPACES[width])


def _accent(element: Element) -> None:
    if element.tag == "mover" and element[1].tag == "mo" and (mark := element[1].text or "") in _ACCENTS:
        element.set("accent", "true")
        element[1].text = _ACCENTS[mark]
        element[1].attrib.clear()
        element[1].set("stretchy", "true" if len(element[0]) > 1 else "false")


def _cell(element: Element) -> None:
    if element.tag == "mtd" and (align := element.attrib.pop("columnalign", None)):
        element.set("style", f"text-align:{align}")


def _script(element: Element) -> None:
    """TeX sets operators in scripts without spaces: x_{t+1}."""
    if element.tag in _SCRIPTED and element.get("accent") is None:
        for script in element[1:]:
            for operator in script.iter("mo"):
                operator.attrib.update(lspace="0", rspace="0")


_REPAIRS: tuple[Callable[[Element], None], ...] = (_text, _alphabet, _operator, _space, _accent, _script, _cell)


def _limits_below(element: Element) -> None:
    if element.tag == "msub" and element[0].text in _LIMITS:
        element.tag = "munder"


def _unary_signs(row: Element) -> None:
    for before, child in pairwise(row):
        if child.text in ("−", "+") and before.tag == "mo" and before.text not in _CLOSING:
            child.set("form", "prefix")


def _merged_words(row: Element) -> list[Element]:
    """\\mathrm{softmax} comes as seven identifiers: one word reads (and is spaced) as one."""
    merged: list[Element] = []
    for child in row:
        last = merged[-1] if merged else None
        if last is not None and _is_upright(child) and _is_upright(last):
            last.text = (last.text or "") + (child.text or "")
        else:
            merged.append(child)
    return merged


def _spaced_functions(children: list[Element]) -> list[Element]:
    """TeX's thin space between `log` and its neighbours where no parenthesis or operator stands between."""
    spaced: list[Element] = []
    for before, child in zip([None, *children], children, strict=False):
        if before is not None and _is_function(before) != _is_function(child) and _is_operand(before, child):
            spaced.append(Element("mspace", width=_THIN_SPACE))
        spaced.append(child)
    return spaced


def _is_operand(*elements: Element) -> bool:
    return all(_is_function(element) or element.tag not in ("mo", "mspace", "mtext") for element in elements)


def _is_function(element: Element) -> bool:
    if element.tag in ("msub", "msup", "msubsup", "munder"):
        return _is_function(element[0])
    return element.tag in ("mi", "mo") and element.get("mathvariant") is None and _is_word(element)


def _is_word(element: Element) -> bool:
    text = (element.text or "").replace(" ", "").replace("\u2009", "")
    return len(text) > 1 and text.isascii() and text.isalpha()


def _is_upright(element: Element) -> bool:
    return element.tag == "mi" and element.get("mathvariant") == "normal"


def _unwrapped(element: Element) -> Element:
    return element[0] if element.tag == "mrow" and not element.attrib and len(element) == 1 else element
