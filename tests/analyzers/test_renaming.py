"""No name is evidence: a library whose classes and local variables are called anything else is mapped the same."""

from pathlib import Path

import pytest

from hfreader.analyzers.library import Library, modeling_files_of
from hfreader.facts.survey import Surveyed
from hfreader.progress import silent
from hfreader.sources import Sources
from hfreader.survey import begin, survey, survey_files
from tests.analyzers.renaming import Renaming, meaningless, renamed_package

EVERY = 60
"""Of the modeling files in the order of their names, one in as many is in the sample."""
TABLES = "models/auto/"
"""The classes there are the library's own doors to all models; what they name in strings is renamed."""
Mapping = dict[tuple[str, int], tuple[list[tuple[str, int]], list[str]]]


def test_classes_and_locals_are_renamed_and_nothing_else() -> None:
    text = (
        "from transformers.models.ash.modeling_ash import Ash\n"
        "from ...modeling_layers import Layer\n"
        "class Bert(nn.Bert):\n"
        "    def forward(self, query, value):\n"
        "        scores = query @ value\n"
        "        f'{kept}'; kept = self.scores(scores=scores)\n"
        "        return [Ash(scores) for row in Layer(kept)]\n"
    )
    ash = "class Ash: pass\nclass Layer: pass\n"
    new = Renaming({"models/bert/modeling_bert.py": text, "models/ash/modeling_ash.py": ash}).renamed(
        "models/bert/modeling_bert.py"
    )
    scores, row = meaningless("scores"), meaningless("row")
    assert new == (
        f"from transformers.models.ash.modeling_ash import {meaningless('Ash')}\n"
        "from ...modeling_layers import Layer\n"
        f"class {meaningless('Bert')}(nn.Bert):\n"
        "    def forward(self, query, value):\n"
        f"        {scores} = query @ value\n"
        f"        f'{{kept}}'; kept = self.scores(scores={scores})\n"
        f"        return [{meaningless('Ash')}({scores}) for {row} in Layer(kept)]\n"
    )


def test_the_registry_follows() -> None:
    renaming = Renaming({"models/ash/modeling_ash.py": "class Ash: pass\n"})
    assert renaming.registered('("ash", "Ash"), ("birch", "Birch")') == (
        f'("ash", "{meaningless("Ash")}"), ("birch", "Birch")'
    )


@pytest.mark.slow
def test_the_mapping_of_a_sample_stays_the_same(
    installed: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = modeling_files_of(installed.snapshot)[::EVERY]
    other = renamed_package(installed.snapshot, files_to_rename(files), tmp_path)
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    found = []
    for snapshot in (installed.snapshot, other):
        begin(snapshot, Sources(snapshot))
        parts = survey_files(files)
        found.append(
            {key: one for part in parts.values() for key, one in mapped(part.classes + part.functions).items()}
        )
    assert sum(len(matches) for matches, _ in found[0].values()) > 100
    assert differences(*found) == {}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_mapping_of_the_whole_library_stays_the_same(
    installed: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = survey(installed.snapshot, silent)
    other = renamed_package(installed.snapshot, files_to_rename(modeling_files_of(installed.snapshot)), tmp_path)
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    after = survey(other, silent)
    assert len(before.problems) == len(after.problems)
    assert differences(*(mapped(one.classes + one.functions) for one in (before, after))) == {}


def files_to_rename(files: tuple[str, ...]) -> list[str]:
    return [file for file in files if not file.startswith(TABLES)]


def mapped(found: tuple[Surveyed, ...]) -> Mapping:
    """Concepts with their lines, and roles, of every class and function by the line of its name."""
    return {
        (one.file, one.line): (sorted((each.concept, each.place.span.line) for each in one.matches), sorted(one.roles))
        for one in found
    }


def differences(before: Mapping, after: Mapping) -> dict[tuple[str, int], tuple[object, object]]:
    """What is mapped otherwise under other names."""
    return {key: (before.get(key), after.get(key)) for key in {*before, *after} if before.get(key) != after.get(key)}
