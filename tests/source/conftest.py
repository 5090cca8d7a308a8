"""A cache of its own for each test, a real git server on loopback, and remotes that do not answer."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import git


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("HFREADER_CACHE", str(folder))
    return folder


@pytest.fixture
def repository(small_repository: Path, tmp_path: Path) -> Path:
    """A clone of the small repository that a test may change."""
    folder = tmp_path / "served" / "transformers"
    folder.parent.mkdir()
    git(small_repository, "clone", "--quiet", "--no-hardlinks", str(small_repository), str(folder))
    git(folder, "remote", "remove", "origin")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def daemon(repository: Path) -> Iterator[str]:
    """The address of `repository` on a git server."""
    port = free_port()
    command = [
        "git",
        "daemon",
        "--export-all",
        "--listen=127.0.0.1",
        f"--port={port}",
        f"--base-path={repository.parent}",
    ]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"git://127.0.0.1:{port}/transformers"
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


class GitOverHttp(BaseHTTPRequestHandler):
    """Hands every request to git's own CGI program, as web servers do."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": self.server.root,  # type: ignore[attr-defined]
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
        }
        body = self.rfile.read(int(environment["CONTENT_LENGTH"]))
        answer = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web(repository: Path) -> Iterator[str]:
    """The address of `repository` on a web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), GitOverHttp) as server:
        server.root = str(repository.parent)  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/transformers"
        server.shutdown()


@pytest.fixture
def closed_port() -> int:
    """A port on which nothing listens."""
    return free_port()


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def faltering_port(daemon: str) -> Iterator[int]:
    """A way to the git server that serves one conversation, and hangs in every later one."""
    target = ("127.0.0.1", int(daemon.split(":")[2].split("/")[0]))
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_falter, args=(server, target), daemon=True).start()
        yield int(server.getsockname()[1])


def _falter(server: socket.socket, target: tuple[str, int]) -> None:
    first, _ = server.accept()
    upstream = socket.create_connection(target)
    threading.Thread(target=_pump, args=(first, upstream), daemon=True).start()
    _pump(upstream, first)


def _pump(origin: socket.socket, target: socket.socket) -> None:
    while data := origin.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)
