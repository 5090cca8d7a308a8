import io
import json

import pytest
from rich.console import Console

from hfreader.errors import HfreaderError
from hfreader.views.json_view import read_json
from hfreader.views.outputs import Outputs, read_sources, show
from tests.facts_builder import FILE, SOURCE, make_snapshot, make_trace


@pytest.fixture
def snapshot(tmp_path):
    file = tmp_path / "transformers" / FILE
    file.parent.mkdir(parents=True)
    file.write_text(SOURCE, encoding="utf-8")
    return make_snapshot(str(tmp_path / "transformers"))


WRITTEN = ("deep/a.html", "a.dot", "a.json")


def printed(trace, snapshot, outputs, width=80):
    console = Console(file=io.StringIO(), width=width)
    show(trace, snapshot, outputs, console)
    return console.file.getvalue()


def test_all_files_at_once(tmp_path, snapshot, capsys):
    trace = make_trace()
    outputs = Outputs(json=str(tmp_path / "a.json"), html=tmp_path / "deep" / "a.html", dot=tmp_path / "a.dot")
    text = printed(trace, snapshot, outputs)
    assert "×2" in text
    assert capsys.readouterr().err.splitlines() == [f"wrote {tmp_path / name}" for name in WRITTEN]
    assert read_json((tmp_path / "a.json").read_bytes()) == trace
    assert "ToyAttention.forward" in (tmp_path / "deep" / "a.html").read_text(encoding="utf-8")
    assert (tmp_path / "a.dot").read_text(encoding="utf-8").startswith("//")


def test_json_on_stdout_is_alone(snapshot):
    assert json.loads(printed(make_trace(), snapshot, Outputs(json="-")))["class_name"] == "ToyModel"


def test_a_file_that_cannot_be_written_is_said(tmp_path, snapshot):
    (tmp_path / "blocked").write_text("")
    with pytest.raises(HfreaderError, match=r"cannot write .*blocked"):
        printed(make_trace(), snapshot, Outputs(html=tmp_path / "blocked" / "a.html"))


def test_files_are_checked_before_the_work(tmp_path):
    (tmp_path / "blocked").write_text("")
    Outputs(json="-", html=tmp_path / "new" / "a.html", dot=tmp_path / "blocked").check()
    for outputs in (Outputs(json=str(tmp_path)), Outputs(dot=tmp_path / "blocked" / "deep" / "a.dot")):
        with pytest.raises(HfreaderError, match=r"cannot write .*folder; choose another place"):
            outputs.check()


def test_a_pipe_is_wide_enough_for_code(snapshot):
    text = printed(make_trace(), snapshot, Outputs(at="layers.0.attention"))
    (line,) = [line for line in text.splitlines() if "def eager" in line]
    assert line.endswith("query (B, T, hidden) (1, 4, 8), key (B, hidden, T) (1, 8, 4)")


def test_sources_that_are_gone_are_left_out(snapshot):
    assert read_sources(make_trace(), snapshot) == {FILE: SOURCE}
    assert read_sources(make_trace(), make_snapshot()) == {}
