"""Where the views of a trace go: the terminal, stdout, files."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from hfreader.errors import HfreaderError
from hfreader.facts.codec import write_atomically
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import Trace
from hfreader.views.changes_view import show_changes
from hfreader.views.costs_view import show_costs
from hfreader.views.dot_view import render_dot
from hfreader.views.generation_view import show_generation
from hfreader.views.html_view import render_html
from hfreader.views.json_view import render_json
from hfreader.views.terminal import render_terminal

PIPE_WIDTH = 120
STDOUT = "-"


@dataclass(frozen=True)
class Outputs:
    """What the user asked to see. `json`, `html` and `dot` are files (`-` is stdout for json); `at`, `lines` and
    `modules` are those of `render_terminal`; `values` is the file of values that the run has written;
    `costs` adds the table of what each module costs."""

    json: str | None = None
    html: Path | None = None
    dot: Path | None = None
    values: Path | None = None
    at: str | None = None
    lines: bool = False
    modules: bool = True
    costs: bool = False

    def check(self) -> None:
        """HfreaderError for a file that cannot be written, before any work is done for it."""
        files = [self.html, self.dot, self.values, None if self.json in (None, STDOUT) else Path(self.json or "")]
        for file in files:
            if file is not None and (reason := _refusal(file)) is not None:
                raise _unwritable(file, reason)


def _refusal(file: Path) -> str | None:
    """Why a file cannot be written, as far as can be seen beforehand."""
    if file.is_dir():
        return "it is a folder"
    folder = file.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        return f"{folder} is not a folder"
    return None if os.access(folder, os.W_OK) else f"{folder} is not writable"


def _unwritable(file: Path, reason: str) -> HfreaderError:
    return HfreaderError(f"cannot write {file}: {reason}; choose another place")


def show(trace: Trace, snapshot: Snapshot, outputs: Outputs, console: Console | None = None) -> None:
    """Write the files asked for (said on stderr), and print the trace unless its JSON goes to stdout.

    HfreaderError where `at` names no module that ran, or a file cannot be written.
    """
    sources = read_sources(trace, snapshot)
    if outputs.values is not None:
        print(f"wrote {outputs.values}", file=sys.stderr)
    if outputs.html is not None:
        _write(outputs.html, render_html(trace, sources, outputs.at, outputs.values).encode())
    if outputs.dot is not None:
        _write(outputs.dot, render_dot(trace).encode())
    console = console or Console()
    if outputs.json == STDOUT:
        console.file.write(render_json(trace).decode())
        return
    if outputs.json is not None:
        _write(Path(outputs.json), render_json(trace))
    if not console.is_terminal and console.width < PIPE_WIDTH:
        console.width = PIPE_WIDTH
    render_terminal(trace, sources, console, outputs.at, outputs.lines, outputs.modules)
    if outputs.costs:
        show_costs(trace, console)
    if trace.generation is not None:
        show_generation(trace, console)
    if trace.changes is not None:
        show_changes(trace.changes, console)


def read_sources(trace: Trace, snapshot: Snapshot) -> dict[str, str]:
    """The text of every file in which something was recorded; a file that cannot be read is left out."""
    files = {record.place.file for record in trace.lines} | {execution.file for execution in trace.executions}
    files |= {jump.place.file for jump in trace.dispatches if jump.place is not None}
    sources: dict[str, str] = {}
    for file in sorted(files):
        path = snapshot.path(file)
        if path.is_file():
            sources[file] = path.read_text(encoding="utf-8")
    return sources


def _write(path: Path, data: bytes) -> None:
    try:
        write_atomically(path, data)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    print(f"wrote {path}", file=sys.stderr)
