import re
import socket
import threading
import urllib.error
import urllib.request

import pytest

from hfreader.errors import HfreaderError
from hfreader.output import replace_site
from hfreader.serve import serve_folder


def test_serves_the_folder_on_this_machine_only(tmp_path):
    (tmp_path / "index.html").write_text("<h1>site</h1>")
    address = served(tmp_path, reload=False)
    assert address.startswith("http://127.0.0.1:")
    assert get(address) == b"<h1>site</h1>"


def served(folder, reload: bool) -> str:
    """The address of a server of the folder."""
    address: list[str] = []
    ready = threading.Event()
    given = (folder, 0, lambda where: (address.append(where), ready.set()), reload)
    threading.Thread(target=serve_folder, args=given, daemon=True).start()
    assert ready.wait(5)
    return address[0]


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read()


def test_a_build_in_another_place_is_told_to_the_pages_and_no_other_change(tmp_path):
    def site_of(text: bytes):
        return lambda folder: (folder / "index.html").write_bytes(b"<body>%b</body>" % text)

    replace_site(tmp_path, site_of(b"old"))
    address = served(tmp_path, reload=True)
    page = get(address)
    assert page.startswith(b"<body>old<script>")
    epoch = re.search(rb"livereload\((\d+), \d+\)", page)[1].decode()
    told: list[bytes] = []
    poll = threading.Thread(target=lambda: told.append(get(f"{address}livereload/{epoch}/1")), daemon=True)
    poll.start()
    (tmp_path / "index.html").write_text("half")
    poll.join(0.5)
    assert not told
    replace_site(tmp_path, site_of(b"new"))
    poll.join(5)
    assert int(told[0]) > int(epoch) and get(address).startswith(b"<body>new<script>")


def test_a_page_that_is_nowhere_is_the_sites_own(tmp_path):
    (tmp_path / "index.html").write_text("")
    (tmp_path / "404.html").write_text("nowhere")
    with pytest.raises(urllib.error.HTTPError, match="404") as told:
        get(f"{served(tmp_path, reload=False)}models/none.html")
    assert told.value.read() == b"nowhere"


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
