import sys
from pathlib import Path

import numpy
import pytest
import soundfile
import torch
from PIL import Image
from safetensors.torch import save_file

from hfreader.errors import HfreaderError
from hfreader.trace.media import read_frames, read_image, read_sound, read_tensors


def tone(path: Path, rate: int, seconds: float = 0.5, channels: int = 1) -> Path:
    wave = 0.5 * numpy.sin(2 * numpy.pi * 440 * numpy.arange(int(rate * seconds)) / rate)
    soundfile.write(path, numpy.stack([wave] * channels, 1), rate)
    return path


def picture(path: Path, mode: str = "RGB") -> Path:
    Image.new(mode, (40, 30), 7).save(path)
    return path


@pytest.mark.parametrize(("mode", "name"), [("RGB", "a.png"), ("L", "a.jpg"), ("P", "a.gif"), ("RGBA", "a.webp")])
def test_pictures_have_three_colours(tmp_path: Path, mode: str, name: str):
    found = read_image(picture(tmp_path / name, mode))
    assert (found.mode, found.size) == ("RGB", (40, 30))


def test_damaged_pictures_are_one_line(tmp_path: Path):
    Image.effect_noise((64, 64), 50).save(tmp_path / "noise.png")
    whole = (tmp_path / "noise.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no picture")
    for name, words in (("cut.png", "cannot be read as a picture"), ("text.png", "is no picture")):
        with pytest.raises(HfreaderError, match=words) as caught:
            read_image(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "rate", "channels"), [("a.wav", 16000, 1), ("a.flac", 22050, 2), ("b.wav", 8000, 2)])
def test_sounds_become_one_channel_at_the_rate_asked_for(tmp_path: Path, name: str, rate: int, channels: int):
    samples = read_sound(tone(tmp_path / name, rate, channels=channels), 16000)
    assert samples.dtype == numpy.float32
    assert abs(len(samples) - 8000) <= 1
    # A tone of 440 Hz stays one: its strongest frequency is where it was.
    assert abs(numpy.abs(numpy.fft.rfft(samples)).argmax() * 16000 / len(samples) - 440) < 3


def test_damaged_and_empty_sounds(tmp_path: Path):
    (tmp_path / "bad.wav").write_bytes(b"RIFFxxxxWAVEjunk")
    with pytest.raises(HfreaderError, match="cannot be read as a sound"):
        read_sound(tmp_path / "bad.wav", 16000)
    with pytest.raises(HfreaderError, match="has no samples"):
        read_sound(tone(tmp_path / "empty.wav", 16000, 0), 16000)


def test_frames_of_a_folder_are_spread(tmp_path: Path):
    for number in range(10):
        Image.new("L", (4, 4), number).save(tmp_path / f"{number:02}.png")
    (tmp_path / "notes.txt").write_text("no frame")
    frames = read_frames(tmp_path, 4)
    assert [frame.getpixel((0, 0))[0] for frame in frames] == [0, 3, 6, 9]
    assert len(read_frames(tmp_path, 16)) == 16
    (tmp_path / "empty").mkdir()
    with pytest.raises(HfreaderError, match="holds no pictures"):
        read_frames(tmp_path / "empty", 4)


def test_video_files_need_a_package_and_folders_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.mp4").write_bytes(b"a video")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(HfreaderError, match=r"needs the package av \(pip install av\); or give a folder"):
        read_frames(tmp_path / "a.mp4", 4)


def test_tensors_by_the_names_of_parameters(tmp_path: Path):
    file = tmp_path / "in.safetensors"
    save_file({"input_ids": torch.tensor([[1, 2]])}, file)
    assert read_tensors(file, ["input_ids"])["input_ids"].tolist() == [[1, 2]]
    with pytest.raises(HfreaderError, match="no parameter 'input_ids'; it has pixel_values"):
        read_tensors(file, ["pixel_values"])
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(HfreaderError, match="not a readable safetensors file"):
        read_tensors(file, ["input_ids"])
