import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from hfreader.errors import HfreaderError
from hfreader.views.changes import changes
from hfreader.views.html_view import render_html
from tests.facts_builder import FILE, SOURCE, make_trace
from tests.views.test_generation_view import generated

HOSTILE = SOURCE.replace("return weights\n", "return weights  # <img src=x onerror=alert(2)>\n")


@pytest.fixture(scope="module")
def page():
    return render_html(make_trace(layers=12), {FILE: HOSTILE})


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def read(page):
    reader = Reader()
    reader.feed(page)
    return reader


def test_nothing_is_fetched_and_nothing_runs(page):
    reader = read(page)
    assert not {"script", "img", "iframe", "link"} & set(reader.tags)
    assert not [value for name, value in reader.attributes if name in ("src", "onerror")]
    assert all(value.startswith("#") for name, value in reader.attributes if name == "href")
    assert "url(" not in page and "@import" not in page


def test_all_text_is_escaped(page):
    assert "&lt;img src=x onerror=alert(2)&gt;" in page
    assert "<b>" not in page and "&lt;b&gt;" in page, "a token"


def test_the_tree_leads_to_the_lines(page):
    assert 'href="#at-layers.0.attention">ToyAttention</a>' in page
    assert 'id="at-layers.0.attention"' in page
    assert "layers.0-11 ×12" in page


def test_code_is_byte_for_byte_with_its_shapes_behind(page):
    code = [re.sub("<[^>]+>", "", line) for line in re.findall(r"<code>(.*?)</code>", page)]
    assert "    query = self.query(hidden)" in code
    assert "(B, T, hidden) <small>(1, 4, 8)</small>" in page
    assert page.count("<em>not run</em>") == 2


def test_every_line_of_code_is_a_line_of_the_page(page):
    listing = read(page.split('id="at-layers.0.attention"')[1]).text
    assert re.search(r"^12 +query = self\.query", listing, re.MULTILINE)


def test_one_module_alone():
    page = render_html(make_trace(), {FILE: SOURCE}, at="layers.1.attention")
    assert page.count("<section") == 1 and "layers.1.attention" in page
    with pytest.raises(HfreaderError):
        render_html(make_trace(), {FILE: SOURCE}, at="nowhere")


def test_light_and_dark(page):
    assert "color-scheme: light dark" in page and "light-dark(" in page


@pytest.mark.browser
def test_it_reads_well_on_a_phone_without_javascript(page, chromium):
    context = chromium.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False)
    tab = context.new_page()
    tab.set_content(page)
    assert tab.locator("h1").inner_text() == "ToyModel"
    context.close()
    measuring = chromium.new_page(viewport={"width": 360, "height": 800})
    measuring.set_content(page)
    assert measuring.evaluate("document.documentElement.scrollWidth") <= 360
    measuring.close()


def test_two_runs_and_a_generation_are_part_of_the_page():
    left, right = make_trace(layers=12), generated()
    found = changes(left, right, ("toy as it is", "toy <b>"))
    page = render_html(replace(right, changes=found), {FILE: SOURCE})
    assert "toy &lt;b&gt;" in page
    assert 'id="changes"' in page
    assert "ToyLayer ×12" in page
    assert 'id="generation"' in page
    assert "keys (1, 2, 6, 4) × 2" in page
    assert "Which lines see which lengths" in page
