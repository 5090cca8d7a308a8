"""Which transformers source is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hfreader.facts.places import Span


@dataclass(frozen=True)
class Snapshot:
    """One pinned copy of the transformers source.

    origin      official: the official remote; repository: one the user named; installed: the package in
                the environment, read because no repository could be had (`note` says why) or on request.
    repository  URL or path of the repository, None for the installed package.
    ref         the tag, branch or commit that was asked for.
    commit      40 hexadecimal digits, None for the installed package.
    version     `transformers.__version__` of this source, read without executing it.
    package     absolute path of the folder `transformers` itself.
    note        what the reader must know of how the source was obtained, or None.
    """

    origin: Literal["official", "repository", "installed"]
    repository: str | None
    ref: str | None
    commit: str | None
    version: str
    package: str
    note: str | None = None

    def path(self, file: str) -> Path:
        """Absolute path of a file given relative to the package."""
        return Path(self.package) / file

    def link(self, file: str, span: Span | None = None) -> str | None:
        """Permanent web address of a file or of lines in it; None where there is no pinned commit on the web."""
        if self.commit is None or self.repository is None or not self.repository.startswith("https://"):
            return None
        lines = "" if span is None else f"#L{span.line}" + (f"-L{span.end_line}" if span.end_line > span.line else "")
        return f"{self.repository.removesuffix('.git')}/blob/{self.commit}/src/transformers/{file}{lines}"
