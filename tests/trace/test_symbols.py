"""Every label against an independent oracle: change one size at a time and see which dimensions follow, and how."""

import inspect
from dataclasses import replace
from pathlib import Path

import pytest
import transformers
from transformers import BertConfig, GPT2Config, LlamaConfig, T5Config

from hfreader.facts.traces import SCHEMA_VERSION, TensorFact, Trace
from hfreader.trace.configs import with_fields
from hfreader.trace.models import model_classes
from hfreader.trace.recorder import Recorder
from hfreader.trace.settings import Setting
from hfreader.trace.sizes import Lengths
from hfreader.trace.symbols import label
from hfreader.trace.symbols_records import Key, before_cache, rewrite, shapes

PACKAGE = Path(transformers.__file__).parent


def runner(setting: Setting):
    file = Path(inspect.getfile(setting.model_class)).relative_to(PACKAGE).as_posix()
    recorder = Recorder([file], PACKAGE)

    def run(config, lengths, seed=0) -> Trace:
        at = setting.with_config(config, lengths)
        model = at.model(seed)
        with recorder.recording(model) as recording:
            at.run(model, seed=seed)
        lines, modules = recording.lines(), recording.modules()
        empty = Trace(SCHEMA_VERSION, "", "", "", None, "", "", "", "", None, (), (), {}, {}, (), (), (), (), (), 0)
        return replace(empty, lines=lines, modules=modules)

    return run


def labels(trace: Trace) -> dict[Key, tuple[str, ...]]:
    found: dict[Key, tuple[str, ...]] = {}

    def note(key: Key, tensor: TensorFact) -> TensorFact:
        found[key] = tensor.symbols
        return tensor

    rewrite(trace, note)
    return found


# The oracle's own sizes, unlike those the labels are made with: field of the configuration -> its value in terms of
# the symbols; every symbol is changed alone, the others staying what they are.
BERT = {
    "hidden_size": "heads*head_dim",
    "num_attention_heads": "heads",
    "intermediate_size": "intermediate",
    "vocab_size": "vocab",
    "max_position_embeddings": "positions",
    "type_vocab_size": "token_types",
    "num_hidden_layers": "2",
    "num_labels": "labels",
}
GPT2 = {
    "n_embd": "heads*head_dim",
    "n_head": "heads",
    "n_inner": "None",
    "vocab_size": "vocab",
    "n_positions": "positions",
    "n_layer": "3",
    "bos_token_id": "0",
    "eos_token_id": "0",
    "num_labels": "labels",
}
LLAMA = {
    "hidden_size": "hidden",
    "num_attention_heads": "heads",
    "num_key_value_heads": "kv_heads",
    "head_dim": "head_dim",
    "intermediate_size": "intermediate",
    "vocab_size": "vocab",
    "num_hidden_layers": "2",
}
T5 = {
    "d_model": "hidden",
    "d_kv": "head_dim",
    "num_heads": "heads",
    "d_ff": "intermediate",
    "vocab_size": "vocab",
    "num_layers": "2",
    "num_decoder_layers": "2",
}
BASE = {
    "B": 2,
    "T": 6,
    "T_past": 3,
    "S": 5,
    "heads": 8,
    "kv_heads": 2,
    "head_dim": 8,
    "hidden": 40,
    "intermediate": 36,
    "vocab": 70,
    "positions": 50,
    "token_types": 3,
    "labels": 4,
}
CHANGED = {**{name: value + 1 for name, value in BASE.items()}, "heads": 4, "kv_heads": 4, "head_dim": 10, "hidden": 48}
CASES = {
    "bert": (BertConfig, BERT, "BertModel", {}, ""),
    "bert heads": (BertConfig, BERT, "BertForTokenClassification", {}, ""),
    "bert pretraining": (BertConfig, BERT, "BertForPreTraining", {}, ""),
    "bert cache": (BertConfig, BERT, "BertLMHeadModel", {"is_decoder": True}, "T_past"),
    "bert cross": (BertConfig, BERT, "BertLMHeadModel", {"is_decoder": True, "add_cross_attention": True}, "S T_past"),
    "gpt2": (GPT2Config, GPT2, "GPT2Model", {}, ""),
    "gpt2 cache": (GPT2Config, GPT2, "GPT2LMHeadModel", {}, "T_past"),
    "gpt2 inner": (GPT2Config, {**GPT2, "n_inner": "intermediate"}, "GPT2Model", {}, "T_past"),
    "llama": (LlamaConfig, LLAMA, "LlamaForCausalLM", {}, ""),
    "llama cache": (LlamaConfig, LLAMA, "LlamaForCausalLM", {}, "T_past"),
    "t5": (T5Config, T5, "T5ForConditionalGeneration", {}, ""),
}


def at(config_class, fields, more, sizes):
    """The configuration in which the symbols have these values."""
    return with_fields(config_class(), {**{name: eval(text, {}, sizes) for name, text in fields.items()}, **more})


def lengths(sizes, used) -> Lengths:
    return Lengths(
        sizes["B"], sizes["T"], sizes["T_past"] if "T_past" in used else 0, sizes["S"] if "S" in used.split() else None
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_label_agrees_with_changing_one_size_at_a_time(case):
    config_class, fields, name, more, used = CASES[case]
    written = " ".join(fields.values())
    varied = ["B", "T", *used.split(), *(each for each in BASE if each in written.replace("*", " ").split())]
    setting_of = config_class.__module__.split(".")[-2]
    model_class = next(each for each in model_classes(setting_of) if each.__name__ == name)
    config = at(config_class, fields, more, BASE)
    run = runner(Setting(case, model_class, config, lengths(BASE, used)))
    found = label(run(config, lengths(BASE, used)), config, lengths(BASE, used), run)
    named = labels(found)
    assert len(named) > 100
    filling = before_cache(found) if "T_past" in used else frozenset()
    assert bool(filling) == ("T_past" in used)
    assert not any("T_past" in text for key, texts in named.items() if (key[1], key[2]) in filling for text in texts)
    for symbol in [None, *varied]:
        sizes = BASE if symbol is None else {**BASE, symbol: CHANGED[symbol]}
        truth = shapes(run(at(config_class, fields, more, sizes), lengths(sizes, used)))
        values = sizes if "hidden" in varied else {**sizes, "hidden": sizes["heads"] * sizes["head_dim"]}
        for key, texts in named.items():
            # In the call that fills the cache, the tokens of the call are those that are past in the next.
            own = {**values, "T": values["T_past"]} if (key[1], key[2]) in filling else values
            expected = tuple(eval(text, {}, own) for text in texts)
            assert truth[key] == expected, f"{symbol}: {key} is {truth[key]}, its label {texts} says {expected}"
    own = BASE if "hidden" in varied else {**BASE, "hidden": BASE["heads"] * BASE["head_dim"]}
    assert {fact.name: fact.value for fact in found.symbols}.items() <= own.items()


@pytest.mark.slow
def test_a_number_that_is_another_at_other_sizes_is_told_from_a_constant():
    sizes = {**BASE, "kv_heads": BASE["heads"]}  # one function turns queries and keys: whose heads, nobody knows
    config = at(LlamaConfig, {**LLAMA, "num_hidden_layers": "4"}, {}, sizes)
    model_class = next(each for each in model_classes("llama") if each.__name__ == "LlamaModel")
    run = runner(Setting("llama", model_class, config, lengths(sizes, "")))
    found: list[TensorFact] = []
    rewrite(
        label(run(config, lengths(sizes, "")), config, lengths(sizes, ""), run),
        lambda key, tensor: found.append(tensor) or tensor,
    )
    turned = {(one.symbols, one.unexplained) for one in found if one.symbols[1:] == ("8", "T", "head_dim")}
    constant = {(one.symbols, one.unexplained) for one in found if "1" in one.symbols}
    assert turned == {(("B", "8", "T", "head_dim"), (1,))}
    assert constant and not any(unexplained for _, unexplained in constant)
