"""A small local web server for a built site, which loads open pages again when the site is built anew."""

from collections.abc import Callable
from pathlib import Path

from mkdocs.livereload import LiveReloadServer

from hfreader.errors import HfreaderError
from hfreader.output import MARKER

# How often the server looks whether the site is another one, in seconds.
LOOK = 0.1


def serve_folder(folder: Path, port: int, announce: Callable[[str], None], reload: bool = False) -> None:
    """Serve `folder` on 127.0.0.1 until interrupted; `announce` gets the address once it answers.

    With `reload` the pages that are open in a browser load again when a build has replaced the site.
    Raises HfreaderError when there is no site in the folder or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise HfreaderError(f"no site in {folder}: run `hfreader build --out {folder}` first")
    server = _Server(folder, port, announce)
    if reload:
        server.watch(str(folder / MARKER))
    try:
        server.serve()
    finally:
        server.shutdown()


class _Server(LiveReloadServer):  # type: ignore[misc]
    """MkDocs' server for a site that others build: it waits for no build and hides none."""

    def __init__(self, folder: Path, port: int, announce: Callable[[str], None]) -> None:
        super().__init__(lambda: None, host="127.0.0.1", port=port, root=str(folder), polling_interval=LOOK)
        self.announce = announce
        self.error_handler = lambda code: _read(folder / f"{code}.html")

    def server_bind(self) -> None:
        """Take the port; HfreaderError where it is taken."""
        try:
            super().server_bind()
        except OSError as error:
            port = self.server_address[1]
            raise HfreaderError(
                f"cannot listen on port {port} ({error.strerror}): choose another with --port"
            ) from error

    def server_activate(self) -> None:
        """Begin to listen, and tell where."""
        super().server_activate()
        self.announce(f"http://127.0.0.1:{self.server_address[1]}/")


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
