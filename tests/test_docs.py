"""The prose of the site: both languages of the study plan say the same, of lines that exist."""

import re
from importlib.util import find_spec
from pathlib import Path

import markdown
import pytest

from hfreader.concepts import catalogue
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.source_links import resolve_links

DOCS = Path(__file__).parent.parent / "docs"
STUDY = sorted((DOCS / "study").glob("*.md"))
ENGLISH = [path.with_name(path.name.replace(".zh.md", ".md")) for path in sorted(DOCS.rglob("*.zh.md"))]
EXTENSIONS = ["admonition", "attr_list", "def_list", "md_in_html", "meta", "tables", "toc"]


def rendered(path: Path) -> str:
    return markdown.markdown(path.read_text(encoding="utf-8"), extensions=EXTENSIONS)


def installed() -> Snapshot:
    spec = find_spec("transformers")
    assert spec is not None and spec.origin is not None
    return Snapshot("installed", None, None, None, "of the environment", str(Path(spec.origin).parent))


@pytest.mark.parametrize("path", STUDY, ids=lambda path: path.name)
def test_every_link_to_source_leads_somewhere(path: Path):
    html = resolve_links(rendered(path), f"study/{path.stem}", installed(), (), pytest.fail)
    assert "hf:" not in html and html.count("hf-absent") >= ("hf:" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", STUDY, ids=lambda path: path.name)
def test_every_link_to_a_concept_or_a_page_leads_somewhere(path: Path):
    for target in re.findall(r'href="([^":#]+\.md)', rendered(path)):
        folder, _, name = target.rpartition("/")
        known = folder == "../concepts" and name.removesuffix(".md") in {"index", *catalogue()}
        assert known or (path.parent / target).is_file(), target


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.name)
def test_both_languages_have_the_same_places_links_and_outputs(path: Path):
    english, chinese = rendered(path), rendered(path.with_suffix(".zh.md"))
    for what in (r'<h[23] id="([^"]+)"', r"<pre><code[^>]*>(.*?)</code></pre>"):
        assert re.findall(what, english, re.DOTALL) == re.findall(what, chinese, re.DOTALL)
    links = [
        sorted(set(re.findall(r'href="(hf:[^"]*"(?: title="[^"]*")?|https:[^"]*)', page)))
        for page in (english, chinese)
    ]
    assert links[0] == links[1]


def test_no_prose_of_another_language_stands_alone():
    for path in DOCS.rglob("*.zh.md"):
        assert path.with_name(path.name.replace(".zh.md", ".md")).is_file()


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_no_mark_of_emphasis_is_left_in_the_text(path: Path):
    text = re.sub(r"<(code|pre)\b.*?</\1>|<[^>]*>", "", rendered(path), flags=re.DOTALL)
    assert "*" not in text
