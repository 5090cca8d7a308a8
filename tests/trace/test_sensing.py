from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.traces import Trace
from hfreader.progress import silent
from hfreader.trace import tracing
from tests.trace.test_media import picture, tone
from tests.trace.tiny import SNAPSHOT

SMALL = {
    "vit": {"num_hidden_layers": 1, "hidden_size": 24, "intermediate_size": 24},
    "wav2vec2": {"num_hidden_layers": 1, "hidden_size": 48, "intermediate_size": 24},
    "clip": {"text_config.num_hidden_layers": 1, "vision_config.num_hidden_layers": 1},
    "videomae": {"num_hidden_layers": 1, "hidden_size": 24, "intermediate_size": 24, "image_size": 32},
    "bert": {"num_hidden_layers": 1, "hidden_size": 24, "intermediate_size": 24},
    "whisper": {"encoder_layers": 1, "decoder_layers": 1, "d_model": 24, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24},
}


def run(target: str, changes: dict[str, object] | None = None, **more) -> Trace:
    overrides = tuple((name, str(value)) for name, value in {**SMALL.get(target, {}), **(changes or {})}.items())
    return tracing.trace(TraceRequest(target, **{"overrides": overrides, "symbols": False} | more), SNAPSHOT, silent)


def shapes(trace: Trace) -> dict[str, tuple[int, ...]]:
    return {name: value.tensor.shape for name, value in trace.inputs if value.tensor}


def test_pictures_are_rows_in_the_size_of_the_configuration(tmp_path: Path):
    files = (str(picture(tmp_path / "a.png")), str(picture(tmp_path / "b.jpg", "L")))
    found = run("vit", {"image_size": 32}, images=files, architecture="ViTForImageClassification", symbols=True)
    assert shapes(found) == {"pixel_values": (2, 3, 32, 32)}
    ((_, pixels),) = found.inputs
    assert pixels.tensor is not None
    assert pixels.tensor.symbols == ("B", "num_channels", "image_size", "image_size")
    assert "pixels by ViTImageProcessorPil with its default settings" in found.notes
    assert not any("generated" in note for note in found.notes)


def test_a_sound_at_the_rate_of_the_extractor(tmp_path: Path):
    file = str(tone(tmp_path / "a.wav", 8000))
    found = run("wav2vec2", sounds=(file,), architecture="Wav2Vec2ForCTC")
    assert shapes(found) == {"input_values": (1, 8000)}
    assert any(note.startswith("sound at 16,000 samples a second by Wav2Vec2FeatureExtractor") for note in found.notes)


def test_a_sound_for_an_encoder_and_generated_ids_for_its_decoder(tmp_path: Path):
    found = run("whisper", sounds=(str(tone(tmp_path / "a.wav", 16000)),))
    assert shapes(found)["input_features"] == (1, 80, 3000)
    assert "generated inputs: random decoder_input_ids, no picture, sound or text" in found.notes


def test_a_text_and_a_picture(tmp_path: Path):
    found = run("clip", text="a cat", images=(str(picture(tmp_path / "a.png")),))
    assert shapes(found) == {"input_ids": (1, 5), "attention_mask": (1, 5), "pixel_values": (1, 3, 224, 224)}


def test_a_default_text_fits_and_words_in_pictures_are_not_read(tmp_path: Path):
    files = (str(picture(tmp_path / "a.png")),)
    found = run("owlvit", {"text_config.num_hidden_layers": 1}, images=files)
    assert shapes(found)["input_ids"] == (1, 16)
    found = run("layoutlmv3", {"num_hidden_layers": 1}, images=files)
    assert {"input_ids", "pixel_values"} <= shapes(found).keys()


def test_a_folder_of_frames(tmp_path: Path):
    for number in range(3):
        picture(tmp_path / f"{number}.png")
    found = run("videomae", {"num_frames": 4}, videos=(str(tmp_path),))
    assert shapes(found)["pixel_values"][:3] == (1, 4, 3)


def test_two_texts():
    found = run("bert", text="ab", pair="cde")
    assert shapes(found)["token_type_ids"] == (1, 5)


def test_tensors_of_a_file_and_nothing_else(tmp_path: Path):
    file = tmp_path / "in.safetensors"
    save_file({"input_ids": torch.tensor([[5, 6, 7], [8, 9, 10]])}, file)
    found = run("bert", inputs=str(file), symbols=True)
    assert shapes(found) == {"input_ids": (2, 3)}
    assert found.modules[0].output.items[0].tensor.symbols == ("B", "T", "hidden")
    save_file({"input_ids": torch.tensor([[5, 99999]])}, file)
    with pytest.raises(HfreaderError, match="id 99999 is outside the vocabulary"):
        run("bert", inputs=str(file))


def test_a_checkpoints_own_processor(tmp_path: Path):
    config = ViTConfig(image_size=16, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2)
    ViTForImageClassification(config).save_pretrained(tmp_path)
    ViTImageProcessorPil(size={"height": 16, "width": 16}, image_mean=[0, 0, 0]).save_pretrained(tmp_path)
    found = run(str(tmp_path), images=(str(picture(tmp_path / "a.png")),))
    assert shapes(found) == {"pixel_values": (1, 3, 16, 16)}
    assert "pixels by the checkpoint's own image processor" in found.notes


@pytest.mark.parametrize(
    ("target", "more", "words"),
    [
        ("bert", {"images": "a.png"}, "BertModel takes no images: its forward pass reads input_ids"),
        ("vit", {"sounds": "a.wav"}, "ViTModel takes no sound: its forward pass reads pixel_values"),
        ("wav2vec2", {"videos": "a.png"}, "Wav2Vec2Model takes no videos"),
        ("vit", {"images": "a.wav"}, "is no picture that can be read"),
        ("wav2vec2", {"sounds": "a.png"}, "cannot be read as a sound"),
    ],
)
def test_what_a_class_does_not_take(tmp_path: Path, target: str, more: dict[str, str], words: str):
    picture(tmp_path / "a.png")
    tone(tmp_path / "a.wav", 8000)
    with pytest.raises(HfreaderError, match=words) as caught:
        run(target, **{kind: (str(tmp_path / name),) for kind, name in more.items()})
    assert "\n" not in str(caught.value)
