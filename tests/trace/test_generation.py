import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaForCausalLM

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.traces import Trace
from hfreader.progress import silent
from hfreader.trace import tracing
from hfreader.trace.models import find_class
from tests.trace.conftest import CONFIGS
from tests.trace.tiny import SNAPSHOT

SMALL = {
    "gpt2": (("n_layer", "1"), ("n_embd", "24")),
    "llama": (("num_hidden_layers", "2"), ("hidden_size", "32"), ("intermediate_size", "24"), ("vocab_size", "400"),
              ("num_attention_heads", "4"), ("num_key_value_heads", "2"), ("eos_token_id", "399")),
    "t5": (("num_layers", "1"), ("d_model", "24"), ("eos_token_id", "5")),
    "mamba": (("num_hidden_layers", "1"), ("hidden_size", "16")),
}  # fmt: skip


def run(target: str, **more) -> Trace:
    request = TraceRequest(target, **{"text": "hello", "overrides": SMALL.get(target, ()), "generate": 3} | more)
    return tracing.trace(request, SNAPSHOT, silent)


def shapes(trace: Trace, name: str, module: str) -> list[tuple[int, tuple[str, ...], tuple[int, ...]]]:
    return [
        (line.call, line.value.tensor.symbols, line.value.tensor.shape)
        for line in trace.lines
        if line.name == name and line.module == module and line.value.tensor
    ]


@pytest.fixture(scope="module")
def llama() -> Trace:
    return run("llama")


def test_the_cache_grows_by_one_token_a_step(llama: Trace):
    assert llama.generation is not None
    steps = llama.generation.steps
    assert [(step.number, step.reads, step.past) for step in steps] == [(0, 5, 0), (1, 1, 5), (2, 1, 6)]
    for step in steps:
        keys, values = step.cache
        assert (keys.name, values.name, keys.layers) == ("keys", "values", 2)
        assert keys.shape == values.shape == (1, 2, step.past + step.reads, 8)
        assert step.bytes == 2 * keys.bytes == 2 * 2 * 4 * 2 * (step.past + step.reads) * 8


def test_the_tokens_are_those_of_the_library(llama: Trace):
    config = CONFIGS["llama"]
    assert find_class(config, None, generates=True) is LlamaForCausalLM
    assert llama.class_name == "LlamaForCausalLM"
    assert llama.generation is not None
    subject = tracing.find_subject(TraceRequest("llama", overrides=SMALL["llama"]), silent)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(subject.config, attn_implementation="eager").eval()
    ids = torch.tensor([[token.id for token in llama.tokens[0]]])
    with torch.no_grad():
        expected = model.generate(ids, max_new_tokens=3, do_sample=False)[0, ids.shape[1] :].tolist()
    assert [step.id for step in llama.generation.steps] == expected


def test_later_steps_have_the_names_of_the_first(llama: Trace):
    keys = shapes(llama, "key_states", "model.layers.1.self_attn")
    longest = {call: names for call, names, shape in keys if shape[1] == 4}
    assert longest == {
        0: ("B", "heads", "T", "head_dim"),
        1: ("B", "heads", "T_past + T", "head_dim"),
        2: ("B", "heads", "T_past + T", "head_dim"),
    }
    assert [shape[2] for _, _, shape in keys if shape[1] == 4] == [5, 6, 7]


def test_an_encoder_runs_once(llama: Trace):
    found = run("t5")
    assert found.class_name == "T5ForConditionalGeneration"
    assert found.generation is not None
    assert {record.call for record in found.modules if record.path == "encoder"} == {0}
    last = {part.name: part.shape for part in found.generation.steps[-1].cache}
    steps = len(found.generation.steps)
    assert last["keys"][2] == steps
    assert last["cross keys"][2] == len(found.tokens[0])


def test_a_state_space_keeps_its_size():
    found = run("mamba", symbols=False)
    assert found.generation is not None
    caches = [step.cache for step in found.generation.steps]
    assert {part.name for part in caches[0]} == {"conv_states", "recurrent_states"}
    assert caches[0] == caches[1] == caches[2]


@pytest.mark.parametrize(
    ("target", "more", "words"),
    [
        ("gpt2", {"architecture": "GPT2Model"}, "GPT2Model does not generate text; GPT2LMHeadModel does"),
        ("gpt2", {"generate": 1020}, "has 5 tokens and 1020 are to follow, but the model has positions for 1024"),
        ("vit", {"text": None, "overrides": ()}, "no class of family 'vit' generates text"),
    ],
)
def test_what_cannot_generate(target: str, more, words: str):
    with pytest.raises(HfreaderError, match=words):
        run(target, **{"overrides": SMALL.get(target, ())} | more)
