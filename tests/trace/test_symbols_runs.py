"""Classes that are shapes alone: what a configuration and lengths give is written down, so that the right names are
known."""

from collections.abc import Callable, Mapping
from math import isqrt

import pytest
from transformers import PreTrainedConfig, ResNetConfig, VideoMAEConfig, ViTConfig, VJEPA2Config, YolosConfig

from hfreader.errors import HfreaderError
from hfreader.facts.traces import SCHEMA_VERSION, TensorFact, Trace, Value
from hfreader.trace.sizes import Lengths
from hfreader.trace.symbols import label

LENGTHS = Lengths(2, 6)
Shapes = Callable[[PreTrainedConfig, Lengths, int], Mapping[str, tuple[int, ...]]]


class Runner:
    """Runs a class that only shapes are known of, and counts how often."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes, self.runs = shapes, 0

    def __call__(self, config: PreTrainedConfig, lengths: Lengths, seed: int = 0) -> Trace:
        self.runs += 1
        given = tuple(
            (name, Value("Tensor", TensorFact(shape, "float32", "cpu")))
            for name, shape in self.shapes(config, lengths, seed).items()
        )
        return Trace(SCHEMA_VERSION, "", "", "", None, "", "", "", "", None, (), given, {}, {}, (), (), (), (), (), 0)


def named(config: PreTrainedConfig, shapes: Shapes) -> dict[str, tuple[str, ...]]:
    run = Runner(shapes)
    found = label(run(config, LENGTHS), config, LENGTHS, run)
    return {name: value.tensor.symbols for name, value in found.inputs if value.tensor}


def test_patches_and_what_stands_beside_them():
    def shapes(config, lengths, seed):
        patches = (config.image_size[0] // config.patch_size) * (config.image_size[1] // config.patch_size)
        count = patches + config.num_detection_tokens + 1
        return {
            "states": (lengths.batch, count, config.hidden_size),
            "rows": (config.image_size[0] // config.patch_size,),
        }

    config = YolosConfig(hidden_size=96, num_attention_heads=12, image_size=[64, 96], num_detection_tokens=10)
    found = named(config, shapes)
    assert found["states"] == ("B", "num_detection_tokens + patches + 1", "hidden")
    assert found["rows"] == ("patches_high",)


def test_frames_are_divided_by_what_divides_them():
    def shapes(config, lengths, seed):
        clips = config.num_frames // config.tubelet_size
        return {"clips": (clips,), "states": (lengths.batch, clips * (config.image_size // config.patch_size) ** 2)}

    found = named(VideoMAEConfig(num_frames=4, tubelet_size=2, image_size=64), shapes)
    assert found == {"clips": ("num_frames/tubelet_size",), "states": ("B", "num_frames*patches/tubelet_size")}


def test_patches_of_what_is_cut_out_of_a_picture():
    def shapes(config, lengths, seed):
        return {
            "patches": ((config.crop_size // config.patch_size) ** 2 * config.frames_per_clip // config.tubelet_size,)
        }

    found = named(VJEPA2Config(frames_per_clip=4, crop_size=64), shapes)
    assert found == {"patches": ("frames_per_clip*patches/tubelet_size",)}


def test_windows_of_a_fixed_size():
    def shapes(config, lengths, seed):
        side = config.image_size // 4
        if side % 7:
            raise HfreaderError("windows must fill the picture")
        return {"windows": (lengths.batch * (side // 7) ** 2, 49, 8 * config.hidden_size)}

    found = named(ViTConfig(hidden_size=12, num_attention_heads=12, image_size=112), shapes)
    assert found["windows"] == ("B*image_size**2/784", "49", "8*hidden")


def test_sides_are_halved_and_rounded():
    def shapes(config, lengths, seed):
        return {"map": (config.image_size // 4, -(-config.image_size // 32), (config.image_size // 32) ** 2 + 1)}

    found = named(ViTConfig(image_size=112), shapes)
    assert found["map"] == ("image_size/4", "ceil(image_size/32)", "floor(image_size/32)**2 + 1")


def test_widths_of_stages_are_named_by_their_place():
    def shapes(config, lengths, seed):
        if config.embedding_size != 64:
            raise HfreaderError("another part of the model wants that width")
        return {f"stage {place}": (lengths.batch, width) for place, width in enumerate(config.hidden_sizes)}

    found = named(ResNetConfig(hidden_sizes=[16, 16, 48], depths=[1, 1, 1]), shapes)
    assert found == {f"stage {place}": ("B", f"hidden_sizes[{place}]") for place in range(3)}


def test_what_follows_from_the_weights_is_a_number():
    def shapes(config, lengths, seed):
        chosen = (config.hidden_size * 7 + lengths.batch * 5 + seed * 3) % 11 + 1
        return {"chosen": (chosen, config.hidden_size)}

    config = ViTConfig(hidden_size=96, num_attention_heads=12)
    found = named(config, shapes)
    assert found["chosen"] == (str(shapes(config, LENGTHS, 0)["chosen"][0]), "hidden")


def test_what_no_expression_gives_is_a_number():
    def shapes(config, lengths, seed):
        return {"odd": (isqrt(config.hidden_size) + isqrt(config.image_size),)}

    assert named(ViTConfig(hidden_size=96, num_attention_heads=12, image_size=64), shapes) == {"odd": ("17",)}


def test_tokens_are_those_that_the_text_has_with_what_stands_in_it_for_an_image():
    def shapes(config, lengths, seed):
        tokens = lengths.tokens + isqrt(config.image_size)
        return {"input_ids": (lengths.batch, tokens), "scores": (lengths.batch, tokens, tokens + 1)}

    found = named(ViTConfig(image_size=64), shapes)
    assert found == {"input_ids": ("B", "T"), "scores": ("B", "T", "T + 1")}


def test_ids_beside_those_of_a_decoder_and_rows_of_codebooks_tell_no_tokens():
    def shapes(config, lengths, seed):
        source = (lengths.batch, 2 * lengths.tokens)
        return {"input_ids": source, "decoder_input_ids": (lengths.batch, lengths.tokens)}

    def codes(config, lengths, seed):
        return {"input_ids": (lengths.batch, lengths.tokens, 8)}

    config = ViTConfig(image_size=64)
    assert named(config, shapes) == {"input_ids": ("B", "2*T"), "decoder_input_ids": ("B", "T")}
    assert named(config, codes) == {"input_ids": ("B", "T", "8")}


def test_what_changed_once_by_as_much_as_a_product_with_heads_is_not_taken_for_it():
    def shapes(config, lengths, seed):
        if config.hidden_size != 96 and config.intermediate_size != 384:
            raise HfreaderError("no two parts of this can change at once")
        width = config.pooler_output_size
        return {
            "chosen": (min(45, width * 3 // 16),),
            "widths": (width * config.num_attention_heads, lengths.batch * config.num_attention_heads),
        }

    config = ViTConfig(hidden_size=96, intermediate_size=384, num_attention_heads=12, image_size=64)
    found = named(config, shapes)
    assert found == {"chosen": ("18",), "widths": ("heads*pooler_output_size", "B*heads")}


def test_lengths_are_known_where_heads_cannot_change():
    def shapes(config, lengths, seed):
        if config.num_attention_heads != 12:
            raise HfreaderError("no such heads")
        return {"states": (lengths.batch, lengths.tokens, config.hidden_size)}

    config = ViTConfig(hidden_size=96, num_attention_heads=12, image_size=64)
    assert named(config, shapes) == {"states": ("B", "T", "hidden")}


@pytest.mark.parametrize("tied", [(), ("hidden_size", "intermediate_size")])
def test_what_was_refused_once_is_not_tried_again(tied):
    def shapes(config, lengths, seed):
        if tied and config.hidden_size * 4 != config.intermediate_size:
            raise HfreaderError("these widths go together")
        return {"states": (lengths.batch, config.num_channels)}

    config = ViTConfig()
    run, varied = Runner(shapes), {}
    counts = []
    for _ in range(2):
        before = run.runs
        found = label(run(config, LENGTHS), config, LENGTHS, run, varied)
        assert found.inputs[0][1].tensor.symbols == ("B", "num_channels")
        counts.append(run.runs - before)
    assert counts[1] < counts[0] if tied else counts[1] == counts[0]


@pytest.mark.parametrize(("refused", "notes"), [(None, 0), ("num_detection_tokens", 1)])
def test_a_size_that_no_run_changes_is_said(refused: str | None, notes: int):
    def shapes(config, lengths, seed):
        if refused is not None and getattr(config, refused) != 10:
            raise ValueError("the class does not run so")
        return {"states": (lengths.batch, config.num_detection_tokens, config.hidden_size)}

    config = YolosConfig(hidden_size=96, num_attention_heads=12, image_size=[64, 96], num_detection_tokens=10)
    run = Runner(shapes)
    found = label(run(config, LENGTHS), config, LENGTHS, run)
    assert len(found.notes) == notes
    assert refused is None or f"another {refused}:" in found.notes[0]
