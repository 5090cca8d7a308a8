"""What differs between two traces."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from hfreader.facts.changes import Changes, LineChange, LineSide, Link, ModulePair
from hfreader.facts.places import Place
from hfreader.facts.traces import LineRecord, Trace
from hfreader.pages.module_tree import TreeNode, module_tree
from hfreader.views.alignment import aligned, side
from hfreader.views.listing import value_texts

MOST_VARIANTS = 3
Key = tuple[Place, str, str]


def changes(left: Trace, right: Trace, names: tuple[str, str]) -> Changes:
    """The right run beside the left one; `names` says in words what each is."""
    same = (left.family, left.class_name) == (right.family, right.class_name)
    return Changes(
        left=names[0],
        right=names[1],
        fields=tuple(_fields(left, right)),
        parameters=(left.parameters, right.parameters),
        flops=(left.flops, right.flops),
        links=tuple(_links(left, right)),
        modules=_modules(left, right, same),
        lines=tuple(_lines(left, right)) if same else (),
    )


def _fields(left: Trace, right: Trace) -> Iterator[tuple[str, object, object]]:
    """The fields that differ; of configurations of different kinds only those that both have."""
    one, other = dict(_flat("", left.config)), dict(_flat("", right.config))
    alike = left.config.get("model_type") == right.config.get("model_type")
    for name in dict.fromkeys([*one, *other]):
        if (alike or (name in one and name in other)) and one.get(name) != other.get(name) and name != "model_type":
            yield name, one.get(name), other.get(name)


def _flat(prefix: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value


def _links(left: Trace, right: Trace) -> Iterator[tuple[Link | None, Link | None]]:
    """What the same field picks in both, where it is not the same; what only one picks."""
    one, other = ({link.field: link for link in trace.links} for trace in (left, right))
    for field in dict.fromkeys([*one, *other]):
        pair = one.get(field), other.get(field)
        if pair[0] is None or pair[1] is None or pair[0].function != pair[1].function:
            yield pair


def _modules(left: Trace, right: Trace, same: bool) -> tuple[ModulePair, ...]:
    one, other = module_tree(left.modules), module_tree(right.modules)
    if one is None or other is None:
        return ()
    return tuple(_by_name(one, other, 0)) if same else aligned(one, other)


def _by_name(left: TreeNode, right: TreeNode, depth: int) -> Iterator[ModulePair]:
    """Two trees of the same class: numbers in names aside, a module goes by its name."""
    yield ModulePair(depth, side(left), side(right))
    rest = list(right.children)
    for child in left.children:
        partner = next((each for each in rest if _stem(each) == _stem(child)), None)
        if partner is None:
            yield from (ModulePair(depth + 1 + inner, side(node), None) for inner, node in child.walk())
            continue
        rest.remove(partner)
        yield from _by_name(child, partner, depth + 1)
    for child in rest:
        yield from (ModulePair(depth + 1 + inner, None, side(node)) for inner, node in child.walk())


def _stem(node: TreeNode) -> str:
    """The name without the numbers of folded modules: `layer.0-11` is `layer.`."""
    return node.name.rstrip("0123456789-,…")


def _lines(left: Trace, right: Trace) -> Iterator[LineChange]:
    """The values that differ, in the order of the source."""
    one, other = _values(left), _values(right)
    for key in sorted({*one, *other}):
        if one.get(key) != other.get(key):
            place, name, function = key
            yield LineChange(place, name, function, one.get(key), other.get(key))


def _values(trace: Trace) -> dict[Key, LineSide]:
    """What each variable of each line held, the same in several modules said once."""
    found: dict[Key, dict[tuple[str, str], None]] = {}
    for record in trace.lines:
        if record.call == 0:
            found.setdefault(_key(record), {})[value_texts(record.value)] = None
    return {key: _side(list(texts)) for key, texts in found.items()}


def _key(record: LineRecord) -> Key:
    return record.place, record.name, record.function


def _side(texts: list[tuple[str, str]]) -> LineSide:
    shown = texts[:MOST_VARIANTS]
    symbols, numbers = (dict.fromkeys(text for text in part if text) for part in zip_longest(*shown))
    more = f" and {len(texts) - MOST_VARIANTS} more" if len(texts) > MOST_VARIANTS else ""
    return LineSide("; ".join(symbols) + more, "; ".join(numbers))
