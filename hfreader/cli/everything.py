"""`hfreader trace --all`."""

from pathlib import Path

from hfreader.errors import HfreaderError
from hfreader.facts.sweep import Limits
from hfreader.progress import TerminalReport
from hfreader.source import obtain
from hfreader.sweep import sweep
from hfreader.views.sweep_view import show_sweep
from hfreader.views.tables import console


def trace_everything(
    target: str | None,
    out: str | None,
    jobs: int | None,
    limits: Limits,
    repo: str | None,
    ref: str | None,
    offline: bool,
) -> None:
    """Run every model type and print the totals; `out` is a folder for the traces. HfreaderError for a target."""
    if target is not None:
        raise HfreaderError(f"--all runs every model type: leave out '{target}'")
    if out == "-":
        raise HfreaderError("--all writes a file for each model type: give --json a folder")
    if out is not None and Path(out).is_file():
        raise HfreaderError(f"{out} is a file: --all writes a file for each model type, so give --json a folder")
    with TerminalReport() as report:
        snapshot = obtain(repo, ref, offline=offline or (repo is None and ref is None), report=report)
        found = sweep(snapshot, report, None if out is None else Path(out), jobs, limits)
    show_sweep(found, console())
