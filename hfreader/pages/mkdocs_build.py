"""Runs MkDocs on rendered fragments."""

import logging
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

from hfreader.errors import HfreaderError
from hfreader.facts.problems import Problem
from hfreader.pages.manifest import read_manifest

PLUGIN = "hfreader"
LOGGER = logging.getLogger("mkdocs")
LOGGER.addHandler(logging.NullHandler())


def run_mkdocs(config_file: Path, fragments: Path, site: Path) -> tuple[Problem, ...]:
    """Build the site that `config_file` describes from `fragments` (see `hfreader.pages.site`) into `site`.

    What `site` held before is replaced. The result is what MkDocs warns of, such as a link that leads nowhere.
    HfreaderError where the configuration is unusable or MkDocs gives up; MkDocs itself stays silent meanwhile.
    """
    read_manifest(fragments)
    spoke, LOGGER.propagate = LOGGER.propagate, False
    warnings = _Warnings(logging.WARNING)
    LOGGER.addHandler(warnings)
    try:
        config = load_config(str(config_file), site_dir=str(site.absolute()))
        if PLUGIN not in config.plugins:
            raise HfreaderError(f"{config_file} does not use the plugin {PLUGIN}: add it under `plugins`")
        config.plugins[PLUGIN].config.fragments = str(fragments.absolute())
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
        return tuple(Problem("pages", "prose", said) for said in warnings.said)
    except MkDocsException as error:
        raise HfreaderError(f"MkDocs could not build {config_file}: {error.__context__ or error}") from error
    finally:
        LOGGER.propagate = spoke
        LOGGER.removeHandler(warnings)


class _Warnings(logging.Handler):
    """Keeps what MkDocs and its plugins warn of."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a warning."""
        self.said.append(record.getMessage())
