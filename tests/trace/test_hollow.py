import pytest
import torch
from torch import nn

from hfreader.trace.hollow import SMALL, ShapeTensor, hollow
from tests.trace.test_tracing import run

WIDE = SMALL + 1
SIZES = (("hidden_size", "256"), ("intermediate_size", "64"), ("num_attention_heads", "8"))
MODELS = {
    "bert": (),
    "t5": (("num_layers", "2"),),
    "vit": (("num_hidden_layers", "1"),),
    "llama": (("num_hidden_layers", "1"), *SIZES),
}


@pytest.mark.parametrize("family", MODELS)
def test_shapes_are_those_of_a_real_run(family: str):
    given = {} if family == "vit" else {"tokens": 9}
    real, fake = (run(family, overrides=MODELS[family], fake=each, **given) for each in (False, True))
    assert [(one.path, one.output) for one in fake.modules] == [(one.path, one.output) for one in real.modules]
    assert [(one.place, one.value) for one in fake.lines if one.value.tensor] == [
        (one.place, one.value) for one in real.lines if one.value.tensor
    ]


def test_what_depends_on_numbers_is_said():
    fake = run("mixtral", overrides=(("num_hidden_layers", "1"), *SIZES), tokens=9, fake=True)
    (note,) = [note for note in fake.notes if "taken for zeros" in note]
    assert "topk" in note


def test_large_fractions_have_no_numbers_and_whole_numbers_do():
    with hollow():
        weights, small, ids = torch.randn(WIDE), torch.tensor([0.5, 2.0]), torch.arange(WIDE)
        assert isinstance(weights, ShapeTensor)
        assert small.tolist() == [0.5, 2.0]
        assert ids.sum() == WIDE * (WIDE - 1) // 2


def test_what_is_computed_from_no_numbers_has_none():
    with hollow() as invented:
        linear = nn.Linear(WIDE, 3)
        found = linear(torch.ones(2, WIDE))
        assert isinstance(found, ShapeTensor)
        assert (found.shape, found.dtype, found.device.type) == ((2, 3), torch.float32, "cpu")
        assert not invented
        assert found.argmax(-1).tolist() == [0, 0]
        assert invented == ["aten.argmax.default"]


def test_masks_of_ids_choose_as_many_as_they_do():
    with hollow():
        ids = torch.tensor([[1, 7, 7, 2]])
        embedded = torch.randn(1, 4, WIDE)
        assert embedded[ids == 7].shape == (2, WIDE)
        embedded[ids == 7] = torch.zeros(2, WIDE)
        assert embedded.shape == (1, 4, WIDE)


def test_views_of_shapes_are_views():
    with hollow():
        whole = torch.empty(4, WIDE)
        assert whole.t().shape == (WIDE, 4)
        assert whole[:, ::2].stride() == (WIDE, 2)
        assert not whole.t().is_contiguous()


def test_nothing_is_hollow_outside():
    with hollow():
        pass
    assert type(torch.randn(WIDE)) is torch.Tensor


def test_shapes_asked_for_again_are_the_same():
    with hollow():
        given = [torch.randn(WIDE, 4), torch.randn(4, WIDE).t(), torch.randn(WIDE, 4, dtype=torch.float64)]
        found = [[(each * 2 + 1).softmax(-1), each.sum(0, keepdim=True), each.to(torch.float64)] for each in given * 2]
    described = [[(one.shape, one.stride(), one.dtype) for one in each] for each in found]
    assert described[:3] == described[3:]
    assert described[0] != described[1] != described[2]
