import pytest
import torch

from hfreader.errors import HfreaderError
from hfreader.trace.devices import find_device, find_dtype, room
from hfreader.trace.requests import DTYPES


@pytest.mark.parametrize("name", DTYPES)
def test_dtypes_by_name(name: str):
    assert str(find_dtype(name)) == f"torch.{name}"


def test_unknown_dtype_lists_the_choices():
    with pytest.raises(HfreaderError, match=r"unknown dtype 'int8': choose one of float32, float16, bfloat16, float64"):
        find_dtype("int8")


def test_cpu_is_always_there():
    assert find_device("cpu") == torch.device("cpu")
    assert room(torch.device("cpu")) > 2**20


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "cpu:cuda"])
def test_unknown_device(name: str):
    with pytest.raises(HfreaderError, match="choose cpu, cuda, cuda:N or mps"):
        find_device(name)


def test_absent_devices(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(HfreaderError, match=r"--device cuda:1: this PyTorch sees no CUDA device; use --device cpu"):
        find_device("cuda:1")
    with pytest.raises(HfreaderError, match=r"--device mps: .* use --device cpu"):
        find_device("mps")


def test_a_device_beyond_the_last(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert find_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(HfreaderError, match=r"only 2 CUDA device\(s\) here; the last is cuda:1"):
        find_device("cuda:2")
