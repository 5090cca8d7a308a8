"""What running each family reaches, and the runs that are remembered: they stay while what they reach does."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from hfreader.analyses import analysis_key, code_digest
from hfreader.concept_keys import proven_by
from hfreader.facts.matches import Match
from hfreader.facts.runs import FamilyRequest, FamilyRun, RunSummary
from hfreader.facts.survey import FileSurvey
from hfreader.ran import remember_run, still_holds
from hfreader.sources import Sources
from hfreader.store import digest, holds, recall, remember


@dataclass(frozen=True)
class _Matched:
    """The part of an analysis that is proven."""

    matches: tuple[Match, ...]


@dataclass(frozen=True)
class _Kept:
    """A run as it is remembered. `content` identifies the files in which it executed something: a model may build
    others by names that no import tells of."""

    run: RunSummary
    content: str


@dataclass(frozen=True)
class Reach:
    """What running each family reaches: its own files, and those that families share."""

    sources: Sources
    own: Mapping[str, tuple[FileSurvey, ...]]
    surveys: Mapping[str, FileSurvey]

    def files(self, family: str) -> tuple[FileSurvey, ...]:
        """The files whose matches are proven with a family."""
        shared = sorted({file for part in self.own[family] for file in part.shared})
        return (*self.own[family], *(self.surveys[file] for file in shared))

    def key(self, family: str) -> str:
        """Identifies what running a family shows, but for models that it builds by name."""
        files = self.files(family)
        slugs = (match.concept for part in files for one in part.definitions for match in one.matches)
        code = digest(code_digest("trace"), proven_by(slugs), version("torch"), sys.version)
        return digest(self.sources.family(family), code, family, *(part.matched for part in files))

    def request(self, family: str) -> FamilyRequest:
        """The matches of a family, from the store."""
        keys = (analysis_key(self.sources, part.file) for part in self.files(family))
        found = (recall("analyses", key, _Matched) for key in keys)
        return FamilyRequest(family, tuple(match for one in found if one is not None for match in one.matches))

    def remembered(self, family: str) -> RunSummary | None:
        """What running a family showed before, where it would show the same again."""
        key = self.key(family)
        kept = recall("reached", key, _Kept)
        if kept is None or not holds("runs", key) or kept.content != self._content(kept.run):
            return None
        still_holds(self.sources, kept.run)
        return kept.run

    def remember(self, run: FamilyRun) -> RunSummary:
        """Keep a run, for the next build and for those who ask."""
        key = self.key(run.family)
        remember("runs", key, run)
        summary = remember_run(self.sources, run, key)
        remember("reached", key, _Kept(summary, self._content(summary)))
        return summary

    def _content(self, run: RunSummary) -> str:
        return self.sources.contents(reached.file for reached in run.reached)
