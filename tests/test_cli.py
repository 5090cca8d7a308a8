"""The command line as a user meets it: each mistake is one clear line and exit code 1, and no traceback."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hfreader.build import BuildOptions
from hfreader.cli import app
from hfreader.cli.building import MOST_SHOWN, _show_build
from hfreader.facts.codec import from_json
from hfreader.facts.problems import Problem
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.totals import BuildResult, FamilyTotals
from hfreader.facts.traces import SCHEMA_VERSION, Trace


def hfreader(*arguments: str, cache: Path, timeout: int = 300) -> subprocess.CompletedProcess[str]:
    """Run the program as a user would, with a cache of its own."""
    environment = {**os.environ, "HFREADER_CACHE": str(cache), "COLUMNS": "100", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "hfreader", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)


def mistake(*arguments: str, cache: Path) -> str:
    """The one line that a mistake is answered with."""
    done = hfreader(*arguments, cache=cache)
    lines = [line for line in done.stderr.splitlines() if line.startswith("hfreader: ")]
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    assert done.stderr.rstrip().endswith(lines[0])
    return lines[0]


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize(
    "options",
    [
        BuildOptions((), None, None, Path("there"), offline=False),
        BuildOptions(
            *(("bert", "gpt2"), "https://example.org/t", "v5.0.0", Path("there"), True),
            *((("bert", "gpt2"), ("t5", "bart")), ("en", "zh"), 2, True),
        ),
    ],
)
def test_the_words_of_a_build_ask_for_the_same_again(options, monkeypatch):
    asked = []
    result = BuildResult(Snapshot("installed", None, None, None, "5.0", "/package"), "there", (), ())
    monkeypatch.setattr("hfreader.cli.building.build_site", lambda *given: (asked.append(given[0]), result)[1])
    done = CliRunner().invoke(app, ["build", *options.words(), "--out", "there"])
    assert done.exit_code == 0 and asked == [options]


QUESTIONS = (("concepts",), ("explain",), ("find",), ("compare",), ("coverage",))


@pytest.mark.parametrize("command", [(), ("build",), ("serve",), ("trace",), *QUESTIONS])
def test_help_tells_what_a_command_does(command, cache):
    done = hfreader(*command, "--help", cache=cache)
    assert done.returncode == 0
    assert "Usage" in done.stdout
    if command in {("build",), ("trace",)}:
        assert "Examples" in done.stdout


def test_version(cache):
    assert hfreader("--version", cache=cache).stdout.startswith("hfreader 0.")


@pytest.mark.parametrize(
    ("folder", "words"),
    [("site", "or run `hfreader serve`."), ("my site", "or run `hfreader serve --out 'my site'`.")],
)
def test_where_to_look_after_a_build(folder, words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    _show_build(BuildResult(Snapshot("installed", None, None, None, "5.0", "/package"), folder, (), ()))
    assert f"Open {folder}/index.html, {words}" in capsys.readouterr().out


def test_of_many_families_the_worst_and_the_sums_are_shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    families = [FamilyTotals(f"kind{n}", 10, 9, 5, 4, int(n == 7), 0, 2, 100, 90, 0) for n in range(MOST_SHOWN + 1)]
    problems = tuple(Problem("trace", f"kind{n}", "it broke") for n in range(MOST_SHOWN + 2))
    snapshot = Snapshot("installed", None, None, None, "5.0", "/package")
    _show_build(BuildResult(snapshot, "site", tuple(families), problems))
    out = capsys.readouterr().out
    assert "kind7 " in out and "kind8 " not in out
    assert f"all {len(families)}" in out and f" {10 * len(families)} " in out and "90%" in out
    assert f"{len(families) - 1} more families and 2 more problems" in out


def test_questions_are_answered_as_json_on_stdout_alone(cache):
    done = hfreader("concepts", "layer-norm", "--json", cache=cache)
    assert [one["slug"] for one in json.loads(done.stdout)] == ["layer-norm"]
    done = hfreader("explain", "modeling_bert.py:125", "--offline", "--json", cache=cache)
    found = json.loads(done.stdout)
    assert found["subject"] == "transformers.models.bert.modeling_bert.eager_attention_forward"
    assert "scaled-dot-product-attention" in {one["slug"] for one in found["concepts"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("concepts", "laier-norm"), ("laier-norm", "layer-norm")),
        (("explain", "LlamaAtention"), ("LlamaAtention", "LlamaAttention")),
        (("explain", "modeling_lama.py:3"), ("modeling_llama.py",)),
        (("find", "laier-norm"), ("layer-norm",)),
        (("compare", "bertt", "gpt2"), ("bertt", "did you mean bert")),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_mistakes_in_a_question(arguments, words, cache):
    line = mistake(*arguments, cache=cache)
    for word in words:
        assert word in line


def test_unknown_family_suggests_near_names(cache, tmp_path):
    line = mistake("build", "--models", "bertt", "--offline", "--out", str(tmp_path / "site"), cache=cache)
    assert "bertt" in line
    assert "bert" in line.split("did you mean")[1]
    assert "bert" in mistake("trace", "bertt", "hello", "--offline", cache=cache).split("mean")[1]


def test_output_folder_that_cannot_be_written(cache, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    line = mistake("build", "--models", "bert", "--offline", "--out", str(blocked / "site"), cache=cache)
    assert str(blocked) in line
    assert "--out" in line


def test_repositories_that_will_not_do(cache, tmp_path, small_repository):
    nowhere = mistake("build", "--repo", str(tmp_path / "nowhere"), cache=cache)
    assert "nowhere" in nowhere
    assert "--repo" in nowhere or "path" in nowhere
    closed = mistake("build", "--repo", "http://127.0.0.1:9/transformers.git", cache=cache)
    assert "127.0.0.1:9" in closed
    assert "nosuchtag" in mistake("build", "--repo", str(small_repository), "--ref", "nosuchtag", cache=cache)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--ids", "1,x"), ("--ids", "1,x")),
        (("--ids", "1,2", "text"), ("--ids", "one or the other")),
        (("--set", "hidden_size"), ("--set", "KEY=VALUE")),
        (("--set", "hiden_size=64"), ("hiden_size", "hidden_size")),
        (("--set", "hidden_size=many"), ("hidden_size", "many")),
        (("--set", "hidden_size=100"), ("hidden", "heads")),
        (("--ids", "99999999"), ("99999999", "30521")),
        (("word " * 3000,), ("512",)),
        (("--class", "BertModl"), ("BertModl", "BertModel")),
        (("--dtype", "float31"), ("float31", "float32")),
        (("--device", "tpu9"), ("tpu9",)),
        (("--at", "encoder.layer.0.attention.slf"), ("encoder.layer.0.attention.self",)),
        (("--against", "gpt3"), ("gpt3", "gpt2")),
        (("--against-set", "n_layer=2"), ("--against",)),
        (("--set", "num_attention_heads=7"), ("hidden size (768)", "attention heads (7)")),
    ],
    ids=lambda value: value[0][:24] if isinstance(value, tuple) else None,
)
@pytest.mark.slow
def test_mistakes_in_a_trace(arguments, words, cache):
    line = mistake("trace", "bert", *arguments, "--offline", cache=cache)
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say what to trace"),
        (("bert", "--all"), "leave out 'bert'"),
        (("--all", "--json", "-"), "give --json a folder"),
        (("--all", "--json", __file__), "give --json a folder"),
    ],
)
def test_mistakes_in_a_trace_of_all(arguments, words, cache):
    assert words in mistake("trace", *arguments, "--offline", cache=cache)


@pytest.mark.slow
def test_cuda_asked_for_and_absent(cache):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    line = mistake("trace", "bert", "--device", "cuda", "--offline", cache=cache)
    assert "cuda" in line.lower()
    assert "cpu" in line


@pytest.mark.slow
def test_unreadable_checkpoint(cache, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    assert "model.safetensors" in mistake("trace", str(tmp_path), "hello", "--offline", cache=cache)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "config.json" in mistake("trace", str(empty), "hello", "--offline", cache=cache)


@pytest.mark.slow
def test_a_trace_as_json_on_stdout_is_json_alone(cache):
    small = ("--set", "num_hidden_layers=1", "--set", "hidden_act=relu")
    done = hfreader("trace", "bert", "The cat sat on the mat", *small, "--json", "-", "--offline", cache=cache)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema"] == SCHEMA_VERSION
    trace = from_json(done.stdout.encode(), Trace)
    assert trace.class_name == "BertModel"
    assert trace.changed == {"num_hidden_layers": 1, "hidden_act": "relu"}
    assert trace.changes is not None
    assert ("hidden_act", "gelu", "relu") in trace.changes.fields
    assert trace.changes.parameters[0] == 109_482_240
    ((gelu, relu),) = trace.changes.links
    assert [link and link.function.rpartition(".")[2] for link in (gelu, relu)] == ["GELUActivation", "ReLU"]
    queries = [line for line in trace.lines if line.name == "query_layer"]
    assert [line.value.tensor.symbols for line in queries if line.value.tensor] == [("B", "heads", "T", "head_dim")]


def _default_interruption() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_an_interruption_is_one_line_and_leaves_nothing(cache, tmp_path):
    files = [tmp_path / name for name in ("trace.html", "values.safetensors", "trace.json")]
    options = ("--html", str(files[0]), "--values", str(files[1]), "--json", str(files[2]), "--offline")
    command = [sys.executable, "-m", "hfreader", "trace", "bert", "--set", "num_hidden_layers=60", *options]
    environment = {**os.environ, "HFREADER_CACHE": str(cache)}
    pipe = subprocess.PIPE
    # Where the tests run in the background, interruptions are ignored, and a child would inherit that.
    with subprocess.Popen(
        command, stderr=pipe, text=True, env=environment, start_new_session=True, preexec_fn=_default_interruption
    ) as process:
        assert process.stderr is not None
        said = iter(process.stderr.readline, "")
        assert any("trace: finding bert" in line for line in said)
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read().splitlines()
    assert (process.returncode, rest[-1]) == (130, "hfreader: interrupted")
    assert "Traceback" not in "".join(rest)
    with pytest.raises(ProcessLookupError):  # neither the program nor its worker is left
        os.killpg(process.pid, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_inputs_that_will_not_do(cache, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    assert "BertModel takes no images" in mistake("trace", "bert", "--image", str(broken), "--offline", cache=cache)
    assert "is no picture" in mistake("trace", "vit", "--image", str(broken), "--offline", cache=cache)
    assert "cannot be read as a sound" in mistake("trace", "wav2vec2", "--audio", str(broken), cache=cache)
    assert "there is no file nowhere" in mistake("trace", "vit", "--image", "nowhere", "--offline", cache=cache)


@pytest.mark.slow
def test_two_families_side_by_side(cache):
    small = ("--set", "num_hidden_layers=1", "--against-set", "n_layer=1")
    done = hfreader("trace", "bert", "--against", "gpt2:GPT2LMHeadModel", *small, "--offline", cache=cache)
    assert done.returncode == 0, done.stderr
    (row,) = [line for line in done.stdout.splitlines() if "GPT2Block" in line]
    assert "BertLayer" in row


@pytest.mark.slow
def test_the_views_of_a_trace(cache, tmp_path):
    html, dot = tmp_path / "trace.html", tmp_path / "trace.dot"
    done = hfreader(
        *("trace", "gpt2", "--ids", "464,3797,3332", "--class", "GPT2LMHeadModel", "--set", "n_layer=2", "--offline"),
        *("--html", str(html), "--dot", str(dot), "--at", "transformer.h.0.attn"),
        cache=cache,
    )
    assert done.returncode == 0, done.stderr
    assert "key_states" in done.stdout
    assert "(B, heads, T, head_dim)" in done.stdout
    assert "GPT2LMHeadModel" in html.read_text()
    assert "digraph GPT2LMHeadModel {" in dot.read_text()


@pytest.mark.cuda
@pytest.mark.slow
def test_cuda_gives_the_shapes_of_the_cpu(cache):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU")
    shapes = []
    for device in ("cpu", "cuda"):
        done = hfreader("trace", "gpt2", "--device", device, "--json", "-", "--offline", cache=cache)
        trace = from_json(done.stdout.encode(), Trace)
        shapes.append([(line.place, line.value.tensor.shape) for line in trace.lines if line.value.tensor])
    assert shapes[0] == shapes[1]
