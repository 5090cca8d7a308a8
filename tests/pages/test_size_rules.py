from dataclasses import replace

from hfreader.facts.traces import SymbolFact, TensorFact, Trace, Value
from hfreader.pages.size_rules import rules_of
from tests.facts_builder import make_trace


def traced(*symbols: tuple[str, str, int], shapes: tuple[str, ...] = ()) -> Trace:
    """A trace with these symbols, of whose model the output has these sizes."""
    value = Value("Tensor", TensorFact((1,) * len(shapes), "float32", "cpu", shapes))
    trace = make_trace()
    modules = (replace(trace.modules[0], output=value), *trace.modules[1:])
    return replace(trace, symbols=tuple(SymbolFact(*one) for one in symbols), modules=modules)


HEADS = (("hidden", "n_embd", 12), ("heads", "n_head", 3), ("head_dim", "n_embd / n_head", 4))


def test_what_follows_from_other_sizes_is_not_chosen_and_must_be_whole():
    rules = rules_of(traced(*HEADS))
    assert [one.name for one in rules.free] == ["hidden", "heads"]
    assert rules.derived == {"head_dim": "hidden / heads"}
    assert rules.multiples == {"hidden": ["heads"]}


def test_halves_of_what_follows_bind_the_sizes_it_follows_from():
    assert rules_of(traced(*HEADS, shapes=("head_dim/2",))).multiples == {"hidden": ["heads", "2*heads"]}


def test_a_product_that_cancels_binds_nothing_more():
    assert rules_of(traced(*HEADS, shapes=("heads*head_dim/2 + 1", "heads*head_dim"))).multiples["hidden"] == [
        "heads",
        "2",
    ]


def test_a_size_whose_parts_have_no_symbol_holds_the_others_still():
    rules = rules_of(traced(HEADS[0], HEADS[2], ("T", "tokens", 5)))
    assert [one.name for one in rules.free] == ["T"] and rules.derived == {}


def test_shared_heads_divide_the_heads_and_tokens_fit_into_the_table():
    shared = ("kv_heads", "num_key_value_heads", 2)
    lengths = (("T", "tokens", 5), ("positions", "n_positions", 16))
    rules = rules_of(traced(("heads", "num_attention_heads", 4), shared, *lengths))
    assert rules.divisors == {"kv_heads": "heads"} and rules.most == {"T": "positions"}


def test_what_the_run_itself_breaks_is_no_rule():
    assert rules_of(traced(("hidden", "n_embd", 13), *HEADS[1:])).multiples == {}
