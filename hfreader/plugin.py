"""hfreader as an MkDocs plugin: puts rendered fragments into pages, and ships the styles they need.

It works on models that are already analysed; `hfreader build` does the analysis and then runs MkDocs itself.
"""

import re
from pathlib import Path
from typing import Literal

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.base import Config
from mkdocs.config.config_options import Type
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, TableOfContents

from hfreader.errors import HfreaderError
from hfreader.pages.language import ENGLISH, catalogue, in_language, noted
from hfreader.pages.manifest import PLACEHOLDER, Manifest, PageRecord, data_file, read_html, read_manifest, shell_file
from hfreader.pages.navigation import navigation
from hfreader.pages.prose import alternates, choose_prose, resolve_switch
from hfreader.pages.search import append_entries
from hfreader.pages.source_links import resolve_links
from hfreader.pages.stylesheet import symbol_rules
from hfreader.store import cache_folder

ASSETS = Path(__file__).parent / "pages" / "assets"
ASSET_ADDRESS = "assets/hfreader"
DATA = f"{ASSET_ADDRESS}/families"
SHIM = f"{ASSET_ADDRESS}/vendor/iframe-worker.js"
SEARCH_DIALOG = 'data-md-component="search" role="dialog"'
BREADCRUMB = re.compile(r'(class="md-path" aria-label=)"[^"]*"')
SEARCH, TRAIL, UNTRANSLATED = noted("Search"), noted("Breadcrumb"), noted("This page has not been translated yet.")
COLOURS = noted("Dark colours"), noted("Light colours")
LOGGER = get_plugin_logger("hfreader")
SYMBOLS = f"{ASSET_ADDRESS}/symbols.css"


class HfreaderConfig(Config):  # type: ignore[misc]
    """`fragments` is the folder that `hfreader build` rendered into; "" stands for the one in the user's cache."""

    fragments = Type(str, default="")


class HfreaderPlugin(BasePlugin[HfreaderConfig]):  # type: ignore[misc]
    """Splices fragments into the pages that stand for them."""

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Keep one plugin object over the rebuilds of `mkdocs serve`."""

    @event_priority(100)  # type: ignore[untyped-decorator]
    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Find the fragments, choose their language before the search does, and add styles, script and the shim that
        lets search work from `file://`."""
        self.folder = Path(self.config.fragments) if self.config.fragments else cache_folder() / "fragments"
        try:
            self.manifest: Manifest = read_manifest(self.folder)
        except HfreaderError as error:
            raise PluginError(str(error)) from error
        self.records: dict[str, PageRecord] = {f"{record.page}.md": record for record in self.manifest.pages}
        self.pages = frozenset(record.page for record in self.manifest.pages)
        self.english: frozenset[str] = frozenset()
        self._choose_language(config)
        styles = [f"{ASSET_ADDRESS}/{path.name}" for path in sorted(ASSETS.glob("*.css"))]
        config.extra_css += [*styles, SYMBOLS]
        config.extra_javascript += [f"{ASSET_ADDRESS}/{path.name}" for path in sorted(ASSETS.glob("*.js"))]
        config.extra.setdefault("polyfills", []).append(SHIM)
        return config

    def _choose_language(self, config: MkDocsConfig) -> None:
        """Set the theme to the language of the fragments, with a switch where the site has others."""
        self.language, self.languages = self.manifest.language, self.manifest.languages
        if self.language != ENGLISH or "language" not in config.theme:
            config.theme["language"] = self.language
        for palette in config.theme.get("palette") or ():
            toggle = palette.get("toggle", {}) if isinstance(palette, dict) else {}
            if name := toggle.get("name"):
                toggle["name"] = catalogue(self.language).gettext(name)
        if len(self.languages) > 1:
            config.extra.setdefault("alternate", alternates(self.languages))

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Choose the prose of the language; add the shell of every page that `docs/` does not write, and the assets."""
        self.english = choose_prose(files, self.language, config)
        for source, record in self.records.items():
            if files.get_file_from_path(source) is None:
                shell = shell_file(self.folder, record.page)
                files.append(File.generated(config, source, abs_src_path=str(shell)))
        if config.nav is None:
            prose = [file.src_uri for file in files.documentation_pages() if file.src_uri not in self.records]
            homes = [name for name in ("index.md",) if files.get_file_from_path(name) is not None]
            with in_language(self.language):
                config.nav = navigation(self.manifest.pages, [*homes, *prose])
        for path in sorted(ASSETS.rglob("*")):
            if path.is_file():
                address = f"{ASSET_ADDRESS}/{path.relative_to(ASSETS).as_posix()}"
                files.append(File.generated(config, address, abs_src_path=str(path)))
        self._add_data(files, config)
        files.append(
            File.generated(
                config,
                SYMBOLS,
                content=symbol_rules(max((record.symbols for record in self.manifest.pages), default=0)),
            )
        )
        return files

    def _add_data(self, files: Files, config: MkDocsConfig) -> None:
        """What pages tell of themselves; it is the same in every language, so the first has it."""
        if self.language != self.languages[0]:
            return
        for record in self.manifest.pages:
            path = data_file(self.folder, record.page)
            if path.is_file():
                files.append(File.generated(config, f"{DATA}/{record.page}.js", abs_src_path=str(path)))

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Say of prose that stands in English on the site of another language that it does."""
        if page.file.src_uri not in self.english:
            return markdown
        return f'!!! note "{catalogue(self.language).gettext(UNTRANSLATED)}"\n\n{markdown}'

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Resolve the links to source, and add the fragment's anchors to the table of contents."""
        source = page.file.src_uri
        own = source.removesuffix(".md")
        html = resolve_links(html, own, self.manifest.snapshot, self.pages, lambda said: self._tell(source, said))
        record = self.records.get(page.file.src_uri)
        if record is not None:
            links = [AnchorLink(title, anchor, 2) for anchor, title in record.contents]
            written = list(page.toc)
            if written:
                written[0].children += links
            page.toc = TableOfContents(written or links)
        return html

    def _tell(self, source: str, said: str) -> None:
        """Warn of what is wrong with the prose: `--strict` fails on it."""
        LOGGER.warning("%s: %s", source, said)

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Put the fragment where its placeholder stands, name the theme's search dialog and breadcrumb for screen
        readers, and leave out the theme's blank lines and indentation."""
        messages = catalogue(self.language)
        own = page.file.src_uri.removesuffix(".md")
        output = resolve_switch(output, own, self.language, self.languages)
        output = output.replace(SEARCH_DIALOG, f'{SEARCH_DIALOG} aria-label="{messages.gettext(SEARCH)}"', 1)
        if "<pre" not in output:
            output = re.sub(r"\n\s+", "\n", output)  # a third of the theme's own markup
        output = BREADCRUMB.sub(rf'\1"{messages.gettext(TRAIL)}"', output, count=1)
        record = self.records.get(page.file.src_uri)
        if record is None:
            return output
        if PLACEHOLDER not in output:
            raise PluginError(f"{page.file.src_uri} lacks the line {PLACEHOLDER}: the page's tables go there")
        return output.replace(PLACEHOLDER, read_html(self.folder, record.page, self.manifest.snapshot.commit), 1)

    @event_priority(-50)  # type: ignore[untyped-decorator]
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Add the search entries, before the offline plugin copies the index, and build the site's other languages."""
        index = Path(config.site_dir) / "search" / "search_index.json"
        if index.is_file():
            append_entries(index, self.manifest)
        if self.language == self.languages[0]:
            for code in self.languages[1:]:
                self._build_within(code, config)

    def _build_within(self, code: str, config: MkDocsConfig) -> None:
        """Build the site of another language into a folder of its own."""
        theirs = load_config(config.config_file_path, site_dir=str(Path(config.site_dir) / code))
        plugin = theirs.plugins["hfreader"]
        plugin.config.fragments = str(self.folder / code)
        theirs.plugins.on_startup(command="build", dirty=False)
        build(theirs)
        theirs.plugins.on_shutdown()

    def on_post_template(self, output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
        """Let the switch of a page that is nowhere (404) lead home."""
        return resolve_switch(output_content, "index", self.language, self.languages)

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, builder: object) -> LiveReloadServer:
        """Build again when the fragments change."""
        server.watch(str(self.folder))
        return server
