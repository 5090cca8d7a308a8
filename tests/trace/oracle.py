"""What Python itself saw: `sys.settrace`, line by line. Slow and sure; for tests only."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch

Assigned = Counter[tuple[int, str, Any]]


def state_of(value: Any) -> Any:
    """What must have changed for a variable to count as assigned: the object, or a tensor's version."""
    return (id(value), value._version) if isinstance(value, torch.Tensor) and not value.is_inference() else id(value)


def fact_of(value: Any) -> Any:
    return (tuple(value.shape), str(value.dtype)) if isinstance(value, torch.Tensor) else None


class Oracle:
    """Statements that ran (their first lines), and (first line, variable, shape and dtype) of assigned tensors."""

    def __init__(self, file: Path, fact=fact_of) -> None:
        self.file, self.fact = str(file), fact
        self.statements: set[int] = set()
        self.assigned: Assigned = Counter()
        self._first = first_lines(file.read_text(encoding="utf-8"))
        self._frames: dict[FrameType, tuple[int, dict[str, Any]]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != self.file:
            return None
        if frame not in self._frames:
            inherited = {name: frame.f_locals.get(name) for name in frame.f_code.co_freevars}
            self._frames[frame] = (frame.f_lineno, {name: (state_of(v), v) for name, v in inherited.items()})
            self._compare(frame)
        return self._line

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        self._compare(frame)
        if event == "line":
            self._frames[frame] = (frame.f_lineno, self._frames[frame][1])
            self.statements.add(self._first.get(frame.f_lineno, frame.f_lineno))
        return self._line

    def _compare(self, frame: FrameType) -> None:
        line, seen = self._frames[frame]
        for name, value in frame.f_locals.items():
            if name.startswith(".") or (name in seen and seen[name][0] == state_of(value)):
                continue
            seen[name] = (state_of(value), value)  # the value is kept so that no other gets its id
            if name in frame.f_code.co_freevars:  # assigned here for the function outside as well
                for other, (_, known) in self._frames.items():
                    if (
                        name in other.f_code.co_cellvars + other.f_code.co_freevars
                        and other.f_locals.get(name) is value
                    ):
                        known[name] = seen[name]
            if (fact := self.fact(value)) is not None:
                self.assigned[self._first.get(line, line), name, fact] += 1


def first_lines(text: str) -> dict[int, int]:
    """For every line of a statement, the first line of the innermost statement there (`def` for its decorators)."""
    first: dict[int, int] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            start = min([node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", []))])
            for line in range(start, (node.end_lineno or node.lineno) + 1):
                first[line] = max(first.get(line, 0), node.lineno)
    return first
