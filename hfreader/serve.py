"""A small local web server for a built site."""

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from hfreader.errors import HfreaderError


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing per request."""


def serve_folder(folder: Path, port: int, announce: Callable[[str], None]) -> None:
    """Serve `folder` on 127.0.0.1 until interrupted; `announce` gets the address once it answers.

    Raises HfreaderError when there is no site in the folder or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise HfreaderError(f"no site in {folder}: run `hfreader build --out {folder}` first")
    handler = partial(_QuietHandler, directory=str(folder))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise HfreaderError(f"cannot listen on port {port} ({error.strerror}): choose another with --port") from error
    with server:
        announce(f"http://127.0.0.1:{server.server_address[1]}/")
        server.serve_forever()
