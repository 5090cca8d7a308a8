import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from huggingface_hub import constants

from hfreader.errors import HfreaderError
from hfreader.progress import silent
from hfreader.trace.hub import fetch

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"pickle",
    "onnx/config.json": b"{}",
    "code.py": b"evil()",
}


class Hub(http.server.BaseHTTPRequestHandler):
    """The two routes of the hub that a download needs."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        Hub.asked.append(self.path)
        content = FILES.get(self.path.rpartition("/resolve/main/")[2])
        if self.path.startswith("/api/models/some/model"):
            siblings = [{"rfilename": name} for name in FILES]
            content = json.dumps({"id": "some/model", "sha": COMMIT, "siblings": siblings}).encode()
        if self.path.startswith("/api/models/some/data"):
            content = json.dumps({"id": "some/data", "siblings": [{"rfilename": "README.md"}]}).encode()
        self.send_response(200 if content is not None else 404)
        if content is None:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", str(len(content or b"")))
        self.send_header("ETag", f'"{hashlib.sha1(content or b"").hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return tmp_path


def test_only_what_is_read_is_fetched(endpoint: str):
    steps: list[str] = []
    folder = fetch("some/model", lambda stage, message, *_: steps.append(message), endpoint=endpoint)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        name: FILES[name] for name in ("config.json", "model.safetensors")
    }
    assert steps == ["fetching some/model/config.json", "fetching some/model/model.safetensors"]
    assert not any("pytorch_model" in path or "code.py" in path for path in Hub.asked)


def test_the_cache_serves_without_a_network(endpoint: str):
    folder = fetch("some/model", silent, endpoint=endpoint)
    assert fetch("some/model", silent, offline=True) == folder
    assert fetch("some/model", silent, endpoint="http://127.0.0.1:9") == folder


def test_offline_by_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HfreaderError, match=r"cannot fetch 'some/model': the hub must not be asked \(offline\)"):
        fetch("some/model", silent)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("some/nothing", "the hub has no repository 'some/nothing'"),
        ("some/data", "'some/data' holds no transformers checkpoint: it has no config.json"),
        ("some/-bad-", "is neither a folder nor a valid hub id"),
    ],
)
def test_what_the_hub_does_not_have(endpoint: str, name: str, message: str):
    with pytest.raises(HfreaderError, match=message):
        fetch(name, silent, endpoint=endpoint)


def test_a_hub_out_of_reach():
    with pytest.raises(HfreaderError, match=r"the hub is out of reach \(\w+\), and it is not in the local cache"):
        fetch("some/model", silent, endpoint="http://127.0.0.1:9")
