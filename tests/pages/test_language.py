"""Pages in Chinese: every message of the interface has its translation, and what is written keeps its places."""

import keyword
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po

import hfreader.plugin
from hfreader.facts.matches import Proof
from hfreader.facts.phrases import Phrase, listed, phrase
from hfreader.pages.concept_page import render_concept
from hfreader.pages.implementers import implementers
from hfreader.pages.language import (
    LANGUAGES,
    LOCALE,
    catalogue,
    gettext,
    in_language,
    language,
    other,
    own,
    plain,
    said,
)
from hfreader.pages.model_page import model_page
from hfreader.pages.site import write_fragments
from hfreader.pages.typography import set_in_chinese
from hfreader.progress import silent
from tests.pages import toy
from tests.pages.html import Element, parse
from tests.pages.shelf import Families

PAGES = LOCALE.parent
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2), "noted": None, "other_gettext": None, "phrase": None}
FACTS = {"phrase": None, "NotCovered": None, "SwitchedOff": None}
METHODS = [("**.py", "python"), ("templates/trace_file.html", "ignore"), ("templates/**.html", "jinja2")]
PLACE = re.compile(r"%\(\w+\)s|%[.\w]+|\{\}|</?\w+>")


def messages() -> set[str]:
    """Every message that code and templates write."""
    options = {"templates/**.html": {"trimmed": "true"}}
    rows = extract_from_dir(PAGES, method_map=METHODS, options_map=options, keywords=KEYWORDS)
    found = {row[2] for row in rows}
    with Path(hfreader.plugin.__file__).open("rb") as file:
        found |= {row[1] for row in extract("python", file, keywords=KEYWORDS)}
    for room in ("facts", "concepts", "analyzers", "trace"):
        found |= {row[2] for row in extract_from_dir(PAGES.parent / room, method_map=METHODS[:1], keywords=FACTS)}
    return {message if isinstance(message, str) else message[0] for message in found}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_the_catalogue_has_every_message_and_no_other(code: str):
    with (LOCALE / f"{code}.po").open("rb") as file:
        written = {
            (entry.id if isinstance(entry.id, str) else entry.id[0]): entry for entry in read_po(file) if entry.id
        }
    assert set(written) == messages()
    for message, entry in written.items():
        texts = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        for text in texts:
            assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(message)), message


def test_a_language_holds_until_its_context_ends():
    assert (language(), gettext("Models")) == ("en", "Models")
    with in_language("zh"):
        assert (language(), gettext("Models")) == ("zh", "模型")
        with in_language("en"):
            assert gettext("Models") == "Models"
        assert own(toy.CONCEPT.name) == "玩具注意力" and other(toy.CONCEPT.name) == "Toy attention"
    assert own(toy.CONCEPT.name) == "Toy attention"


def test_plural_forms():
    assert [catalogue(code).ngettext("%(num)s place", "%(num)s places", 2) for code in LANGUAGES] == [
        "%(num)s places",
        "%(num)s 处",
    ]


def test_a_model_page_in_chinese_has_the_same_code_anchors_and_links(toy_book: Families):
    family = toy_book.families[0]
    english = model_page(toy_book.site, family, family.analyses[0], toy.CONCEPTS)
    with in_language("zh"):
        chinese = model_page(toy_book.site, family, family.analyses[0], toy.CONCEPTS)
    assert chinese.title == "Toy：带注解的源代码"
    for text in ("建议的阅读顺序", "已证明（", "玩具注意力", "只看代码"):
        assert text in chinese.html
    assert "Suggested reading order" not in chinese.html
    one, two = parse(english.html), parse(chinese.html)
    for attribute in ("id", "href"):
        assert [tag.attributes.get(attribute) for tag in one.all()] == [
            tag.attributes.get(attribute) for tag in two.all()
        ]
    assert [tag.text for tag in one.all("pre")] == [tag.text for tag in two.all("pre")]


def test_a_concept_page_in_chinese_begins_with_chinese(toy_book: Families):
    with in_language("zh"):
        found = implementers(toy_book.book)[toy.CONCEPT.slug]
        page = render_concept(toy_book.site, toy.CONCEPT, found, {}, toy_book)
    assert page.title == "玩具注意力" and page.search[0].title == "玩具注意力 Toy attention"
    assert page.html.index("仔细看。") < page.html.index("Looks &lt;b&gt;")
    assert '<p lang="en" class="hf-zh hf-concept-name">Toy attention</p>' in page.html


def test_words_about_facts_are_said_in_the_language_and_code_stays():
    inner = phrase("%(name)s with %(setting)s", name="a", setting="b = <1>")
    words = phrase("%(this)s instead of %(that)s", this=inner, that=7)
    assert plain(words) == str(words) == "a with b = <1> instead of 7"
    with in_language("zh"):
        assert said(words) == "<code>a</code>，设有 <code>b = &lt;1&gt;</code>，而不是 7"
        concepts = [Phrase("residual connection"), Phrase("RMSNorm")]
        assert said(listed(["a", *concepts])) == "<code>a</code>、残差连接 和 均方根归一化 RMSNorm"
        assert said(phrase("not said in any language")) == "not said in any language"


# What is no language of the page's: code, formulas, papers by their titles, and what says that it is English.
FOREIGN = {"pre", "script", "style", "math", "svg", "cite"}
SENTENCE = re.compile(r"[A-Za-z][a-z]+(?:,? [a-z]+){2,}")


def english(element: Element) -> Iterator[str]:
    """Three English words and more in a row; in a piece of code among the text, words that are none of Python's."""
    if element.tag in FOREIGN or "hf-cite" in element.classes or element.attributes.get("lang") == "en":
        return
    for child in element.children:
        if isinstance(child, Element):
            yield from english(child)
            continue
        for found in SENTENCE.findall(child):
            if element.tag != "code" or not any(keyword.iskeyword(word) for word in found.split()):
                yield found
    for name in ("title", "aria-label"):
        yield from SENTENCE.findall(element.attributes.get(name) or "")


def test_what_is_english_is_found():
    tree = parse("<p>一 is it so<code>x is not None</code><code>so it was done</code><b title='what it says'>b</b></p>")
    assert list(english(tree)) == ["is it so", "so it was done", "what it says"]


def test_no_page_in_chinese_speaks_english(toy_book: Families, tmp_path: Path):
    family = toy_book.families[0]
    reasons = (
        phrase("never executed in any run in which %(condition)s holds", condition="not self.fused"),
        phrase("the equation does not speak of this run: %(why)s", why=phrase("no window is set")),
    )
    proofs = [Proof(one.match, "matched", reason=why) for one, why in zip(family.run.proofs, reasons, strict=False)]
    family = replace(family, run=replace(family.run, proofs=tuple(proofs)))
    book = replace(toy_book, families=(family, *toy_book.families[1:]), comparisons=(toy.COMPARISON,))
    write_fragments(book.book, book, tmp_path, silent, toy.CONCEPTS, ("zh",))
    pages = sorted((tmp_path / "html").rglob("*.html"))
    assert {page.name for page in pages} >= {"toy.html", "toy-oak.html", "toy-attention.html", "papers.html"}
    assert {str(page): list(english(parse(page.read_text()))) for page in pages} == {str(page): [] for page in pages}
    assert all(set_in_chinese(page.read_text()) == page.read_text() for page in pages)
    assert (
        "在 <code>not self.fused</code> 成立的任何一次运行中都没有执行过"
        in (tmp_path / "html/models/toy.html").read_text()
    )
