from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from hfreader.pages.rendering import unquoted
from tests.pages.html import parse


def test_quotes_stay_where_a_value_needs_them_and_in_text():
    html = '<a class="x y" href="#L1" title="">say="yes"</a><input type="checkbox" id="n"><rect height="39"/>'
    assert (
        unquoted(html) == '<a class="x y" href=#L1 title="">say="yes"</a><input type=checkbox id=n><rect height="39"/>'
    )


@given(st.dictionaries(st.sampled_from(["class", "href", "data-s"]), st.text(max_size=8)), st.text(max_size=12))
def test_attributes_and_text_stay_what_they_are(attributes: dict[str, str], text: str):
    escaped = Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in attributes.items())
    html = str(Markup("<b{}>{}</b>").format(escaped, text))
    before, after = (parse(version).all("b")[0] for version in (html, unquoted(html)))
    assert (after.attributes, after.text) == (before.attributes, before.text)
