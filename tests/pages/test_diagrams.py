import re
from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from hfreader.facts.analysis import Diagram, DiagramEdge, DiagramNode
from hfreader.pages.diagrams import GRID, LABEL_SIZE, dot_source, draw, text_width
from hfreader.pages.layout import layout_many
from tests.facts_builder import make_diagram, place

SHAPES = {1: "(B, heads, T, head_dim)", 2: "(B, heads, T, T)"}
LINKS = {0: "#L11", 1: "#L12", 2: "#eager", 3: "#L20"}


def drawing(diagram=None, **changes):
    arguments = {"labels": SHAPES, "links": LINKS, "symbol_css": {"attention:Q": "t0"}} | changes
    return ElementTree.fromstring(draw(diagram or make_diagram(), **arguments)).find("div")


def boxes(picture):
    return [element for element in picture if element.tag != "svg"]


def sizes(element):
    return {name: int(value) for name, value in re.findall(r"--(\w):(\d+)", element.get("style"))}


def test_dot_can_be_saved_and_names_labels_and_shapes():
    source = dot_source(make_diagram(), SHAPES)
    assert source.startswith("digraph")
    assert "self.query\n(B, heads, T, head_dim)" in source
    assert "n3 -> n1 [constraint=false style=dashed]" in source


def test_boxes_link_to_their_lines():
    assert [link.get("href") for link in drawing().iter("a")] == ["#L11", "#L12", "#eager", "#L20"]
    assert len(drawing().findall("span")) == 1, "a box without an address is no link"


def test_boxes_carry_their_kind_and_their_symbols():
    kinds = [element.get("class") for element in boxes(drawing())]
    assert kinds == ["hf-input", "hf-module t0", "hf-function", None, "hf-output"]


def test_labels_are_text_whatever_they_hold():
    assert ("eager <b>", "(B, heads, T, T)") in [(box.text, box.get("data-s")) for box in boxes(drawing())]


def test_accessible_name_and_scroll_box():
    drawn = draw(make_diagram(), {}, {})
    assert drawn.startswith('<div class="hf-diagram" role="group" aria-label="Dataflow of ToyAttention.forward">')


def test_the_way_back_of_a_loop_is_marked():
    assert [path.get("class") for path in drawing().iter("path")] == [None, "hf-repeat"]


def test_nothing_lies_outside_the_picture():
    picture = drawing()
    whole = sizes(picture)
    for box in map(sizes, boxes(picture)):
        assert box["x"] >= 0 and box["x"] + box["w"] <= whole["w"]
        assert box["y"] >= 0 and box["y"] + 6 <= whole["h"]


def test_edges_lead_from_the_right_of_a_box_to_the_left_of_another():
    nodes = tuple(DiagramNode(i, f"self.layer_{i}", "module", place(12, "query")) for i in range(3))
    picture = drawing(Diagram("m.Chain", "forward", nodes, (DiagramEdge(0, 1), DiagramEdge(1, 2))), labels={}, links={})
    first, second, third = map(sizes, boxes(picture))
    tip = "m-1-1 1 1-1 1"
    middle = first["y"] + 3
    gaps = [(one["x"] + one["w"], other["x"]) for one, other in ((first, second), (second, third))]
    drawn = picture.find("svg/path").get("d")
    assert drawn == "".join(f"M{start} {middle}h{end - start}{tip}" for start, end in gaps)


def test_a_layout_made_beforehand_gives_the_same_picture():
    layout = layout_many([dot_source(make_diagram(), SHAPES)])[0]
    assert draw(make_diagram(), SHAPES, LINKS, layout=layout) == draw(make_diagram(), SHAPES, LINKS)


def test_a_diagram_without_edges_is_drawn():
    alone = replace(make_diagram(), edges=())
    assert drawing(alone).find("svg/path") is None


def test_thirty_boxes_stay_small():
    nodes = tuple(DiagramNode(i, f"self.layer_{i}", "module", place(12, "query")) for i in range(30))
    chain = Diagram("m.Chain", "forward", nodes, tuple(DiagramEdge(i, i + 1) for i in range(29)))
    labels = dict.fromkeys(range(30), "(B, T, hidden)")
    assert len(draw(chain, labels, {i: f"#L{i}" for i in range(30)})) < 4500


@settings(deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=30))
def test_any_label_survives_dot_and_fits_its_box(label):
    node = DiagramNode(0, label, "operation", place(12, "query"))
    picture = drawing(Diagram("m.Any", "forward", (node,), ()), labels={}, links={}, symbol_css={})
    assert (picture.find("span").text or "") == label
    assert GRID * sizes(picture.find("span"))["w"] >= text_width(label, LABEL_SIZE)


def test_wide_characters_count_twice():
    assert text_width("注意", 10) == 2 * text_width("ab", 10)
