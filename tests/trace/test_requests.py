"""What is refused before a worker process starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.source.installed import installed_snapshot
from hfreader.trace.requests import check_files, check_request, kind_of, known_names


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return installed_snapshot()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"target": "brt"}, r"'brt' is no family of transformers; did you mean bert.*; a checkpoint is given as"),
        ({"target": "./nowhere"}, r"there is no folder '\./nowhere'"),
        ({"device": "tpu9"}, "unknown device 'tpu9'"),
        ({"dtype": "float31"}, "unknown dtype 'float31'"),
        ({"text": " "}, "the text is empty"),
        ({"ids": ()}, "the text is empty"),
    ],
)
def test_mistakes_that_need_no_run(more: dict[str, object], message: str, snapshot: Snapshot):
    with pytest.raises(HfreaderError, match=message):
        check_request(replace(TraceRequest("bert"), **more), snapshot)


@pytest.mark.parametrize("target", ["bert", "BERT", "gpt-sw3", "clip_text_model", "data2vec", "owner/x"])
def test_what_may_be_meant_is_left_to_the_worker(target: str, snapshot: Snapshot):
    check_request(TraceRequest(target), snapshot)


def test_the_names_of_a_package_are_read_from_its_files(tmp_path: Path):
    for file, text in {
        "models/one/configuration_one.py": "",
        "models/auto/configuration_auto.py": "NAMES = {'one-small': 'OneConfig'}",
        "models/two/modeling_two.py": "",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    families, types = known_names(tmp_path)
    assert families == {"one", "auto"}
    assert "one-small" in types


def test_kinds_of_targets(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    assert kind_of(str(tmp_path), ("bert",), ()) == "folder"
    assert kind_of("GPT-Sw3", ("bert",), ("gpt_sw3",)) == "family"
    assert kind_of("google/bert", ("bert",), ()) == "hub"
    (tmp_path / "empty").mkdir()
    with pytest.raises(HfreaderError, match=r"no checkpoint: it has no config\.json"):
        kind_of(str(tmp_path / "empty"), ("bert",), ())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"images": ("nowhere.png",)}, "there is no file nowhere.png"),
        ({"inputs": __file__, "text": "a"}, "--inputs holds all"),
        ({"inputs": __file__, "sounds": (__file__,)}, "--inputs holds all"),
        ({"pair": "b", "ids": (1, 2)}, "--pair goes with a text"),
    ],
)
def test_files_and_inputs_that_exclude_each_other(more, words: str):
    with pytest.raises(HfreaderError, match=words):
        check_files(TraceRequest("bert", **more))
