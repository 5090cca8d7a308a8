"""Sessions: what a model keeps of a video from one frame to the next. A forward pass is given one, and reads one frame.

A session is an object of the model's own, not a tensor. The video in it is what is made or given; the session is opened
around it when the model is there: with one object to follow, which a point in the middle of the first frame shows, or
which a text names.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel

from hfreader.trace.feeding import images
from hfreader.trace.feeding.need import Layout, Need
from hfreader.trace.inputs import random_ids
from hfreader.trace.placement import home

FRAMES = 2
"""One on which the object is shown, and one on which it is found again."""
OBJECT = 1
WORD = "cat"
SHOWN = "what is to be followed was not asked for, but made up: a point in the middle of the first frame, or random ids"


def video(need: Need, name: str) -> Sequence[Layout]:
    """The frames (N, C, H, W) of one video."""
    return (need.later(FRAMES, images.channels(need), *images.size(need)),)


def session_of(model_class: type[PreTrainedModel]) -> tuple[str, Any] | None:
    """The parameter of a forward pass that takes a session, and the class of it: one that is made from a video."""
    for each in inspect.signature(model_class.forward).parameters.values():
        kind = each.annotation
        own = inspect.isclass(kind) and kind.__module__ == model_class.__module__
        if own and "video" in inspect.signature(kind).parameters:
            return each.name, kind
    return None


def opened(given: Mapping[str, Any], model: PreTrainedModel, need: Need) -> dict[str, Any]:
    """The arguments with a session around the video (N, C, H, W) that stands in its place."""
    known = session_of(need.model_class)
    if known is None or not isinstance(frames := given.get(known[0]), torch.Tensor):
        return dict(given)
    name, kind = known
    places = dict.fromkeys(("inference_device", "inference_state_device", "video_storage_device"), home(model))
    height, width = frames.shape[-2:]
    session = kind(video=frames, video_height=height, video_width=width, dtype=model.dtype, **places)
    if hasattr(session, "add_prompt"):
        number = session.add_prompt(WORD)
        ids = random_ids(need.config, 1, need.tokens, need.seed).to(home(model))
        session.prompt_input_ids[number], session.prompt_attention_masks[number] = ids, torch.ones_like(ids)
    else:
        point = {"point_coords": torch.tensor([[[[width / 2, height / 2]]]]), "point_labels": torch.ones(1, 1, 1).int()}
        session.add_point_inputs(session.obj_id_to_idx(OBJECT), 0, point)
        session.obj_with_new_inputs = [OBJECT]
    return {**given, name: session}


def passes(given: Mapping[str, Any], model_class: type[PreTrainedModel]) -> Iterator[dict[str, Any]]:
    """The arguments of each forward pass: one for each frame of a session; the given ones where there is none."""
    known = session_of(model_class)
    session = given.get(known[0]) if known else None
    if session is None:
        yield dict(given)
        return
    for number in range(session.num_frames):
        yield {**given, "frame_idx": number}
