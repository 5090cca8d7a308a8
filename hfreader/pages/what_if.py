"""Data for trying other sizes on the page: which there are, what holds between them, and what each module costs.

Shapes need no data of their own: they are written in these sizes. A script of the page evaluates all of it.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from markupsafe import Markup

from hfreader.facts.traces import Trace
from hfreader.pages.book import bare
from hfreader.pages.cost_terms import Terms, own_terms, product, worth, written
from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted
from hfreader.pages.module_tree import TreeNode
from hfreader.pages.rendering import embedded
from hfreader.pages.shapes import is_unexplained
from hfreader.pages.size_rules import TOKENS, rules_of

LAYERS = "layers"
COSTS = ("parameters", "flops")
KEYS_AND_VALUES = ("keys", "values")
"""What a cache holds that is called by them; a state space keeps its states."""
# What a trace says of the sizes that are no fields of a configuration.
LENGTHS = (
    noted("rows of the batch"),
    noted("input tokens of this call"),
    noted("tokens already in the cache"),
    noted("tokens of the encoder's output"),
)


@dataclass(frozen=True)
class Repeats:
    """A number of modules that a configuration sets: what it is called, the fields that say it, their value."""

    name: str
    fields: tuple[str, ...]
    value: int


def what_if(root: TreeNode, traces: Sequence[Trace]) -> Markup:
    """The data of the default run, `traces[0]`, as JSON that can stand in a script element."""
    trace = traces[0]
    rules = rules_of(trace)
    repeats = _repeats(root, traces)
    counts = {one.name: one for one in repeats.values()}
    sizes = [[one.name, _(one.expression), one.value, one.expression not in LENGTHS] for one in rules.free]
    sizes += [[one.name, ", ".join(one.fields), one.value, True] for one in counts.values()]
    data = {
        "sizes": sizes,
        "derived": rules.derived,
        "multiples": rules.multiples,
        "divisors": rules.divisors,
        "most": rules.most,
        "rows": _rows(root, 0, _Known(own_terms(trace.modules), repeats, rules.values, _unexplained(trace)))[0],
        "cache": list(_cache(trace, counts)),
        "command": f"hfreader trace {trace.family} --fake",
        "tokens": any(len(row) == rules.values.get(TOKENS) for row in trace.tokens),  # and nothing beside the text
        "words": _words(trace),
    }
    return embedded(data)


def _words(trace: Trace) -> dict[str, str]:
    keys_and_values = all(part.name.rpartition(" ")[2] in KEYS_AND_VALUES for part in trace.cache)
    return {
        "title": _("What if"),
        "intro": _("Move a size: shapes and costs on this page follow from the expressions that the runs have shown."),
        "reset": _("as it ran"),
        "parameters": _("weights"),
        "flops": _("floating-point operations"),
        "cache": _("KV cache") if keys_and_values else _("cache"),
        "check": _("Compare with a run of your own:"),
        "alone": _("a run takes its own:"),
        "unknown": _("not known at other sizes"),
        "pin": _("keep in sight"),
    }


Row = list[object]
"""Depth, how often the row stands there (a number or a name), what it costs without the rows below it by COSTS, whether
its shapes are known at other sizes, and whether it shares weights that are counted in another row, so that it holds
more than its rows add up to."""


@dataclass(frozen=True)
class _Known:
    """What a row is worked out from: own costs by path and kind, named repeats, the values of all sizes, and the paths
    of modules with a size that nothing explains."""

    own: Mapping[tuple[str, str], Terms]
    repeats: Mapping[str, Repeats]
    values: Mapping[str, int]
    unexplained: Set[str]


def _rows(node: TreeNode, depth: int, known: _Known) -> tuple[list[Row], list[Fraction | None]]:
    """The rows of a module and all below it, and what they add up to. A cost is null where it is not known at other
    sizes, or where those of the rows do not add up to what was counted; but fewer weights are those of a module that
    shares some, and add up with the others further up."""
    below = [_rows(child, depth + 1, known) for child in node.children]
    costs: list[str | None] = []
    totals: list[Fraction | None] = []
    shares = False
    for number, (kind, counted) in enumerate(zip(COSTS, (node.parameters, node.flops or 0), strict=True)):
        text = written(known.own.get((node.path, kind), Terms()))
        parts = [totals[number] for _, totals in below]
        total = worth(text, known.values)
        total = None if total is None else total + _sum(node.children, parts)
        fewer = kind == "parameters" and total is not None and total < counted
        told = None not in parts and (total == counted or fewer)
        shares |= told and fewer
        costs.append(text if told else None)
        totals.append(total if told else None)
    repeats = known.repeats[node.path].name if node.path in known.repeats else node.repeats
    shaped = node.path not in known.unexplained
    return [[depth, repeats, *costs, shaped, shares], *(row for rows, _ in below for row in rows)], totals


def _sum(children: Sequence[TreeNode], parts: Sequence[Fraction | None]) -> Fraction:
    return sum((part * child.repeats for child, part in zip(children, parts, strict=True) if part), Fraction(0))


def _unexplained(trace: Trace) -> set[str]:
    return {
        record.path
        for record in trace.modules
        if record.call == 0 and any(map(is_unexplained, [record.output, *(value for _, value in record.inputs)]))
    }


def _cache(trace: Trace, counts: Mapping[str, Repeats]) -> Iterator[list[object]]:
    """The parts of the cache: how many layers hold one, and how many bytes each; null where a size has no symbol."""
    for part in trace.cache:
        same = [one.name for one in counts.values() if one.value == part.layers]
        known = len(part.symbols) == len(part.shape) and not any(size.isdecimal() for size in part.symbols)
        each = part.bytes // (prod(part.shape) * part.layers) if known else 0
        yield [same[0] if same else part.layers, product(each, part.symbols) if each else None]


def _repeats(root: TreeNode, traces: Sequence[Trace]) -> dict[str, Repeats]:
    """The rows that stand for modules whose number a configuration sets, by their path: fields that have this number
    in the default run and in every other run of the class, of which one must have had another."""
    default, *others = traces
    others = [trace for trace in others if trace.class_name == default.class_name]
    found: dict[str, tuple[str, ...]] = {}
    for _depth, node in root.walk():
        counts = [_count(trace, node.path) for trace in [default, *others]]
        if node.repeats < 2 or counts[0] != node.repeats or len(set(counts)) < 2:
            continue
        configs = [dict(_integers(trace.config)) for trace in [default, *others]]
        fields = tuple(
            name
            for name in configs[0]
            if all(config.get(name) == count for config, count in zip(configs, counts, strict=True))
        )
        if fields:
            found[node.path] = fields
    alone = len(set(found.values())) == 1
    sizes = dict(_integers(default.config))
    return {path: Repeats(LAYERS if alone else fields[0], fields, sizes[fields[0]]) for path, fields in found.items()}


def _count(trace: Trace, path: str) -> int:
    """How many modules there are that differ from this path in their number alone."""
    stem = path.removesuffix(bare(path))
    paths = {module.path for module in trace.modules}
    return sum(one.startswith(stem) and one.removeprefix(stem).isdecimal() for one in paths)


def _integers(config: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, int]]:
    """The fields that hold whole numbers, nested ones dotted."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _integers(value, f"{prefix}{name}.")
        elif type(value) is int:
            yield f"{prefix}{name}", value
