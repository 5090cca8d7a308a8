"""Facts round-trip through JSON, whatever is in them."""

import importlib
import pkgutil
import typing

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hfreader.facts
from hfreader.errors import HfreaderError
from hfreader.facts.codec import from_json, to_json, write_atomically
from hfreader.facts.dataflow import Node
from hfreader.facts.phrases import Phrase
from hfreader.facts.places import Span
from hfreader.facts.traces import Value

SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def records() -> list[type]:
    """Every record of the data model."""
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(hfreader.facts.__path__):
        for value in vars(importlib.import_module(f"hfreader.facts.{module.name}")).values():
            if isinstance(value, type) and is_record(value):
                found[value.__name__] = value
    return sorted(found.values(), key=lambda record: record.__name__)


def is_record(kind: type) -> bool:
    """Classes of the data model are all records: dataclasses or msgspec's structs."""
    return kind.__module__.startswith("hfreader.facts.")


def strategy(kind: object) -> st.SearchStrategy[typing.Any]:
    """Values of a field's type; recursion into `Value` and `Phrase` stays shallow."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return st.lists(strategy(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(strategy, arguments))
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), strategy(arguments[1]), max_size=2)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if arguments:
        return st.one_of(*map(strategy, arguments))
    if kind is Value:
        return st.builds(Value, type=st.text(max_size=5), text=st.none() | st.text(max_size=5))
    if kind is Phrase:
        said = st.tuples(st.text(max_size=5), st.text(max_size=5) | st.integers(0, 9))
        return st.builds(Phrase, message=st.text(max_size=5), arguments=st.lists(said, max_size=2).map(tuple))
    if isinstance(kind, type) and is_record(kind):
        return instances(kind)
    simple: dict[object, st.SearchStrategy[typing.Any]] = {
        str: st.text(max_size=8),
        int: st.integers(-(2**53), 2**53),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        type(None): st.none(),
        object: st.none() | st.integers(-9, 9) | st.text(max_size=4) | st.lists(st.integers(0, 9), max_size=2),
    }
    return simple[kind]


def instances(record: type) -> st.SearchStrategy[typing.Any]:
    return st.builds(record, **{name: strategy(hint) for name, hint in typing.get_type_hints(record).items()})


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_every_record_round_trips(record: type):
    @SETTINGS
    @given(instances(record))
    def law(made: object) -> None:
        assert from_json(to_json(made), record) == made

    law()


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_every_record_is_frozen(record: type):
    made = typing.cast(typing.Any, record)
    assert (made.__struct_config__ if issubclass(record, msgspec.Struct) else made.__dataclass_params__).frozen


def test_wrong_data_is_one_clear_error():
    with pytest.raises(HfreaderError, match="line"):
        from_json(b'{"line": "x"}', Span)
    with pytest.raises(HfreaderError):
        from_json(b"{", Node)


def test_writing_leaves_no_part_behind(tmp_path):
    target = tmp_path / "deep" / "record.json"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(target.parent.iterdir()) == [target]
