"""Keep rewritten code in place over many recordings.

Finding the live functions of a file means looking at every object of the process, which costs more than a small run.
Inside `held`, the code is put in place once; between recordings its helpers do nothing. Functions that come to life
inside the block have the rewritten code from the start.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from hfreader.trace.rewrite import Rewritten
from hfreader.trace.rewrite_plan import HELPERS
from hfreader.trace.swap import swapped


def _same(site: int, value: object, /) -> object:
    return value


def _operand(condition: int, site: int, value: object, /) -> object:
    return value


def _always(site: int, value: object, /) -> bool:
    return True


def _called(site: int, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _nothing(*_: object) -> None:
    return None


def _block(*_: object) -> AbstractContextManager[None]:
    return nullcontext()


IDLE: Mapping[str, Callable[..., Any]] = {
    "record": _same,
    "element": _always,
    "inplace": _called,
    "call": _called,
    "hit": _nothing,
    "enter": _block,
    "forward": _block,
    "operand": _operand,
    "branch": _same,
}
"""What the helpers do while nothing is recorded."""


class _Held:
    """The files that are in place, and the helpers their code calls at the moment."""

    def __init__(self, files: Sequence[Rewritten]) -> None:
        self.files = files
        self.helpers: dict[str, Callable[..., Any]] = dict(IDLE)

    def relay(self, name: str) -> Callable[..., Any]:
        def helper(*args: Any, **kwargs: Any) -> Any:
            return self.helpers[name](*args, **kwargs)

        return helper


_held: list[_Held] = []


@contextmanager
def held(files: Sequence[Rewritten]) -> Iterator[None]:
    """Inside, recordings of exactly these files find their code in place. Blocks do not nest."""
    holding = _Held(files)
    with swapped(files, {name: holding.relay(name) for name in HELPERS}):
        _held.append(holding)
        try:
            yield
        finally:
            _held.remove(holding)


@contextmanager
def placed(files: Sequence[Rewritten], helpers: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """The rewritten code with these helpers inside the block: swapped in, or already held."""
    holding = next((each for each in _held if each.files is files), None)
    if holding is None:
        with swapped(files, helpers):
            yield
        return
    holding.helpers = {**IDLE, **helpers}
    try:
        yield
    finally:
        holding.helpers = dict(IDLE)
