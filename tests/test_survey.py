"""The survey of a small library: what is found, what is identical, what cannot be read."""

from pathlib import Path

import pytest

import hfreader.survey
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Survey
from hfreader.progress import silent
from hfreader.survey import survey

NORM = """
import torch
from torch import nn

class {name}Norm(nn.Module):
    "{name}'s norm."
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, x):  # of {name}
        mean = x.mean(-1, keepdim=True)
        variance = (x - mean).pow(2).mean(-1, keepdim=True)
        return (x - mean) / torch.sqrt(variance + 1e-6) * self.weight + self.bias

def scaled_by(x, factor):
    return x * factor
"""


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "transformers"
    for name in ("Ash", "Birch"):
        write(package, name.lower(), NORM.format(name=name))
    write(package, "broken", "class Broken(:\n    pass\n")
    write(package, "round", "class One(Two): pass\nclass Two(One): pass\n")
    return Snapshot("installed", None, None, None, "5.0", str(package))


def write(package: Path, family: str, source: str) -> None:
    file = package / "models" / family / f"modeling_{family}.py"
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")


def test_every_class_is_there_with_its_concepts_and_its_place(snapshot: Snapshot):
    found = {one.qualified.rpartition(".")[2]: one for one in survey(snapshot, silent).classes}
    assert set(found) == {"AshNorm", "BirchNorm", "One", "Two"}
    norm = found["BirchNorm"]
    assert [(one.concept, one.place.span.line) for one in norm.matches] == [("layer-norm", 15)]
    assert (norm.kind, norm.file, norm.line) == ("module", "models/birch/modeling_birch.py", 5)


def test_definitions_that_are_the_same_but_for_names_and_comments_share_a_body(snapshot: Snapshot):
    found = survey(snapshot, silent)
    ash, birch = (one for one in found.classes if one.qualified.endswith("Norm"))
    assert ash.body == birch.body
    assert len({one.body for one in (*found.classes, *found.functions)}) == 3


def test_what_cannot_be_read_is_a_problem_and_harms_nothing_else(snapshot: Snapshot):
    (problem,) = survey(snapshot, silent).problems
    assert problem.subject == "models/broken/modeling_broken.py"
    assert "modeling_broken.py:1" in problem.reason


def test_a_forward_of_thousands_of_lines_ends(snapshot: Snapshot):
    steps = "".join(f"        if self.on[{n}]:\n            x = self.f(x) * {n}\n" for n in range(1200))
    head = "from torch import nn\nclass Long(nn.Module):\n    def forward(self, x):\n"
    write(Path(snapshot.package), "long", f"{head}{steps}        return x\n")
    found = survey(snapshot, silent, jobs=1)
    assert {one.qualified.rpartition(".")[2] for one in found.classes} >= {"Long", "AshNorm"}
    assert [one.concept for one in found.classes if one.qualified.endswith("AshNorm") for one in one.matches]


def test_as_many_processes_as_one_likes_find_the_same(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hfreader.survey, "PART", 1)
    alone = survey(snapshot, silent, jobs=1)
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "other"))
    assert survey(snapshot, silent, jobs=2) == alone


def test_a_survey_round_trips_and_is_remembered(snapshot: Snapshot):
    found = survey(snapshot, silent)
    assert from_json(to_json(found), Survey) == found
    assert survey(snapshot, silent) == found
