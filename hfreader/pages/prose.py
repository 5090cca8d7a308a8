"""The hand-written pages in the language of the site, and the switch between the languages.

A page `study/bert.md` is English; `study/bert.zh.md` beside it is the same page in Chinese and takes its place there.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from hfreader.pages.language import ENGLISH, LANGUAGES

# Stands for the address of a page in another language until the page that links to it is known.
SWITCH = "hf-language:"


def choose_prose(files: Files, language: str, config: MkDocsConfig) -> frozenset[str]:
    """Leave the pages of one language, those written in it in the place of the English; what is still English."""
    english = set()
    for file in sorted(files.documentation_pages(), key=lambda file: file.src_uri):
        plain, code = _split(file.src_uri)
        if code is None:
            english.add(plain)
            continue
        files.remove(file)
        if code == language:
            replaced = files.get_file_from_path(plain)
            if replaced is not None:
                files.remove(replaced)
            files.append(File.generated(config, plain, abs_src_path=file.abs_src_path))
            english.discard(plain)
    return frozenset(english if language != ENGLISH else ())


def _split(source: str) -> tuple[str, str | None]:
    """`study/bert.zh.md` is `study/bert.md` in `zh`; None for a page that names no language."""
    path = PurePosixPath(source)
    code = PurePosixPath(path.stem).suffix.removeprefix(".")
    if code not in LANGUAGES:
        return source, None
    return str(path.with_name(f"{PurePosixPath(path.stem).stem}.md")), code


def alternates(languages: Sequence[str]) -> list[dict[str, str]]:
    """What the theme needs for its language switch (`extra.alternate`)."""
    return [{"name": LANGUAGES[code], "link": f"{SWITCH}{code}", "lang": code} for code in languages]


def resolve_switch(html: str, page: str, language: str, languages: Sequence[str]) -> str:
    """The HTML of `page` (its address without suffix) with the switch leading to the same page in each language."""
    origin = _within(page, language, languages)
    for code in languages:
        html = html.replace(f"{SWITCH}{code}", "../" * origin.count("/") + _within(page, code, languages) + ".html")
    return html


def _within(page: str, language: str, languages: Sequence[str]) -> str:
    """Where a page lies on the whole site, of which the first language has the root."""
    return page if language == languages[0] else f"{language}/{page}"
