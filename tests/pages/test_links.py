"""Every link of a site leads somewhere."""

from pathlib import Path

from hfreader.pages.manifest import PLACEHOLDER
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from tests.links import broken_links
from tests.pages import toy
from tests.pages.shelf import Families
from tests.pages.test_plugin import CONFIG


def test_what_leads_nowhere_is_found(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.html").write_text(
        """<a id=here href=#here>1</a><a href="deep/a.html#there">2</a><a href=gone.html>3</a><a href=#lost>4</a>
        <img src=none.png><a href=https://example.org/x#y>5</a><code>&lt;a href=text.html></code>"""
    )
    (tmp_path / "deep/a.html").write_text(
        '<p id="there"><a href="../index.html">up</a><a href="../index.html#no">no</a>'
    )
    assert list(broken_links(tmp_path)) == [
        "deep/a.html: ../index.html#no",
        "index.html: gone.html",
        "index.html: #lost",
        "index.html: none.png",
    ]


def test_pages_to_be_compared_must_be_there(tmp_path: Path):
    for name in ("compare/index.html", "models/a.html", "models/b.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    chosen = ("models/a+", "models/a+models/b", "models/a+models/c")
    links = "".join(f'<a href="compare/index.html#{one}"></a>' for one in chosen)
    (tmp_path / "index.html").write_text(links)
    assert list(broken_links(tmp_path)) == ["index.html: compare/index.html#models/a+models/c"]


def test_every_link_and_anchor_of_the_small_site_resolves(toy_book: Families, tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(CONFIG)
    (tmp_path / "docs" / "index.md").write_text(f"# Notes\n\n{PLACEHOLDER}\n")
    write_fragments(toy_book.book, toy_book, tmp_path / "fragments", silent, toy.CONCEPTS, ("en", "zh"))
    run_mkdocs(tmp_path / "mkdocs.yml", tmp_path / "fragments", tmp_path / "site")
    assert (tmp_path / "site/zh/models/toy.html").is_file()
    assert not list(broken_links(tmp_path / "site"))
