"""hfreader as a plugin of MkDocs, for those who already live there."""

from pathlib import Path

import pytest

from hfreader.errors import HfreaderError
from hfreader.pages.manifest import PLACEHOLDER
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from tests.pages import toy
from tests.pages.shelf import Families

CONFIG = """
site_name: Notes
use_directory_urls: false
theme: {name: material, font: false}
plugins: [search, hfreader, offline]
"""


@pytest.fixture
def project(tmp_path: Path, toy_book: Families) -> Path:
    """A project of the user's own, with a home page that has room for the tables."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(CONFIG)
    (tmp_path / "docs" / "index.md").write_text(f"# My notes\n\n{PLACEHOLDER}\n")
    write_fragments(toy_book.book, toy_book, tmp_path / "fragments", silent, toy.CONCEPTS)
    return tmp_path


def build(project: Path) -> Path:
    run_mkdocs(project / "mkdocs.yml", project / "fragments", project / "site")
    return project / "site"


def test_fragments_and_contents_are_put_into_pages(project: Path):
    site = build(project)
    model = (site / "models/toy.html").read_text(encoding="utf-8")
    assert "<section class=hf id=ToyAttention " in model and PLACEHOLDER not in model
    assert 'class="md-nav__link"' in model and "href=#ToyAttention" in model
    home = (site / "index.html").read_text(encoding="utf-8")
    assert "My notes" in home and "href=models/toy.html#ToyAttention>" in home


def test_the_navigation_is_ours_unless_the_project_has_its_own(project: Path):
    page = (build(project) / "models/toy.html").read_text(encoding="utf-8")
    assert "<title>Toy: annotated source - Notes</title>" in page and "<h1>Toy: annotated source</h1>" in page
    assert 'href="../concepts/index.html"' in page and ">\nHome\n<" in page
    (project / "mkdocs.yml").write_text(CONFIG + "nav: [index.md, models/toy.md]\n")
    page = (build(project) / "models/toy.html").read_text(encoding="utf-8")
    assert 'href="../concepts/index.html"' not in page and 'href="../index.html"' in page


def test_styles_script_font_and_shim_are_shipped(project: Path):
    site = build(project)
    page = (site / "models/toy.html").read_text(encoding="utf-8")
    shipped = {str(path.relative_to(site)) for path in (site / "assets/hfreader").rglob("*.*")}
    for name in ("hfreader.css", "diagram.css", "symbols.css", "hfreader.js", "vendor/iframe-worker.js"):
        assert f"assets/hfreader/{name}" in shipped and f"../assets/hfreader/{name}" in page
    assert {"assets/hfreader/fonts/OFL.txt", "assets/hfreader/vendor/iframe-worker.LICENSE"} <= shipped
    assert "unpkg.com" not in page and "fonts.googleapis" not in page


def test_the_offline_index_has_our_entries(project: Path):
    index = (build(project) / "search/search_index.js").read_text(encoding="utf-8")
    assert "models/toy.html#ToyAttention" in index and "&lt;b&gt;closely" in index and "<script>" not in index


def test_no_analysed_models_is_one_clear_line(project: Path):
    with pytest.raises(HfreaderError, match="run `hfreader build` first"):
        run_mkdocs(project / "mkdocs.yml", project / "nothing", project / "site")


def test_a_page_without_the_placeholder_says_what_it_lacks(project: Path):
    (project / "docs" / "index.md").write_text("# My notes\n")
    with pytest.raises(HfreaderError, match="lacks the line"):
        build(project)


def test_a_configuration_without_the_plugin_says_so(project: Path):
    (project / "mkdocs.yml").write_text(CONFIG.replace("hfreader, ", ""))
    with pytest.raises(HfreaderError, match="add it under `plugins`"):
        build(project)


def test_links_of_the_prose_are_resolved_and_those_that_rot_are_told(project: Path):
    prose = '# Notes\n\n[softmax](hf:models/toy#eager_attention_forward "softmax(") and [gone](hf:models/toy#Gone)\n'
    (project / "docs" / "notes.md").write_text(prose)
    problems = run_mkdocs(project / "mkdocs.yml", project / "fragments", project / "site")
    page = (project / "site/notes.html").read_text(encoding="utf-8")
    assert f'href="models/toy.html#L{toy.line_of("softmax(")}"' in page and "hf:" not in page
    assert [one.stage for one in problems] == ["pages"]
    assert "notes.md: the link hf:models/toy#Gone" in problems[0].reason
    (project / "docs" / "notes.md").write_text("# Notes\n\n[gone](concepts/gone.md)\n")
    problems = run_mkdocs(project / "mkdocs.yml", project / "fragments", project / "site")
    assert len(problems) == 1 and "concepts/gone.md" in problems[0].reason
