from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from hfreader.facts.analysis import Diagram, DiagramEdge, DiagramNode
from hfreader.pages.diagrams import LABEL_SIZE, dot_source, draw, text_width
from hfreader.pages.layout import layout_many
from tests.facts_builder import make_diagram, place

SHAPES = {1: "(B, heads, T, head_dim)", 2: "(B, heads, T, T)"}
LINKS = {0: "#L11", 1: "#L12", 2: "#eager", 3: "#L20"}


def svg(diagram=None, **changes):
    arguments = {"labels": SHAPES, "links": LINKS, "symbol_css": {"attention:Q": "t0"}} | changes
    return ElementTree.fromstring(draw(diagram or make_diagram(), **arguments)).find("svg")


def test_dot_can_be_saved_and_names_labels_and_shapes():
    source = dot_source(make_diagram(), SHAPES)
    assert source.startswith("digraph")
    assert "self.query\n(B, heads, T, head_dim)" in source
    assert "n3 -> n1 [constraint=false style=dashed]" in source


def test_boxes_link_to_their_lines():
    assert [link.get("href") for link in svg().iter("a")] == ["#L11", "#L12", "#eager", "#L20"]
    assert len(svg().findall("g")) == 1, "a box without an address is no link"


def test_boxes_carry_their_kind_and_their_symbols():
    kinds = [element.get("class") for element in svg() if element.tag in ("a", "g")]
    assert kinds == ["hf-input", "hf-module t0", "hf-function", None, "hf-output"]


def test_labels_are_text_whatever_they_hold():
    texts = [element.text for element in svg().iter("text")]
    assert "eager <b>" in texts and "(B, heads, T, T)" in texts


def test_accessible_name_and_scroll_box():
    drawn = draw(make_diagram(), {}, {})
    assert drawn.startswith('<div class="hf-diagram">')
    assert 'role="group" aria-label="Dataflow of ToyAttention.forward"' in drawn


def test_the_way_back_of_a_loop_is_marked():
    assert [path.get("class") for path in svg().iter("path")] == ["hf-edge", "hf-edge hf-repeat", "hf-head"]


def test_nothing_lies_outside_the_picture():
    picture = svg()
    left, top, width, height = map(float, picture.get("viewBox").split())
    for box in picture.iter("rect"):
        x, y = float(box.get("x")), float(box.get("y"))
        assert left <= x and x + float(box.get("width")) <= left + width
        assert top <= y and y + float(box.get("height")) <= top + height


def test_a_layout_made_beforehand_gives_the_same_picture():
    layout = layout_many([dot_source(make_diagram(), SHAPES)])[0]
    assert draw(make_diagram(), SHAPES, LINKS, layout=layout) == draw(make_diagram(), SHAPES, LINKS)


def test_a_diagram_without_edges_is_drawn():
    alone = replace(make_diagram(), edges=())
    assert svg(alone).find("path") is None


def test_thirty_boxes_stay_small():
    nodes = tuple(DiagramNode(i, f"self.layer_{i}", "module", place(12, "query")) for i in range(30))
    chain = Diagram("m.Chain", "forward", nodes, tuple(DiagramEdge(i, i + 1) for i in range(29)))
    labels = dict.fromkeys(range(30), "(B, T, hidden)")
    assert len(draw(chain, labels, {i: f"#L{i}" for i in range(30)})) < 9000


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=30))
def test_any_label_survives_dot_and_fits_its_box(label):
    node = DiagramNode(0, label, "operation", place(12, "query"))
    picture = svg(Diagram("m.Any", "forward", (node,), ()), labels={}, links={}, symbol_css={})
    assert "".join(picture.find("g/text").itertext()) == label
    assert float(picture.find("g/rect").get("width")) >= text_width(label, LABEL_SIZE)


def test_wide_characters_count_twice():
    assert text_width("注意", 10) == 2 * text_width("ab", 10)
