"""A session is opened around a video, whatever the model that keeps it."""

from pathlib import Path

import pytest
import torch
from transformers import BertModel, PreTrainedConfig, PreTrainedModel, ViTImageProcessorPil

from hfreader.errors import HfreaderError
from hfreader.trace import sensing
from hfreader.trace.configs import default_config
from hfreader.trace.feeding.need import Need
from hfreader.trace.feeding.sessions import FRAMES, opened, passes, session_of, video
from hfreader.trace.feeding.vocabulary import made, senses
from hfreader.trace.models import base_class
from hfreader.trace.sizes import Lengths
from hfreader.trace.starting import first_that_runs
from tests.trace.test_media import picture
from tests.trace.test_sensing import run


class Session:
    """What the library's sessions have in common."""

    def __init__(self, video: torch.Tensor, video_height: int, video_width: int, dtype: torch.dtype, **places):
        self.video, self.size, self.dtype, self.places = video, (video_height, video_width), dtype, places
        self.num_frames = len(video)
        self.points: dict[tuple[int, int], dict[str, torch.Tensor]] = {}

    def obj_id_to_idx(self, number: int) -> int:
        return number - 1

    def add_point_inputs(self, place: int, frame: int, point: dict[str, torch.Tensor]) -> None:
        self.points[place, frame] = point


class Follower(PreTrainedModel):
    config_class = PreTrainedConfig
    device, dtype = torch.device("cpu"), torch.float32  # type: ignore[assignment]

    def forward(self, memory: Session, frame_idx: int | None = None) -> None: ...


NEED = Need(Follower, PreTrainedConfig(), Lengths(2, 6))


def test_a_class_that_is_made_from_a_video_is_a_session():
    assert session_of(Follower) == ("memory", Session)
    assert session_of(BertModel) is None


def test_a_session_is_told_what_to_follow_and_gives_a_pass_for_each_frame():
    (frames,) = (make() for make in video(NEED, "memory"))
    given = opened({"memory": frames}, Follower(PreTrainedConfig()), NEED)
    session = given["memory"]
    assert session.size == frames.shape[-2:]
    assert session.points[0, 0]["point_coords"].tolist() == [[[[frames.shape[-1] / 2, frames.shape[-2] / 2]]]]
    assert [each["frame_idx"] for each in passes(given, Follower)] == list(range(FRAMES))


def test_what_is_no_session_is_left_as_it_is():
    plain = {"input_ids": torch.zeros(1, 2)}
    assert opened(plain, Follower(PreTrainedConfig()), NEED) == plain
    assert list(passes(plain, BertModel)) == [plain]


@pytest.mark.slow
def test_a_video_model_follows_from_the_first_frame_to_the_second():
    config = default_config("sam3_tracker_video")
    outputs = []
    setting = first_that_runs(
        base_class(config), config, lambda each: outputs.append(each.run(each.model())) or outputs
    )
    assert dict(setting.options.others) == {"inference_session": 0}
    assert senses(["inference_session", "frame_idx"]) == ["inference_session"]
    assert made(Need(setting.model_class, setting.config, setting.lengths), "inference_session", 0).dim() == 4
    assert outputs[-1].frame_idx == FRAMES - 1
    assert outputs[-1].object_ids == [1]


@pytest.mark.slow
def test_the_frames_of_a_users_video_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in "ab":
        picture(tmp_path / f"{name}.png")
    with pytest.raises(HfreaderError, match=r"one video at a time: give one --video"):
        run("sam3_tracker_video", videos=(str(tmp_path), str(tmp_path)))
    reader = ViTImageProcessorPil(size={"height": 126, "width": 126})
    monkeypatch.setattr(sensing, "image_processor", lambda need, folder: (reader, "a reader"))
    few = {"image_size": 126, "vision_config.backbone_config.num_hidden_layers": 1}
    found = run("sam3_tracker_video", few, videos=(str(tmp_path),))
    assert any(note.startswith("pixels of 2 frames at equal distances by a reader; what") for note in found.notes)
    assert "memory_attention" in {each.path for each in found.modules}  # which only the second frame needs
