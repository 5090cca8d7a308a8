import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertModel

from hfreader.trace.costs import Meter, Spent
from hfreader.trace.hollow import hollow
from tests.trace.test_tracing import run

sizes = st.integers(1, 9)


@given(sizes, sizes, sizes, sizes)
def test_a_linear_map_costs_its_product_and_takes_the_memory_of_its_result(batch, tokens, width, out):
    linear, x = nn.Linear(width, out, bias=False), torch.ones(batch, tokens, width)
    with Meter().running() as meter, torch.no_grad():
        linear(x)
    assert meter.spent() == Spent(2 * batch * tokens * width * out, batch * tokens * out * 4)


def test_views_and_changes_in_place_take_no_memory():
    x = torch.ones(4, 6)
    with Meter().running() as meter:
        x.view(2, 12).add_(1).transpose(0, 1)
    assert meter.spent() == Spent(0, 0)


def test_shapes_alone_cost_the_same():
    def spent() -> Spent:
        with torch.no_grad():
            model, x = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.LayerNorm(16)), torch.ones(2, 3, 8)
            with Meter().running() as meter:
                model(x)
        return meter.spent()

    real = spent()
    with hollow():
        assert spent().flops == real.flops


def test_a_module_costs_what_its_children_do_and_more():
    trace = run("bert")
    root = trace.modules[0]
    assert root.flops == trace.flops
    children = [one for one in trace.modules if one.parent == ""]
    assert sum(one.flops or 0 for one in children) == root.flops
    assert all((one.activations or 0) <= (root.activations or 0) for one in trace.modules)


def test_the_cache_of_one_pass_is_told():
    trace = run("gpt2", tokens=7, overrides=(("n_layer", "2"), ("n_embd", "24")))
    assert [(part.name, part.layers, part.shape, part.bytes) for part in trace.cache] == [
        ("keys", 2, (1, 12, 7, 2), 2 * 12 * 7 * 2 * 4),
        ("values", 2, (1, 12, 7, 2), 2 * 12 * 7 * 2 * 4),
    ]


@pytest.mark.parametrize(
    ("target", "sizes"), [("bert", {}), ("gpt2", {"overrides": (("n_layer", "2"), ("n_embd", "24"))}), ("t5", {})]
)
def test_a_fake_run_costs_what_a_real_one_does(target: str, sizes: dict[str, object]):
    options = {"overrides": (), "tokens": 5} | sizes
    real, fake = run(target, **options), run(target, fake=True, **options)
    assert fake.weights == f"none: only the shapes of {target} were run, as asked"
    assert fake.flops == real.flops
    assert fake.cache == real.cache
    assert [one.output for one in fake.modules] == [one.output for one in real.modules]
    assert [one.flops for one in fake.modules] == [one.flops for one in real.modules]


def test_the_counter_of_torch_agrees():
    trace = run("bert", tokens=5)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        config = BertConfig(num_hidden_layers=1, hidden_size=24, intermediate_size=32, attn_implementation="eager")
        BertModel(config).eval()(torch.ones(1, 5, dtype=torch.long))
    assert trace.flops == counter.get_total_flops()
