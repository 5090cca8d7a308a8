"""In which order to read a file: parts before what is built of them, in the order in which the model uses them."""

import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from hfreader.facts.analysis import Analysis
from hfreader.facts.code import ClassFacts, FileFacts, SubmoduleFacts
from hfreader.facts.traces import Trace
from hfreader.pages.book import bare
from hfreader.pages.language import gettext as _

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


@dataclass(frozen=True)
class Step:
    """One class or function to read. `idle`: others of its group ran in the default run, and it did not."""

    name: str
    idle: bool = False


def reading_order(analysis: Analysis, traces: Sequence[Trace]) -> tuple[tuple[str, tuple[Step, ...]], ...]:
    """Classes with code to read, in named groups: the base model's parts bottom-up, then what builds on it.

    Children come before the class that holds them, in the order in which the default run first called them, else as
    written. A class stands where it is first needed, those that did not run in the default run after the others; a
    function that holds an equation stands before the first class that reaches it.
    """
    code = analysis.code
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
        (_("%s and its parts") % base.name if base else "", inside),
        (_("What builds on it") if base else _("Classes"), beyond),
        (_("What else is defined") if base or beyond else _("Classes"), rest),
    )
    ran = {base.name, *called} if base and called else set()
    functions = _functions(analysis)
    return tuple(_group(title, members, ran, functions) for title, members in groups if members)


def _group(
    title: str, members: Sequence[ClassFacts], ran: Set[str], functions: dict[str, list[str]]
) -> tuple[str, tuple[Step, ...]]:
    """The steps of a group, with the functions that its classes are the first to reach (taken from `functions`)."""
    mixed = any(item.name in ran for item in members)
    steps: list[Step] = []
    for item in sorted(members, key=lambda item: item.name not in ran):
        for name in [name for name, owners in functions.items() if item.qualified in owners]:
            del functions[name]
            steps.append(Step(name))
        steps.append(Step(item.name, mixed and item.name not in ran))
    return title if mixed or not ran else f"{title} " + _("(not in the default run)"), tuple(steps)


def _functions(analysis: Analysis) -> dict[str, list[str]]:
    """The module-level functions that hold an equation, each with the classes that reach it: through the attention
    registry, or with what their own matches compute inside it."""
    module, file = analysis.code.module, analysis.code.file
    owners = {match.owner for match in analysis.matches}
    reached: dict[str, list[str]] = {}
    for function in analysis.code.functions:
        qualified = f"{module}.{function.name}"
        if qualified in owners:
            through = [site.owner for site in analysis.dispatches if site.function == qualified]
            computed = [match for match in analysis.matches if match.place.file == file]
            inlined = [match.owner for match in computed if function.span.holds(match.place.span)]
            reached[function.name] = through + inlined
    return reached


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
