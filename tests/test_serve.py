import socket
import threading
import urllib.request

import pytest

from hfreader.errors import HfreaderError
from hfreader.serve import serve_folder


def test_serves_the_folder_on_this_machine_only(tmp_path):
    (tmp_path / "index.html").write_text("<h1>site</h1>")
    address: list[str] = []
    ready = threading.Event()

    def announce(where: str) -> None:
        address.append(where)
        ready.set()

    threading.Thread(target=serve_folder, args=(tmp_path, 0, announce), daemon=True).start()
    assert ready.wait(5)
    assert address[0].startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address[0]) as answer:
        assert answer.read() == b"<h1>site</h1>"


def test_no_site_says_how_to_get_one(tmp_path):
    with pytest.raises(HfreaderError, match="hfreader build"):
        serve_folder(tmp_path, 0, announce=print)


def test_a_taken_port_is_named(tmp_path):
    (tmp_path / "index.html").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(HfreaderError, match=f"port {port}.*--port"):
            serve_folder(tmp_path, port, announce=print)
