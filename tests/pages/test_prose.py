"""One site per language: its prose, and the switch that keeps the page."""

import json
from pathlib import Path

import pytest

from hfreader.pages.manifest import PLACEHOLDER, read_manifest
from hfreader.pages.mkdocs_build import run_mkdocs
from hfreader.pages.prose import alternates, resolve_switch
from hfreader.pages.site import write_fragments
from hfreader.progress import silent
from tests.pages import toy
from tests.pages.shelf import Families
from tests.pages.test_plugin import CONFIG


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a page in both languages, and one in English alone."""
    docs = tmp_path / "docs"
    (docs / "study").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text(CONFIG + "markdown_extensions: [admonition]\n")
    (docs / "index.md").write_text(f"# My notes\n\n{PLACEHOLDER}\n")
    (docs / "index.zh.md").write_text(f"# 我的笔记\n\n{PLACEHOLDER}\n", encoding="utf-8")
    (docs / "study/first.md").write_text("# First\n\n[home](../index.md)\n")
    (docs / "study/first.zh.md").write_text("# 第一步\n\n自注意力 [首页](../index.md)\n", encoding="utf-8")
    (docs / "study/second.md").write_text("# Second\n\n[gone](hf:models/toy#Gone)\n")
    return tmp_path


def build(project: Path, book: Families, *languages: str) -> Path:
    write_fragments(book.book, book, project / "fragments", silent, toy.CONCEPTS, languages)
    run_mkdocs(project / "mkdocs.yml", project / "fragments", project / "site")
    return project / "site"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_each_language_has_its_own_prose_under_the_same_addresses(project: Path, toy_book: Families):
    site = build(project, toy_book, "en", "zh")
    assert "My notes" in read(site / "index.html") and "我的笔记" in read(site / "zh/index.html")
    assert "First" in read(site / "study/first.html") and "第一步" in read(site / "zh/study/first.html")
    assert 'href="../index.html"' in read(site / "zh/study/first.html")
    assert not list(site.rglob("*.zh.html")) and not (site / "zh/zh").exists()
    assert "已证明" in read(site / "zh/models/toy.html") and "已证明" not in read(site / "models/toy.html")
    assert '<html lang="zh"' in read(site / "zh/models/toy.html")


def test_a_page_that_is_not_translated_says_so(project: Path, toy_book: Families):
    site = build(project, toy_book, "en", "zh")
    assert "本页尚无中文译文" in read(site / "zh/study/second.html")
    assert "本页尚无中文译文" not in read(site / "zh/study/first.html") + read(site / "study/second.html")


def test_the_switch_keeps_the_page(project: Path, toy_book: Families):
    site = build(project, toy_book, "en", "zh")
    for page in ("index.html", "models/toy.html", "study/first.html", "zh/models/toy.html", "zh/concepts/index.html"):
        html = read(site / page)
        same = page.removeprefix("zh/")
        for code, target in (("en", same), ("zh", f"zh/{same}")):
            up = "../" * page.count("/")
            assert f'hreflang="{code}"' in html and f'href="{up}{target}"' in html
    assert "hf-language:" not in "".join(read(path) for path in site.rglob("*.html"))


def test_one_language_alone_has_no_switch_and_the_root(project: Path, toy_book: Families):
    site = build(project, toy_book, "en", "zh")
    site = build(project, toy_book, "zh")
    assert "我的笔记" in read(site / "index.html") and "hreflang" not in read(site / "index.html")
    assert not (site / "zh").exists() and not (project / "fragments/zh").exists()
    assert read_manifest(project / "fragments").languages == ("zh",)


def test_links_that_rot_are_told_in_every_language(project: Path, toy_book: Families):
    write_fragments(toy_book.book, toy_book, project / "fragments", silent, toy.CONCEPTS, ("en", "zh"))
    problems = run_mkdocs(project / "mkdocs.yml", project / "fragments", project / "site")
    assert ["study/second.md" in problem.reason for problem in problems] == [True] * 2


def test_chinese_words_are_found(project: Path, toy_book: Families):
    site = build(project, toy_book, "en", "zh")
    for folder in ("search", "zh/search"):
        docs = json.loads(read(site / folder / "search_index.json"))["docs"]
        entry = next(entry for entry in docs if entry["location"] == "concepts/toy-attention.html")
        words = f"{entry['title']}\u200b{entry['text']}".split("\u200b")
        assert "注意力" in words


def test_addresses_of_the_switch():
    html = "".join(one["link"] for one in alternates(("zh", "en")))
    assert resolve_switch(html, "a/b", "zh", ("zh", "en")) == "../a/b.html../en/a/b.html"
    assert resolve_switch(html, "a/b", "en", ("zh", "en")) == "../../a/b.html../../en/a/b.html"
