"""Progress for the user, on stderr; results go to stdout."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

# From this many steps on, a stage says now and then how far it is where there is no terminal to draw a bar on.
LONG = 50


class Report(Protocol):
    """How a long stage says what it is doing; `done` of `total` where they are known."""

    def __call__(self, stage: str, message: str, done: int | None = None, total: int | None = None) -> None:
        """Show one step of progress."""


def silent(stage: str, message: str, done: int | None = None, total: int | None = None) -> None:
    """A `Report` that shows nothing."""


class TerminalReport:
    """A `Report` on stderr: one bar per stage on a terminal; elsewhere one plain line per stage, of a long one a line
    for each tenth."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}
        self._bars = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("[bold]{task.fields[stage]:<9}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=self._console,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            for task in self._bars.tasks:
                if kind is None and task.total is None:
                    self._bars.update(task.id, total=task.completed)
            self._bars.stop()

    def __call__(self, stage: str, message: str, done: int | None = None, total: int | None = None) -> None:
        """Show one step of progress."""
        known = stage in self._tasks
        if not known:
            self._tasks[stage] = self._bars.add_task(message, total=total, stage=stage)
        if self._console.is_terminal:
            self._bars.update(self._tasks[stage], description=message, completed=done, total=total)
            return
        tenth = 10 * (done or 0) // total if total is not None and total >= LONG else 0
        if not known or tenth > self._tenths[stage]:
            counted = f" ({done} of {total})" if tenth else ""
            self._console.print(f"{stage}: {message}{counted}", highlight=False, markup=False)
            self._tenths[stage] = tenth
