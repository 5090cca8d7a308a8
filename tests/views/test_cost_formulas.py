import pytest
import sympy

from hfreader.facts.traces import Trace
from hfreader.views.cost_formulas import KINDS, formulas
from tests.trace.test_tracing import run

SMALL = {"gpt2": (("n_layer", "2"), ("n_embd", "24")), "llama": (("num_hidden_layers", "2"), ("hidden_size", "64"))}


@pytest.fixture(scope="module")
def llama() -> Trace:
    return run("llama", tokens=7, fake=True, symbols=True, overrides=(*SMALL["llama"], ("num_key_value_heads", "8")))


def test_what_attention_costs_is_what_one_would_work_out_on_paper(llama: Trace):
    found = formulas(llama)
    B, T, hidden, heads, kv_heads, head_dim = sympy.symbols("B T hidden heads kv_heads head_dim")
    attention = found["layers.0.self_attn"]
    parameters = 2 * hidden * head_dim * (heads + kv_heads)
    assert sympy.simplify(sympy.sympify(attention["parameters"]) - parameters) == 0
    flops = 2 * B * T * parameters + 4 * B * heads * T**2 * head_dim
    assert sympy.simplify(sympy.sympify(attention["flops"]) - flops) == 0
    assert found["layers.0.mlp.gate_proj"]["activations"] == "4*B*T*intermediate"


@pytest.mark.parametrize("target", ["bert", "gpt2", "t5"])
def test_each_formula_gives_what_was_counted(target: str):
    trace = run(target, tokens=6, symbols=True, overrides=SMALL.get(target, ()))
    values = {sympy.Symbol(symbol.name): symbol.value for symbol in trace.symbols}
    found, seen = formulas(trace), 0
    first = {record.path: record for record in reversed(trace.modules)}
    once = {path for path in first if sum(record.path == path for record in trace.modules) == 1}
    for path in once:
        counted = dict(zip(KINDS, (first[path].parameters, first[path].flops, first[path].activations), strict=True))
        for kind, text in found[path].items():
            assert sympy.sympify(text, {"S": sympy.Symbol("S")}).subs(values) == counted[kind], (path, kind)
            seen += 1
    assert seen > 1.5 * len(once)


def test_formulas_hold_at_sizes_at_which_nothing_was_run_for_them(llama: Trace):
    """The figures of another run, predicted."""
    other = run(
        "llama", tokens=11, fake=True, symbols=True, overrides=(("num_hidden_layers", "2"), ("hidden_size", "128"))
    )
    values = {sympy.Symbol(symbol.name): symbol.value for symbol in other.symbols}
    predicted = sympy.sympify(formulas(llama)[""]["flops"]).subs(values)
    assert predicted == other.flops
    assert sympy.sympify(formulas(llama)[""]["parameters"]).subs(values) == other.parameters


def test_without_symbols_there_is_no_formula(llama: Trace):
    plain = run("llama", tokens=7, fake=True, overrides=SMALL["llama"])
    assert not any(kind in kinds for kinds in formulas(plain).values() for kind in ("flops", "activations"))


def test_the_cache_has_symbols(llama: Trace):
    assert [part.symbols for part in llama.cache] == [("B", "kv_heads", "T", "head_dim")] * 2
