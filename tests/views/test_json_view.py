import json
import re
from pathlib import Path
from typing import get_type_hints

import pytest

from hfreader.errors import HfreaderError
from hfreader.facts import branches, changes, generation, places, problems, statistics, traces
from hfreader.views.json_view import read_json, render_json
from tests.facts_builder import make_trace

FOLDER = Path(__file__).parent.parent.parent / "docs"
DOCUMENT, CHINESE = ((FOLDER / name).read_text(encoding="utf-8") for name in ("trace-json.md", "trace-json.zh.md"))
HEADINGS = {
    "Trace": (traces.Trace,),
    "Statistics": (statistics.Statistics,),
    "Branch": (branches.Branch,),
    "Outcome": (branches.Outcome,),
    "Generation": (generation.Generation,),
    "Generation step": (generation.GenerationStep,),
    "Cache part": (generation.CachePart,),
    "Link": (changes.Link,),
    "Changes": (changes.Changes,),
    "Module pair": (changes.ModulePair,),
    "Module side": (changes.ModuleSide,),
    "Line change": (changes.LineChange,),
    "Line side": (changes.LineSide,),
    "Token": (traces.TokenFact,),
    "Symbol": (traces.SymbolFact,),
    "Value": (traces.Value,),
    "Tensor": (traces.TensorFact,),
    "Module": (traces.ModuleRecord,),
    "Product": (traces.Product,),
    "Line": (traces.LineRecord,),
    "Execution": (traces.Execution,),
    "Dispatch": (traces.Dispatch,),
    "Place and Span": (places.Place, places.Span),
    "Problem": (problems.Problem,),
}


def documented(heading, document):
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL)
    assert section is not None, f"{heading} is not described"
    return re.findall(r"^\| `(\w+)` \|", section[1], re.MULTILINE)


@pytest.mark.parametrize("document", [DOCUMENT, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("heading", HEADINGS)
def test_the_document_names_every_field_in_order(heading, document):
    fields = [name for record in HEADINGS[heading] for name in get_type_hints(record)]
    assert documented(heading, document) == fields


def test_the_document_describes_this_version():
    assert f"describes version {traces.SCHEMA_VERSION}." in DOCUMENT
    assert f"版本 {traces.SCHEMA_VERSION}。" in CHINESE


def test_every_record_of_the_schema_is_described():
    records = {
        item
        for module in (branches, changes, generation, statistics, traces, places, problems)
        for item in vars(module).values()
        if isinstance(item, type) and item.__module__.startswith("hfreader.facts.")
    }
    assert records == {record for described in HEADINGS.values() for record in described}


def test_a_trace_survives_the_round_trip():
    trace = make_trace()
    assert read_json(render_json(trace)) == trace


def test_the_version_comes_first_and_the_text_is_one_line():
    data = render_json(make_trace())
    assert data.startswith(b'{"schema":1,') and data.count(b"\n") == 1
    assert json.loads(data)["lines"][0]["place"]["span"] == {"line": 29, "column": 22, "end_line": 29, "end_column": 25}


def test_what_is_no_trace_is_said():
    with pytest.raises(HfreaderError, match="not a valid"):
        read_json(b'{"schema": 1}')
