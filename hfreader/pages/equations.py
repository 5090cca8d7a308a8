r"""Equations of concepts as MathML, each symbol an element that can be hovered, focused and styled."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from hfreader.errors import HfreaderError
from hfreader.pages.mathml import convert

_SYMBOL = re.compile(r"\\sym\{([^{}]*)\}")
_PLACEHOLDERS = 0xE000


class LinkedSymbol(NamedTuple):
    """How a symbol is printed, the CSS classes that link it to code, and what it means (shown as a tooltip)."""

    latex: str
    css: str
    meaning: str


def render(latex: str, symbols: Mapping[str, tuple[str, str, str]], display: bool = True) -> Markup:
    r"""MathML of an equation in which `\sym{name}` stands for each linked symbol.

    `symbols` gives each name its `LinkedSymbol`. HfreaderError where a name is missing or the LaTeX is unknown.
    """
    names = list(dict.fromkeys(_SYMBOL.findall(latex)))
    if missing := [name for name in names if name not in symbols]:
        raise HfreaderError(f"equation {latex!r} uses the undeclared symbol {missing[0]!r}: add it to `symbols`")
    placeholders = {name: chr(_PLACEHOLDERS + index) for index, name in enumerate(names)}
    math = _converted(_SYMBOL.sub(lambda found: f"{{{placeholders[found[1]]}}}", latex), display)
    for name, placeholder in placeholders.items():
        for element in list(math.iter()):
            if element.text == placeholder:
                _put_symbol(element, LinkedSymbol(*symbols[name]))
    math.set("alttext", plain(latex, symbols))
    return Markup(tostring(math, encoding="unicode"))


def plain(latex: str, symbols: Mapping[str, tuple[str, str, str]]) -> str:
    r"""The LaTeX as a paper would print it: each `\sym{name}` replaced by the symbol's own LaTeX."""

    def own(found: re.Match[str]) -> str:
        text = symbols[found[1]][0]
        letter_follows = latex[found.end() : found.end() + 1].isalpha()
        return text + " " if letter_follows and re.search(r"\\[A-Za-z]+$", text) else text

    return _SYMBOL.sub(own, latex)


def _converted(latex: str, display: bool) -> Element:
    try:
        math = convert(latex, display)
    except Exception as error:
        raise HfreaderError(f"cannot typeset the equation {latex!r}: {error}") from error
    if unknown := next((element.text for element in math.iter() if "\\" in (element.text or "")), None):
        raise HfreaderError(f"cannot typeset the equation {latex!r}: unknown command {unknown}")
    return math


def _put_symbol(element: Element, symbol: LinkedSymbol) -> None:
    """Turn the placeholder into the symbol, in place (its tag, text and attributes change)."""
    element.tag, element.text = "mrow", None
    element.attrib.clear()
    element.attrib.update({"class": f"hf-sym {symbol.css}".strip(), "tabindex": "0", "data-meaning": symbol.meaning})
    for child in _converted(symbol.latex, display=False):
        element.append(child)
    if not len(element):
        SubElement(element, "mi")
