"""The functions of this process, found among all its objects, and objects hidden from those who look through all.

A forked process shares the memory of its parent until it writes there, and to collect garbage, or only to look at an
object, is to write: either copies nearly every page of the parent's memory, which takes longer than a small run.
Without a fork, too, the collector takes most of a second for each look at all that torch and transformers are made of.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from types import FunctionType

_hidden: defaultdict[str, list[FunctionType]] = defaultdict(list)
"""The functions that are hidden, by the file of their code."""


def hide() -> None:
    """Hide all objects from the collector for good, here and in processes forked from this one, but remember which
    functions are among them."""
    for function in _functions():
        _hidden[function.__code__.co_filename].append(function)
    gc.freeze()


@contextmanager
def hidden() -> Iterator[None]:
    """Inside, what was there before is hidden from the collector; what is made and dropped inside is collected."""
    hide()
    try:
        yield
    finally:
        gc.unfreeze()
        _hidden.clear()


def functions_of(files: Iterable[str]) -> list[FunctionType]:
    """The live functions whose code comes from these files."""
    wanted = set(files)
    hidden = chain.from_iterable(_hidden.get(file, ()) for file in wanted)
    others = (function for function in _functions() if function.__code__.co_filename in wanted)
    return list(dict.fromkeys(chain(hidden, others)))


def _functions() -> Iterator[FunctionType]:
    return (item for item in gc.get_objects() if type(item) is FunctionType)
