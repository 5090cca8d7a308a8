"""Links that are written by what stands in the source, and told of where it no longer stands there."""

from dataclasses import replace

import pytest

from hfreader.errors import HfreaderError
from hfreader.pages.source_links import find, resolve_links, source_file
from tests.pages import toy
from tests.pages.shelf import Families

PAGES = frozenset({"models/toy"})


def link(target: str, text: str = "") -> str:
    title = f' title="{text}"' if text else ""
    return f'<p>See <a href="hf:{target}"{title}>the <em>line</em></a>.</p>'


@pytest.mark.parametrize(
    ("name", "text", "line", "anchor"),
    [
        ("#ToyAttention", "", "class ToyAttention", "ToyAttention"),
        ("#ToyAttention.forward", "", "def forward(self, hidden_states, past=None)", None),
        ("#ToyAttention.scaling", "", "self.scaling = ", None),
        ("#eager_attention_forward", "softmax(", "softmax(", None),
        ("#ToyModel.forward", "self.attention(", "return self.attention(", None),
        ("", "import torch", "import torch", None),
    ],
)
def test_a_link_leads_to_what_it_names(toy_book: Families, name: str, text: str, line: str, anchor: str | None):
    place, found = find(f"models/toy{name}", text, toy_book.snapshot)
    assert (place.file, place.span.line) == (toy.FILE, toy.line_of(line))
    assert found == (anchor or f"L{toy.line_of(line)}")


@pytest.mark.parametrize(
    ("target", "text", "reason"),
    [
        ("models/gone", "", "has no file models/gone/modeling_gone.py"),
        ("models/toy#ToyGone", "", "defines no ToyGone"),
        ("models/toy#ToyAttention.transpose_for_scores", "", "defines no ToyAttention.transpose_for_scores"),
        ("models/toy#ToyModel.forward", "softmax(", "no line of ToyModel.forward holds 'softmax('"),
    ],
)
def test_a_link_to_what_is_not_there_stays_text_and_is_told(toy_book: Families, target: str, text: str, reason: str):
    with pytest.raises(HfreaderError, match=r"defines no|has no file|no line of"):
        find(target, text, toy_book.snapshot)
    told: list[str] = []
    html = resolve_links(link(target, text), "study/x", toy_book.snapshot, PAGES, told.append)
    assert "<a" not in html and "the <em>line</em>" in html
    assert len(told) == 1 and reason in told[0] and f"hf:{target}" in told[0]


def test_on_the_site_a_class_leads_to_its_block_and_a_line_to_itself(toy_book: Families):
    def resolved(target: str, text: str = "") -> str:
        return resolve_links(link(target, text), "study/x", toy_book.snapshot, PAGES, pytest.fail)

    assert 'href="../models/toy.html#ToyAttention"' in resolved("models/toy#ToyAttention")
    number = toy.line_of("softmax(")
    html = resolved("models/toy#eager_attention_forward", "softmax(")
    assert f'href="../models/toy.html#L{number}"' in html and f'data-line="{number}"' in html
    assert 'href="../models/toy.html"' in resolved("models/toy")


def test_without_a_page_a_link_leads_upstream_or_says_where(toy_book: Families):
    html = link("models/toy#ToyModel.forward")
    number = toy.line_of("def forward(self, hidden_states):")
    upstream = resolve_links(html, "index", toy_book.snapshot, (), pytest.fail)
    assert f"/blob/{toy.COMMIT}/src/transformers/{toy.FILE}#L{number}" in upstream
    installed = replace(toy_book.snapshot, commit=None)
    said = resolve_links(html, "index", installed, (), pytest.fail)
    assert "<a" not in said and f'title="{toy.FILE}:{number}">(modeling_toy.py:{number})' in said


def test_other_links_are_left_alone(toy_book: Families):
    html = '<a href="x.html">x</a> <a href="https://arxiv.org/abs/1706.03762" title="y">y</a>'
    assert resolve_links(html, "index", toy_book.snapshot, PAGES, pytest.fail) == html


def test_a_file_is_named_in_short_or_whole():
    assert source_file("models/bert") == "models/bert/modeling_bert.py"
    assert source_file("models/bert/configuration_bert.py") == "models/bert/configuration_bert.py"
    assert source_file("masking_utils.py") == "masking_utils.py"
