"""Equations in a terminal, as far as Unicode goes."""

import re

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import LatexNode

_SCRIPT = re.compile(r"([_^])\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_OPERATOR = re.compile(r"[-+±=⋅*/,\s⊙⊗]")
# Rows and columns (of cases) in one line; a small fraction is a fraction.
_SPELT = {r"\\": r";\quad ", r"\tfrac": r"\frac", r"\dfrac": r"\frac"}


def formula(latex: str) -> str:
    """An equation as text: `softmax((Q K^⊤)/√(d_k)+M)V`."""
    for command, spelt in _SPELT.items():
        latex = latex.replace(command, spelt)
    latex = re.sub(r"\s*&\s*", r",\\ ", latex)
    text = str(_CONVERTER.latex_to_text(_SCRIPT.sub(_script, latex)))
    return re.sub(r"\s{2,}", "  ", text.strip().replace("\n", " "))


def _script(found: re.Match[str]) -> str:
    """A subscript or superscript of several signs in parentheses, so that its end is seen."""
    content = formula(found[2])
    is_plain = len(content) == 1 or (content.startswith("(") and content.endswith(")"))
    return f"{found[1]}{{{content if is_plain else f'({content})'}}}"


def _fraction(node: LatexNode, l2tobj: LatexNodes2Text) -> str:
    above, below = (l2tobj.nodelist_to_text([part]) for part in node.nodeargd.argnlist[:2])
    return f"{_grouped(above)}/{_grouped(below)} "


def _grouped(text: str) -> str:
    return f"({text.strip()})" if _OPERATOR.search(text.strip()) else text.strip()


def _converter() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    fraction = MacroTextSpec("frac", simplify_repl=_fraction)
    context.add_context_category("fractions", prepend=True, macros=[fraction])
    return LatexNodes2Text(latex_context=context, math_mode="text")


_CONVERTER = _converter()
