"""The folder of rendered pages that the MkDocs plugin reads.

It holds `manifest.json`, for each page `html/<page>.html` (its body) and `shells/<page>.md` (the page that MkDocs
sees: a title and a placeholder), and for some `data/<page>.js`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from markupsafe import escape

from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json, write_atomically
from hfreader.facts.snapshot import Snapshot
from hfreader.pages.fragment import Fragment, SearchEntry
from hfreader.pages.language import ENGLISH
from hfreader.pages.rendering import unquoted

# Stands in rendered pages for the commit, in full or its first twelve digits: pages stay when only the commit changes.
COMMIT = "hf0commit0hf" + "0" * 28
PLACEHOLDER = '<div id="hf-fragment"></div>'
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class PageRecord:
    """One page of the manifest. What is not explained here is as in `Fragment`.

    key      identifies everything that it was rendered from, but for
    asked    what it was told of other pages: questions and answers of `hfreader.pages.book.Site`.
    problem  why it could not be rendered: it says that in the place of its content.
    """

    page: str
    label: str
    group: str
    key: str
    contents: tuple[tuple[str, str], ...]
    search: tuple[SearchEntry, ...]
    symbols: int
    asked: tuple[tuple[str, str | None], ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Manifest:
    """All pages of the site that have a fragment, and the source that they were made from.

    others     pages of families that this build was not asked for: what was rendered of them before lies in the folder.
    language   that of these pages.
    languages  all that the site has: the first at its root, each other in a folder of its own, here and there.
    """

    pages: tuple[PageRecord, ...]
    snapshot: Snapshot
    language: str = ENGLISH
    languages: tuple[str, ...] = (ENGLISH,)
    others: tuple[PageRecord, ...] = ()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder of fragments; HfreaderError where there is none."""
    path = folder / MANIFEST
    if not path.is_file():
        raise HfreaderError(f"no analysed models in {folder}: run `hfreader build` first")
    return from_json(path.read_bytes(), Manifest)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one that the folder had."""
    write_atomically(folder / MANIFEST, to_json(manifest))


def known_pages(folder: Path) -> dict[str, PageRecord]:
    """The pages of an earlier build by their address; none where its manifest is missing or of another format."""
    try:
        manifest = read_manifest(folder)
        return {record.page: record for record in (*manifest.others, *manifest.pages)}
    except HfreaderError:
        return {}


def read_html(folder: Path, page: str, commit: str | None = None) -> str:
    """The body of a page, as it is at a commit."""
    html = html_file(folder, page).read_text(encoding="utf-8")
    return html if commit is None else html.replace(COMMIT, commit).replace(COMMIT[:12], commit[:12])


def html_file(folder: Path, page: str) -> Path:
    """The file with the body of a page."""
    return folder / "html" / f"{page}.html"


def shell_file(folder: Path, page: str) -> Path:
    """The Markdown file that stands for a page in MkDocs."""
    return folder / "shells" / f"{page}.md"


def data_file(folder: Path, page: str) -> Path:
    """The script that tells other pages of a page."""
    return folder / "data" / f"{page}.js"


def write_page(folder: Path, fragment: Fragment) -> None:
    """Write body, shell and data of a page."""
    write_atomically(html_file(folder, fragment.page), unquoted(fragment.html).encode())
    front = json.dumps({"title": fragment.title, "search": {"exclude": True}}, ensure_ascii=False)
    shell = f"---\n{front}\n---\n\n<h1>{escape(fragment.title)}</h1>\n\n{PLACEHOLDER}\n"
    write_atomically(shell_file(folder, fragment.page), shell.encode())
    if fragment.data:
        write_atomically(data_file(folder, fragment.page), fragment.data.encode())


def remove_page(folder: Path, page: str) -> None:
    """Remove a page with all that belongs to it."""
    html_file(folder, page).unlink(missing_ok=True)
    shell_file(folder, page).unlink(missing_ok=True)
    data_file(folder, page).unlink(missing_ok=True)
