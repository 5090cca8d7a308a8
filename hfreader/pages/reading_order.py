"""In which order to read a file: parts before what is built of them, in the order in which the model uses them."""

import sys
from collections.abc import Iterator, Mapping, Sequence

from hfreader.facts.code import ClassFacts, FileFacts, SubmoduleFacts
from hfreader.facts.traces import Trace
from hfreader.pages.book import bare

READ_KINDS = ("module", "model")
NEVER = sys.maxsize


def base_model(code: FileFacts, traces: Sequence[Trace]) -> ClassFacts | None:
    """The class of the default run; where nothing ran, the model class that most others contain."""
    by_name = {item.name: item for item in code.classes}
    ran = next((by_name[trace.class_name] for trace in traces if trace.class_name in by_name), None)
    if ran is not None:
        return ran
    models = [item for item in code.classes if item.kind == "model" and item.submodules]
    held = [name for item in models for part in item.submodules for name in part.classes]
    return max(models, key=lambda item: held.count(item.qualified), default=None)


def reading_order(code: FileFacts, traces: Sequence[Trace]) -> tuple[tuple[str, tuple[ClassFacts, ...]], ...]:
    """Classes with code to read, in named groups: the base model's parts bottom-up, then what builds on it.

    Children come before the class that holds them, in the order in which the default run first called them, else as
    written. A class stands where it is first needed.
    """
    classes = {item.qualified: item for item in code.classes if item.kind in READ_KINDS}
    called = _first_calls(traces)
    base = base_model(code, traces)
    done: dict[str, ClassFacts] = {}
    inside = tuple(_bottom_up(base, classes, called, done)) if base else ()
    beyond = tuple(
        found
        for item in code.classes
        if item.qualified in classes and item.submodules
        for found in _bottom_up(item, classes, called, done)
    )
    rest = tuple(item for item in classes.values() if item.qualified not in done)
    groups = (
        (f"{base.name} and its parts" if base else "", inside),
        ("What builds on it" if base else "Classes", beyond),
        ("Not part of any model above" if base or beyond else "Classes", rest),
    )
    return tuple((title, members) for title, members in groups if members)


def _first_calls(traces: Sequence[Trace]) -> dict[str, int]:
    """For each class the number of its first call in the default run."""
    calls: dict[str, int] = {}
    for module in sorted(traces[0].modules if traces else (), key=lambda module: module.order):
        calls.setdefault(bare(module.class_name), module.order)
    return calls


def _first_call(part: SubmoduleFacts, called: Mapping[str, int]) -> int:
    return min((called.get(bare(name), NEVER) for name in part.classes), default=NEVER)


def _bottom_up(
    item: ClassFacts, classes: Mapping[str, ClassFacts], called: Mapping[str, int], done: dict[str, ClassFacts]
) -> Iterator[ClassFacts]:
    """The class after everything it holds, leaving out what is done; marks what it yields as done."""
    if item.qualified in done:
        return
    done[item.qualified] = item
    for part in sorted(item.submodules, key=lambda part: _first_call(part, called)):
        for name in sorted(part.classes, key=lambda name: called.get(bare(name), NEVER)):
            if name in classes:
                yield from _bottom_up(classes[name], classes, called, done)
    yield item
