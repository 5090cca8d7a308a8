"""What stands beside a line that builds a submodule: what it is, what it maps, how many weights it holds."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten

from markupsafe import Markup

from hfreader.facts.code import ClassFacts, SubmoduleFacts
from hfreader.facts.traces import ModuleRecord, TensorFact, Trace
from hfreader.pages.book import bare
from hfreader.pages.execution import LONGEST_CONDITION
from hfreader.pages.language import gettext as _
from hfreader.pages.notes import Note
from hfreader.pages.shapes import dimension, first_tensor, tensor_count, tensor_in_symbols

_CONFIG_FIELD = re.compile(r"\bconfig\.(\w+)")
_CONVOLUTION = re.compile(r"Conv(Transpose)?[123]d")
IMAGE = 4
"""Dimensions from which on the last may be a width of images."""


@dataclass(frozen=True)
class Built:
    """One call of a submodule. `leaf`: no module ran inside it. `config` and `default` are those of its run: the
    fields in force, and whether these are the family's own."""

    record: ModuleRecord
    leaf: bool
    config: Mapping[str, object]
    default: bool


class Modules:
    """The submodules that ran in a family's traces, by class and attribute."""

    def __init__(self, traces: Sequence[Trace]) -> None:
        self._children: dict[tuple[str, str], list[Built]] = defaultdict(list)
        for trace in traces:
            classes = {module.path: bare(module.class_name) for module in trace.modules} | {"": trace.class_name}
            parents = {module.parent for module in trace.modules}
            for module in trace.modules:
                built = Built(module, module.path not in parents, trace.config, not trace.changed)
                for key in _owners(module.path, classes):
                    self._children[key].append(built)

    def built(self, owner: str, attribute: str) -> list[Built]:
        """The calls of `self.<attribute>` (or of its items) of a class: those at default sizes, else all."""
        calls = self._children.get((owner, attribute), [])
        return [built for built in calls if built.default] or calls


def _owners(path: str, classes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The class that holds a module, and under which attribute; an item of a list counts as its list."""
    parent, _, attribute = path.rpartition(".")
    while attribute.isdigit():
        parent, _, attribute = parent.rpartition(".")
    if attribute and parent in classes:
        yield classes[parent], attribute


def weight_notes(item: ClassFacts, modules: Modules, find: Callable[[str], str | None]) -> Iterator[Note]:
    """What each submodule is, as it ran: its class (linked to where `find` says it is shown), what it maps and how
    many weights it holds. Where the module that ran may come from another line, only class and condition are said."""
    for submodule in item.submodules:
        calls = modules.built(item.name, submodule.attribute)
        rivals = [other for other in item.submodules if other.attribute == submodule.attribute and other != submodule]
        if rivals and calls:
            calls = [built for built in calls if _made_by(built, submodule, rivals)]
            if not calls and submodule.condition and len(submodule.classes) == 1:
                yield Note(submodule.span.line, "weights", _conditional(submodule, find))
        if calls:
            yield Note(submodule.span.line, "weights", _described(submodule, calls, find))


def _made_by(built: Built, submodule: SubmoduleFacts, rivals: Sequence[SubmoduleFacts]) -> bool:
    """Whether only this of several constructions of an attribute makes modules of the class that ran."""
    name = bare(built.record.class_name)
    elsewhere = any(not rival.classes or name in map(bare, rival.classes) for rival in rivals)
    return name in map(bare, submodule.classes) and not elsewhere


def _described(submodule: SubmoduleFacts, calls: Sequence[Built], find: Callable[[str], str | None]) -> Markup:
    parts: list[str | None] = [_kind(submodule, calls, find)]
    parts.append(_only(_maps(built, submodule.expression) for built in calls))
    counts = _only(_("%s weights") % f"{built.record.parameters:,}" for built in calls if built.default)
    if counts is not None and calls[0].record.parameters:
        parts.append(counts + (_(" each") if submodule.container else ""))
    said = [part for part in parts if part]
    return Markup(_("<code>{}</code>: {}")).format(submodule.attribute, Markup(", ").join(said))


def _conditional(submodule: SubmoduleFacts, find: Callable[[str], str | None]) -> Markup:
    """One of several constructions of an attribute: what it makes, and when."""
    kind = _linked(bare(submodule.classes[0]), find)
    condition = shorten(submodule.condition or "", LONGEST_CONDITION, placeholder=" …")
    return Markup(_("<code>{}</code>: {}, built where <code>{}</code>")).format(submodule.attribute, kind, condition)


def _linked(name: str, find: Callable[[str], str | None]) -> Markup:
    link = find(name)
    return Markup('<a href="{}">{}</a>').format(link, name) if link else Markup.escape(name)


def _kind(submodule: SubmoduleFacts, calls: Sequence[Built], find: Callable[[str], str | None]) -> Markup:
    linked = _linked(bare(calls[0].record.class_name), find)
    return Markup(_("{} of {}")).format(submodule.container, linked) if submodule.container else linked


def _only(texts: Iterable[str | None]) -> str | None:
    """What all say; None where they differ."""
    distinct = set(texts)
    return distinct.pop() if len(distinct) == 1 else None


def _maps(built: Built, expression: str) -> str | None:
    """`hidden → intermediate` where only the features change, the channels of a convolution, `vocab_size → hidden` of a
    table, else whole shapes; None where nothing can be said, as of sizes of a small run that have no names."""
    record = built.record
    taken = next((tensor for _, value in record.inputs if (tensor := first_tensor(value)) is not None), None)
    given = first_tensor(record.output)
    if taken is None or given is None or not record.parameters or not taken.shape or not given.shape:
        return None
    if not (built.default or (_is_named(taken) and _is_named(given))):
        return None
    if _CONVOLUTION.fullmatch(bare(record.class_name)) and len(taken.shape) == len(given.shape) > 2:
        return f"{dimension(taken, 1)} → {dimension(given, 1)}"
    features = dimension(given, -1)
    flat = built.leaf or len(taken.shape) < IMAGE
    if flat and _is_float(taken) and taken.shape[:-1] == given.shape[:-1]:
        return f"{dimension(taken, -1)} → {features}"
    table = built.leaf and record.output.tensor is not None and not _is_float(taken)
    if table and taken.shape == given.shape[:-1]:
        rows = _rows(built, given.shape[-1], expression)
        return f"{rows} → {features}" if rows else None
    more = ", …" if tensor_count(record.output) > 1 else ""
    return f"{tensor_in_symbols(taken)} → {tensor_in_symbols(given)}{more}"


def _rows(built: Built, features: int, expression: str) -> str | None:
    """How many rows a table has: the config field in its construction that says so, else the number, which means
    something at default sizes only."""
    rows, rest = divmod(built.record.parameters, features)
    if rest:
        return None
    named = [field for field in _CONFIG_FIELD.findall(expression) if built.config.get(field) == rows]
    return named[0] if named else f"{rows:,}" if built.default else None


def _is_named(tensor: TensorFact) -> bool:
    return bool(tensor.symbols) and not tensor.unexplained


def _is_float(tensor: TensorFact) -> bool:
    return "float" in tensor.dtype
