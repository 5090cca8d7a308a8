import json
from collections.abc import Iterable
from dataclasses import replace

from hfreader.facts.generation import CachePart
from hfreader.facts.traces import Product, SymbolFact, TensorFact, Trace
from hfreader.pages.module_tree import module_tree
from hfreader.pages.what_if import what_if
from tests.facts_builder import make_trace, tensor

SYMBOLS = (
    SymbolFact("B", "rows of the batch", 1),
    SymbolFact("T", "input tokens", 4),
    SymbolFact("hidden", "width", 8),
)
COSTS = {
    "embed": ("parameters", 10, ("hidden",)),
    "query": ("parameters", 9, ("hidden",)),
    "attention": ("parameters", 2, ("hidden",)),
}


def costly(layers: int, **changes: object) -> Trace:
    """The toy with what its modules cost: 80 weights of the embedding, 72 + 16 of each layer."""
    trace = make_trace(layers)
    modules = [
        replace(one, costs=(Product(kind, factor, TensorFact((8,), "", "", sizes)),))
        for one in trace.modules
        for kind, factor, sizes in [COSTS.get(one.path.rpartition(".")[2], ("flops", 0, ("T",)))]
    ]
    return replace(trace, modules=tuple(modules), symbols=SYMBOLS, config={"n": layers, "width": 8}, **changes)


def data(traces: Iterable[Trace]) -> dict:
    traces = list(traces)
    return json.loads(what_if(module_tree(traces[0].modules), traces))


def test_layers_are_what_a_field_counts_in_every_run():
    found = data([costly(12), costly(2)])
    assert ["layers", "n", 12, True] in found["sizes"]
    assert [row[1] for row in found["rows"]] == [1, 1, "layers", 1, 1]
    assert ["width", 8] not in [size[::2] for size in found["sizes"]]


def test_layers_stay_a_number_where_no_run_had_others():
    found = data([costly(12), costly(12)])
    assert found["rows"][2][1] == 12 and all(size[0] != "layers" for size in found["sizes"])


def test_rows_hold_what_they_cost_alone_and_nothing_that_does_not_add_up():
    rows = data([costly(12), costly(2)])["rows"]
    assert [row[2] for row in rows] == ["", "10*hidden", "", "2*hidden", "9*hidden"]
    wrong = costly(12)
    wrong = replace(wrong, modules=(*wrong.modules[:-1], replace(wrong.modules[-1], costs=())))
    first = replace(
        costly(12), modules=tuple(replace(one, parameters=one.parameters + 1) for one in costly(12).modules)
    )
    assert all(row[5] for row in data([first])["rows"]), "none holds what its rows add up to"
    less = replace(costly(12), modules=tuple(replace(one, parameters=one.parameters - 1) for one in costly(12).modules))
    assert [row[2] for row in data([less])["rows"]] == [None] * 5
    assert data([wrong])["rows"][0][2] == "", "one layer stands for all that look alike"


def test_weights_that_two_parts_share_add_up_in_the_whole():
    """As an embedding that stands beside the parts that hold it too: they tell nothing, the whole does."""
    trace = costly(12)
    layers = {one.path for one in trace.modules if one.path.startswith("layers.") and one.path.count(".") == 1}
    modules = tuple(
        replace(one, parameters=one.parameters + 80) if one.path in layers else one for one in trace.modules
    )
    rows = data([replace(trace, modules=modules), costly(2)])["rows"]
    assert [row[5] for row in rows][:3] == [False, False, True]
    assert rows[0][2] == ""


def test_a_shape_that_nothing_explains_is_known_nowhere_else():
    trace = costly(2)
    unsure = tensor(1, 4, 8)
    unsure = replace(unsure, tensor=replace(unsure.tensor, unexplained=(1,)))
    found = data([replace(trace, modules=(replace(trace.modules[0], output=unsure), *trace.modules[1:]))])
    assert [row[4] for row in found["rows"]] == [False, True, True, True, True]


def test_the_cache_is_bytes_for_each_layer():
    keys = CachePart("keys", 12, (1, 4, 8), "float16", 12 * 1 * 4 * 8 * 2, ("B", "T", "hidden"))
    found = data([costly(12, cache=(keys, replace(keys, symbols=("B", "4", "hidden")))), costly(2)])
    assert found["cache"] == [["layers", "2*B*T*hidden"], ["layers", None]]


def test_a_cache_of_states_is_no_kv_cache():
    names = {"keys": "KV cache", "cross values": "KV cache", "recurrent states": "cache"}
    for name, word in names.items():
        part = CachePart(name, 12, (1, 2, 4, 4), "float32", 12 * 128)
        assert data([costly(12, cache=(part,))])["words"]["cache"] == word


def test_nothing_in_the_data_ends_its_element():
    trace = replace(costly(2), symbols=(*SYMBOLS, SymbolFact("x", "</script>", 1)))
    assert "<" not in what_if(module_tree(trace.modules), [trace])


def test_costs_in_sizes_that_nobody_has_named_are_unknown():
    assert [row[2] for row in data([replace(costly(2), symbols=())])["rows"]][1:3] == [None, None]
