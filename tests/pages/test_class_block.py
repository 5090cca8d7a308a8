from dataclasses import replace

import pytest
from msgspec import structs

from hfreader.concepts.model import Text
from hfreader.facts.mapping import Part, Role
from hfreader.pages import class_block
from hfreader.pages.class_block import ClassBlock
from hfreader.pages.file_context import FileContext
from hfreader.pages.sections import Section
from tests.pages import toy
from tests.pages.html import Element, code_of, parse
from tests.pages.shelf import Families


@pytest.fixture(scope="session")
def block(attention_html: str) -> Element:
    return parse(attention_html).all("section")[0]


def lit(block: Element, number: int) -> list[str]:
    """The text of all code tokens that light with a symbol."""
    return [element.text for element in block.all("b") if element.classes & {f"s{number}", f"t{number}"}]


def test_code_is_byte_for_byte_the_source(block: Element):
    first = toy.line_of("# Copied from")
    own = {anchor: text for anchor, text in code_of(block).items() if anchor.startswith("L")}
    assert own == {f"L{n}": toy.LINES[n - 1] + "\n" for n in range(first, first + len(own))}
    assert toy.LINES[first + len(own) - 2] == "        return attn_output"


def test_a_symbol_is_explained_once_on_a_page(toy_context: FileContext, toy_sections: dict[str, Section]):
    (match,) = toy_context.matches(f"{toy.MODULE}.ToyAttention")
    later = replace(match, owner=f"{toy.MODULE}.ToyModel")
    context = FileContext(
        toy_context.site, toy_context.family, replace(toy_context.analysis, matches=(later, match)), toy.CONCEPTS
    )
    first, second = (parse(ClassBlock(context, toy_sections[name]).html()) for name in ("ToyAttention", "ToyModel"))
    assert first.all("ul", "hf-glossary")
    assert not second.all("ul", "hf-glossary") and second.all("div", "hf-equation")
    (cite,) = second.all("p", "hf-cite")
    assert cite.all("a")[0].attributes["href"] == "#ToyAttention"


def test_a_symbol_lights_its_tokens_in_the_class_and_in_the_function_opened_in_place(block: Element):
    numbers = {name: number for number, name in enumerate(symbol.name for symbol in toy.CONCEPT.symbols)}
    assert lit(block, numbers["query"]) == ["query_layer", "query"]
    assert lit(block, numbers["key"]) == ["key"]
    assert lit(block, numbers["scale"]) == ["self.scaling", "scaling"]
    assert lit(block, numbers["d_k"]) == []


def test_a_symbol_lights_its_shape_and_its_box(block: Element):
    shapes = [hint.attributes["data-s"] for hint in block.all("i", "s0")]
    assert shapes == ["(B, heads, T, head_dim)"]
    assert [box.text for box in block.all(css="hf-diagram")[0].all(css="t0")] == ["query"]


def test_a_module_lights_with_the_symbol_that_stands_for_it(toy_context: FileContext, toy_sections: dict[str, Section]):
    block = ClassBlock(toy_context, toy_sections["ToyAttention"])
    (diagram,) = toy_context.analysis.diagrams
    use = next(use for match in block.uses for use in match.symbols if use.tokens)
    token = use.tokens[0]
    call = structs.replace(token, span=structs.replace(token.span, end_column=token.span.end_column + 3))
    node = replace(diagram.nodes[1], kind="module", symbols=(), place=call)
    assert block._node_symbols(node) == (use.css,)
    assert block._node_symbols(replace(node, kind="operation")) == ()


def test_the_fullest_cards_are_open_and_the_others_folded(
    monkeypatch: pytest.MonkeyPatch, toy_context: FileContext, toy_sections: dict[str, Section]
):
    match = toy_context.matches(f"{toy.MODULE}.ToyAttention")[0]
    thin = replace(match, concept="thin", bindings=match.bindings[:1])
    repeated = replace(match, place=structs.replace(match.place, span=structs.replace(match.place.span, line=15)))
    analysis = replace(toy_context.analysis, matches=(match, thin, repeated))
    concepts = {**toy.CONCEPTS, "thin": replace(toy.CONCEPT, slug="thin", name=Text("Thin", "薄"))}
    context = FileContext(toy_context.site, toy_context.family, analysis, concepts)
    monkeypatch.setattr(class_block, "_OPEN_CARDS", 1)
    titles = [title for title, _ in ClassBlock(context, toy_sections["ToyAttention"])._cards()]
    line = match.place.span.line
    assert titles[0] is None
    assert set(titles[1:]) == {f"Thin, at line {line}", f"{toy.CONCEPT.name.en} again, at line 15"}


def test_a_block_says_who_uses_it(toy_context: FileContext, toy_sections: dict[str, Section]):
    users = {}
    for name in ("ToyAttention", "eager_attention_forward", "ToyModel"):
        (meta,) = parse(ClassBlock(toy_context, toy_sections[name]).html()).all("p", "hf-meta")
        users[name] = [link.text for link in meta.all("a") if link.attributes["href"].startswith("#")]
    assert users == {"ToyAttention": ["ToyModel"], "eager_attention_forward": ["ToyAttention"], "ToyModel": []}


def test_a_block_tells_its_wiring_once_and_the_roles_that_no_card_tells(
    toy_context: FileContext, toy_sections: dict[str, Section]
):
    owner, wiring = f"{toy.MODULE}.ToyAttention", "y1 = key(x)"
    roles = tuple(Role(slug, owner, toy.match().place, (), wiring) for slug in (toy.CONCEPT.slug, "role"))
    concepts = {**toy.CONCEPTS, "role": replace(toy.CONCEPT, slug="role", name=Text("A role", "角色"))}
    analysis = replace(toy_context.analysis, roles=roles)
    context = FileContext(toy_context.site, toy_context.family, analysis, concepts)
    (meta,) = parse(ClassBlock(context, toy_sections["ToyAttention"]).html()).all("p", "hf-meta")
    assert " ".join(meta.text.split()).count("· role: A role · wiring: y1 = key(x) ·") == 1
    assert meta.text.count("role:") == meta.text.count(wiring) == 1
    unseen = (Part("cross", (), (), toy.match().place),)
    analysis = replace(toy_context.analysis, roles=(replace(roles[1], parts=unseen),))
    html = ClassBlock(
        FileContext(context.site, context.family, analysis, concepts), toy_sections["ToyAttention"]
    ).html()
    assert "wiring (one path, perhaps not the one that ran; other parts are left out): <code>y1 = key(x)</code>" in html


def test_dispatch_is_opened_in_place_right_below_its_call(block: Element):
    opened = block.all("details", "hf-opened")[0]
    assert "open" in opened.attributes
    assert opened.all("summary")[0].text == "eager ran here"
    assert f"ToyAttention-L{toy.EAGER}" in code_of(opened)
    tabs = opened.parent
    rows = tabs.parent.children
    above = [element for element in rows[: rows.index(tabs)] if isinstance(element, Element)][-1]
    assert list(code_of(above))[-1] == f"L{toy.CALL.span.end_line}"


def test_lines_that_did_not_run_are_marked_and_say_their_condition(block: Element):
    idle = [line.all("a")[0].attributes["id"] for line in block.all("span", "x")]
    past = toy.line_of("if past is not")
    mask = toy.line_of("if attention_mask")
    assert idle == [f"L{past + 2}", f"L{past + 3}", f"ToyAttention-L{mask + 1}"]
    notes = [note.text for note in block.all("p", "hf-idle")]
    assert notes[0] == f"Not run by any forward pass here: lines {past + 2}–{past + 3}; needs past is not None"


def test_what_only_handles_a_cache_is_folded_and_kept(block: Element):
    (fold,) = block.all("details", "hf-fold")
    first = toy.line_of("if past is not")
    assert "open" not in fold.attributes
    assert code_of(fold) == {f"L{line}": toy.LINES[line - 1] + "\n" for line in range(first, first + 4)}
    (head,) = fold.all("summary")
    assert head.text.count("\n") == 1 and f">{first}<" not in head.text
    assert [said.attributes["data-s"] for said in head.all("i", "q")] == ["⋯ 3 more lines: only the cache"]


def test_a_block_names_those_that_are_identical_to_it(toy_context: FileContext, toy_sections: dict[str, Section]):
    owner = f"{toy.MODULE}.ToyAttention"
    analysis = replace(toy_context.analysis, bodies={owner: "abc"})
    told = "5 models/other#OtherAttention models/toy#ToyAttention models/third#ThirdAttention"
    site = replace(toy_context.site, homes={"body abc": told})
    context = FileContext(site, toy_context.family, analysis, toy.CONCEPTS)
    (meta,) = parse(ClassBlock(context, toy_sections["ToyAttention"]).html()).all("p", "hf-meta")
    assert "identical in 4 other families: OtherAttention, ThirdAttention, all of them" in " ".join(meta.text.split())
    links = [link.attributes["href"] for link in meta.all("a")]
    assert {"other.html#OtherAttention", "../concepts/toy-attention.html#in-toy"} <= {
        link.removeprefix("../models/") for link in links
    }
    assert context.alike(f"{toy.MODULE}.ToyModel") is None


def test_shapes_are_attributes_with_the_numbers_beside(block: Element):
    hint = next(hint for hint in block.all("i", "h") if hint.attributes["data-s"].startswith("(B, heads, T, head_dim)"))
    assert hint.text == "" and hint.attributes["data-n"] == "(1, 2, 3, 4)"


def test_weights_are_described(block: Element):
    notes = [note.text for row in block.all("div", "hf-notes") for note in row.all("p")]
    notes = [note for note in notes if note.endswith(" weights") and ":" in note]
    assert notes == ["query: Linear, hidden_size → hidden_size, 72 weights"]


def test_how_sure_we_are_is_said(block: Element, toy_context: FileContext, toy_sections: dict[str, Section]):
    assert "proven (max rel. error 3e-16; 12 executions" in block.all("p", "hf-proof")[0].text
    other = parse(ClassBlock(toy_context, toy_sections["eager_attention_forward"]).html())
    assert "DISPROVEN" in other.all("p", "hf-disproven")[0].text


def test_what_was_not_run_claims_nothing(toy_book: Families, toy_sections: dict[str, Section]):
    family = type(toy_book.families[0])("toy", toy_book.families[0].analyses, None)
    context = FileContext(toy_book.site, family, family.analyses[0], toy.CONCEPTS)
    root = parse(ClassBlock(context, toy_sections["ToyAttention"]).html())
    assert "matched, not proven: the family was not run" in root.all("p", "hf-proof")[0].text
    assert not root.all("i", "h") and not root.all("span", "x")
    assert root.all("details", "hf-opened")[0].all("summary")[0].text == "eager_attention_forward by default; not run"


def test_a_script_in_a_docstring_stays_text(attention_html: str, block: Element):
    assert "<script" not in attention_html
    assert '<script>alert("class")</script>' in block.text


def test_a_box_is_labelled_by_values_of_its_own_function_only(toy_context: FileContext):
    (diagram,) = toy_context.analysis.diagrams
    query = diagram.nodes[1]
    elsewhere = toy.at(toy.line_of("softmax("), "attn_weights")
    operation = replace(query, kind="operation")
    labels = [
        toy_context.labels(replace(diagram, nodes=(replace(operation, values=values),)), "ToyAttention")
        for values in (query.values, (elsewhere,), (elsewhere, *query.values))
    ]
    assert labels == [{1: "(B, heads, T, head_dim)"}, {}, {1: "(B, heads, T, head_dim)"}]
    module = replace(diagram, nodes=(replace(query, values=(elsewhere,)),))
    assert toy_context.labels(module, "ToyAttention") == {1: "(B, T, hidden_size)"}, "what the module itself gave"
