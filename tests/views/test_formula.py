"""Equations in a terminal."""

import pytest

from hfreader.concepts import catalogue
from hfreader.concepts.model import printed
from hfreader.views.formula import formula


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\mathrm{softmax}\!\left(\frac{Q\,K^{\top}}{\sqrt{d_k}}+M\right)V", "softmax((Q K^⊤)/√(d_k) +M)V"),
        (r"\tfrac{1}{n}\sum_{i=1}^{n}a_i^2", "1/n ∑_(i=1)^na_i^2"),
        (r"h_l=\mathrm{Layer}_l(h_{l-1})", "h_l=Layer_l(h_(l-1))"),
        (r"M=\begin{cases}0 & j\le i\\-\infty & j>i\end{cases}", "M=0, j≤i;  -∞, j>i"),
        (r"W_2^{(i)},\quad y", "W_2^(i),  y"),
    ],
)
def test_what_latex_says_is_seen_in_text(latex: str, text: str) -> None:
    assert formula(latex) == text


@pytest.mark.parametrize("slug", sorted(catalogue()))
def test_no_command_is_left_in_an_equation_of_the_catalogue(slug: str) -> None:
    for latex in catalogue()[slug].printed:
        assert r"\sym" not in latex
        assert "\\" not in formula(latex)


def test_a_symbol_does_not_grow_together_with_the_command_before_or_after_it() -> None:
    assert printed(r"a,\quad\sym{u}=\sym{phi}x", {"u": "u", "phi": r"\phi"}) == r"a,\quad u=\phi x"
