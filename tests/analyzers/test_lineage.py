"""Where classes come from: what the source says, and what it shows."""

from hfreader.analyzers.difference import Differ
from hfreader.analyzers.difference_outlines import Outlines
from hfreader.analyzers.library import Library
from hfreader.analyzers.lineage import Genealogy
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.lineage import Lineage
from hfreader.facts.places import Place, Span
from hfreader.facts.survey import Survey, Surveyed
from tests.analyzers.conftest import HEADER

CLASS = """
class {name}({base}):
    def __init__(self, config):
        super().__init__()
        self.map = nn.Linear(config.hidden_size, config.hidden_size)
    def forward(self, x):
        return self.map(x)
"""
ASH, BIRCH = "models/ash/modeling_ash.py", "models/birch/modeling_birch.py"
GENERATED = "# This file was automatically generated from src/transformers/models/birch/modular_birch.py.\n"


def written(name: str, base: str = "nn.Module") -> str:
    return CLASS.format(name=name, base=base)


def modular(name: str) -> str:
    return f"from ..ash.modeling_ash import Ash{name}\nclass Birch{name}(Ash{name}):\n    pass\n"


def genealogy(sources: dict[str, str], survey: Survey | None = None) -> Genealogy:
    library = Library.of_sources({file: HEADER + source for file, source in sources.items()})
    return Genealogy(library, Differ(Outlines(library)), survey)


def lineage(sources: dict[str, str], owner: str, survey: Survey | None = None) -> Lineage:
    found = genealogy(sources, survey).lineage(f"transformers.models.{owner}")
    assert from_json(to_json(found), Lineage) == found
    return found


def test_a_class_of_a_modular_file():
    sources = {
        ASH: written("AshLayer"),
        BIRCH: GENERATED + written("BirchLayer").replace("hidden_size)", "hidden_size, bias=False)"),
        "models/birch/modular_birch.py": modular("Layer"),
    }
    found = lineage(sources, "birch.modeling_birch.BirchLayer")
    assert [(one.origin, one.relative.rpartition(".")[2]) for one in found.relations] == [("modular", "AshLayer")]
    assert found.relations[0].said == "class BirchLayer(AshLayer) in models/birch/modular_birch.py"
    assert found.difference is not None
    assert found.difference.sentence == "BirchLayer is AshLayer with map without bias."


def test_a_class_that_comes_along_with_another():
    sources = {
        ASH: written("AshLayer") + written("AshModel"),
        BIRCH: GENERATED + written("BirchLayer") + written("BirchModel"),
        "models/birch/modular_birch.py": modular("Model"),
    }
    found = lineage(sources, "birch.modeling_birch.BirchLayer")
    assert [one.relative.rpartition(".")[2] for one in found.relations] == ["AshLayer"]
    assert "comes with BirchModel(AshModel)" in str(found.relations[0].said)


def test_a_mark_and_a_base():
    marked = "# Copied from transformers.models.ash.modeling_ash.AshLayer with Ash->Birch"
    sources = {
        ASH: written("AshLayer"),
        BIRCH: f"from ..ash.modeling_ash import AshLayer\n{marked}\n{written('BirchLayer').strip()}\n"
        "class BirchPlain(AshLayer):\n    pass\n",
    }
    copied = lineage(sources, "birch.modeling_birch.BirchLayer")
    assert [(one.origin, one.said) for one in copied.relations] == [
        ("copied", "Copied from transformers.models.ash.modeling_ash.AshLayer with Ash->Birch")
    ]
    plain = lineage(sources, "birch.modeling_birch.BirchPlain")
    assert [one.origin for one in plain.relations] == ["inherits"]
    assert plain.difference is not None
    assert plain.difference.same


def test_what_is_identical_elsewhere_is_known_from_a_survey():
    sources = {ASH: written("AshLayer"), BIRCH: written("BirchLayer")}
    nowhere = Place(ASH, Span(1, 0, 2, 0))
    names = ("ash.modeling_ash.AshLayer", "birch.modeling_birch.BirchLayer")
    classes = tuple(Surveyed(f"transformers.models.{name}", ASH, "module", nowhere, 1, body="b") for name in names)
    found = lineage(sources, "birch.modeling_birch.BirchLayer", Survey("", classes))
    assert found.identical == ("transformers.models.ash.modeling_ash.AshLayer",)
    assert [one.origin for one in found.relations] == ["identical"]
    assert lineage(sources, "birch.modeling_birch.BirchLayer").relations == ()


def test_a_family_of_the_library(installed):
    found = Genealogy(installed, Differ(Outlines(installed))).lineage(
        "transformers.models.roberta.modeling_roberta.RobertaLayer"
    )
    assert found.relations[0].relative == "transformers.models.bert.modeling_bert.BertLayer"
    assert found.difference is not None
    assert found.difference.same
