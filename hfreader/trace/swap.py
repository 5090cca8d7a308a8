"""Put rewritten code under the functions that are alive, and take it away again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

from hfreader.alive import functions_of
from hfreader.trace.rewrite import Rewritten
from hfreader.trace.rewrite_plan import HELPERS


@contextmanager
def swapped(files: Iterable[Rewritten], helpers: Mapping[str, Callable[..., Any]]) -> Iterator[int]:
    """Run the rewritten code of `files` inside the block; yields how many functions were changed.

    Functions are found wherever they live (under decorators, in registries, as closures) and keep their identity,
    defaults and cells: only their code is another. A function that was not compiled from the very text that was
    rewritten is left alone. The change is seen by the whole process and undone at the end, come what may.
    `helpers` gives for each name in `HELPERS` in use the function to call.
    """
    constants = {HELPERS[name]: helper for name, helper in helpers.items()}
    new_code: dict[str, dict[CodeType, CodeType]] = {}
    for file in files:
        new_code[file.original.co_filename] = dict(_pairs(file.original, _link(file.rewritten, constants)))
    changed = [(function, function.__code__) for function in _live_functions(new_code)]
    try:
        for function, code in changed:
            function.__code__ = new_code[code.co_filename][code]
        yield len(changed)
    finally:
        for function, code in changed:
            function.__code__ = code


def _link(code: CodeType, constants: Mapping[str, object]) -> CodeType:
    """`code` with the helpers in the place of the constants that name them."""
    return code.replace(
        co_consts=tuple(
            _link(constant, constants)
            if isinstance(constant, CodeType)
            else constants.get(constant, constant)
            if isinstance(constant, str)
            else constant
            for constant in code.co_consts
        )
    )


def _pairs(original: CodeType, rewritten: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Each function's code with its rewritten code: both trees have the same functions in the same order."""
    inner = [[part for part in code.co_consts if isinstance(part, CodeType)] for code in (original, rewritten)]
    if [part.co_qualname for part in inner[0]] != [part.co_qualname for part in inner[1]]:
        return
    for before, after in zip(*inner, strict=True):
        if before.co_freevars == after.co_freevars:
            yield before, after
        yield from _pairs(before, after)


def _live_functions(codes: Mapping[str, Mapping[CodeType, object]]) -> list[FunctionType]:
    return [function for function in functions_of(codes) if function.__code__ in codes[function.__code__.co_filename]]
