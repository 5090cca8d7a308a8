r"""Equations of concepts as MathML, each symbol an element that can be hovered, focused and styled."""

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import NamedTuple
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

from hfreader.concepts.equations import symbols_in
from hfreader.concepts.model import SYMBOL, printed
from hfreader.errors import HfreaderError
from hfreader.pages.mathml import convert

_PLACEHOLDERS = 0xE000


class LinkedSymbol(NamedTuple):
    """How a symbol is printed, and the CSS classes that link it to code ("" where it is linked to nothing)."""

    latex: str
    css: str


def render(
    latex: str, symbols: Mapping[str, tuple[str, str]], display: bool = True, alternative: bool = True
) -> Markup:
    r"""MathML of an equation in which `\sym{name}` stands for each linked symbol.

    `symbols` gives each name its `LinkedSymbol`. A whole equation has its LaTeX as alternative text unless that is
    not wanted (`alternative`), a symbol alone has none. HfreaderError where a name is missing or the LaTeX is unknown.
    """
    names = symbols_in(latex)
    if missing := [name for name in names if name not in symbols]:
        raise HfreaderError(f"equation {latex!r} uses the undeclared symbol {missing[0]!r}: add it to `symbols`")
    given = [LinkedSymbol(*symbols[name]) for name in names]
    looks = tuple((name, one.latex, bool(one.css)) for name, one in zip(names, given, strict=True))
    html = _typeset(latex, looks, display, alternative and not SYMBOL.fullmatch(latex))
    for index, one in enumerate(given):
        html = html.replace(_placeholder(index), one.css)
    return Markup(html)


def _placeholder(index: int) -> str:
    """A character of private use: the symbol in LaTeX, and then its class in MathML."""
    return chr(_PLACEHOLDERS + index)


@lru_cache(maxsize=8192)
def _typeset(latex: str, looks: tuple[tuple[str, str, bool], ...], display: bool, alternative: bool) -> str:
    """MathML with placeholders for the classes of symbols, of which name, LaTeX and whether they have classes are
    given: the same equations stand in most blocks of a site, each time with other classes."""
    linked = {
        _placeholder(index): LinkedSymbol(printed_as, _placeholder(index) if has_css else "")
        for index, (_, printed_as, has_css) in enumerate(looks)
    }
    held = {name: _placeholder(index) for index, (name, _, _) in enumerate(looks)}
    math = _converted(SYMBOL.sub(lambda found: f"{{{held[found[1]]}}}", latex), display)
    for element in list(math.iter()):
        if len(element) and element[0].text in linked:
            _join_scripts(element, linked[element[0].text or ""])
    for element in list(math.iter()):
        if element.text in linked:
            _put_symbol(element, linked[element.text or ""])
    if alternative:
        math.set("alttext", printed(latex, {name: printed_as for name, printed_as, _ in looks}))
    return tostring(math, encoding="unicode")


def _converted(latex: str, display: bool) -> Element:
    """The element of a formula, for the caller to change: the same symbols stand in most blocks of a site."""
    return deepcopy(_conversion(latex, display))


@lru_cache(maxsize=4096)
def _conversion(latex: str, display: bool) -> Element:
    try:
        math = convert(latex, display)
    except Exception as error:
        raise HfreaderError(f"cannot typeset the equation {latex!r}: {error}") from error
    if unknown := next((element.text for element in math.iter() if "\\" in (element.text or "")), None):
        raise HfreaderError(f"cannot typeset the equation {latex!r}: unknown command {unknown}")
    return math


def _put_symbol(element: Element, symbol: LinkedSymbol) -> None:
    """Turn the placeholder into the symbol, in place (its tag, text and attributes change)."""
    own = list(_converted(symbol.latex, display=False))
    alone = own[0] if len(own) == 1 else Element("mrow")
    element.tag, element.text = alone.tag, alone.text
    element.attrib.clear()
    element.attrib.update(alone.attrib | _attributes(symbol))
    element.extend(alone if len(own) == 1 else own)


def _join_scripts(element: Element, symbol: LinkedSymbol) -> None:
    r"""Set the subscript of `\sym{table}_x`, whose symbol is printed `E^{pos}`, below `pos` and not behind it.

    The symbol's base and its own script are then two elements with the same classes; the first takes the focus.
    """
    own = _converted(symbol.latex, display=False)
    if (element.tag, own[0].tag) not in (("msub", "msup"), ("msup", "msub")) or len(own) != 1:
        return
    base, script = _linked_row(own[0][0], symbol), _linked_row(own[0][1], symbol)
    script.attrib.pop("tabindex", None)
    scripts = [element[1], script] if element.tag == "msub" else [script, element[1]]
    element.tag = "msubsup"
    element[:] = [base, *scripts]


def _linked_row(content: Element, symbol: LinkedSymbol) -> Element:
    row = Element("mrow", _attributes(symbol))
    row.append(content)
    return row


def _attributes(symbol: LinkedSymbol) -> dict[str, str]:
    return {"class": symbol.css, "tabindex": "0"} if symbol.css else {}
