"""Progress for the user, on stderr; results go to stdout."""

from typing import Protocol


class Report(Protocol):
    """How a long stage says what it is doing; `done` of `total` where they are known."""

    def __call__(self, stage: str, message: str, done: int | None = None, total: int | None = None) -> None:
        """Show one step of progress."""


def silent(stage: str, message: str, done: int | None = None, total: int | None = None) -> None:
    """A `Report` that shows nothing."""
