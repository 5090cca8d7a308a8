import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json
from hfreader.facts.runs import FamilyRequest, TraceRequest
from hfreader.facts.traces import Trace
from hfreader.progress import silent
from hfreader.trace import client
from hfreader.trace.messages import Ask
from tests.trace.tiny import SNAPSHOT


def test_the_client_needs_no_torch():
    script = "import sys, hfreader.trace.client; print('torch' in sys.modules, 'transformers' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).split() == ["False", "False"]


def test_environment_puts_the_snapshot_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", "/else")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pinned = replace(SNAPSHOT, origin="official", package="/clone/src/transformers")
    assert client.worker_environment(pinned)["PYTHONPATH"] == os.pathsep.join(["/clone/src", "/else"])
    assert client.worker_environment(SNAPSHOT)["PYTHONPATH"] == "/else"
    assert client.worker_environment(pinned)["TOKENIZERS_PARALLELISM"] == "false"
    assert client.worker_environment(pinned)["HF_HUB_OFFLINE"] == "1"


def test_a_snapshot_that_cannot_be_imported(fake):
    snapshot = fake("print('noise on stdout'); raise ImportError('tokenizers is too old')")
    with pytest.raises(HfreaderError, match=r"transformers 1\.0 cannot be imported .*: tokenizers is too old"):
        client.trace(TraceRequest("bert"), snapshot, silent)


def test_another_transformers_than_the_snapshot_is_refused(fake, tmp_path: Path):
    snapshot = fake("")
    elsewhere = replace(snapshot, package=str(tmp_path / "src" / "other"))
    with pytest.raises(HfreaderError, match=r"imported transformers from .*src/transformers, not from .*src/other"):
        client.trace(TraceRequest("bert"), elsewhere, silent)


def test_a_kill_is_one_clear_line(fake):
    snapshot = fake("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    message = r"^tracing 'bert' failed: the worker process was ended by SIGKILL \(out of memory\?\)$"
    with pytest.raises(HfreaderError, match=message):
        client.trace(TraceRequest("bert"), snapshot, silent)


def test_a_crash_gives_its_last_words(fake):
    snapshot = fake("import sys, os; print('about to end', file=sys.stderr, flush=True); os._exit(3)")
    with pytest.raises(HfreaderError, match="ended with code 3: about to end"):
        client.trace(TraceRequest("bert"), snapshot, silent)


def test_the_worker_ends_with_the_block(fake):
    snapshot = fake("import time; time.sleep(60)")
    with pytest.raises(KeyboardInterrupt), client.worker_process(snapshot) as worker:
        raise KeyboardInterrupt
    assert worker._process.poll() is not None


def test_a_worker_that_is_gone_already(fake):
    with client.worker_process(fake("")) as worker:
        worker._process.kill()
        worker._process.wait()
        with pytest.raises(client.WorkerDied, match="SIGKILL"):
            worker.ask(Ask(SNAPSHOT, trace=TraceRequest("bert")), silent)


@pytest.fixture(scope="module")
def real():
    with client.worker_process(SNAPSHOT) as worker:
        yield worker


@pytest.mark.slow
def test_a_real_trace(real: client.Worker):
    steps = []
    request = TraceRequest("bert", text="a cat", overrides=(("num_hidden_layers", "1"), ("hidden_size", "24")))
    trace = real.ask(Ask(SNAPSHOT, trace=request), lambda *step: steps.append(step)).trace
    assert trace is not None
    assert [token.text for token in trace.tokens[0]] == ["a", "<0x20>", "c", "a", "t"]
    assert from_json(to_json(trace), Trace) == trace
    assert ("trace", "naming dimensions", None, None) in steps


@pytest.mark.slow
def test_errors_of_a_real_worker_are_answers(real: client.Worker):
    answer = real.ask(Ask(SNAPSHOT, trace=TraceRequest("bret")), silent)
    assert answer.error is not None
    assert "did you mean bert" in answer.error


@pytest.mark.slow
def test_an_unknown_family_is_a_problem(real: client.Worker):
    answer = real.ask(Ask(SNAPSHOT, family=FamilyRequest("bret", ())), silent)
    assert answer.error == "unknown family 'bret'; did you mean bert, beit, bart?"
