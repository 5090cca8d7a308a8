"""Images and videos: pixels, patches, and what says how they are arranged."""

from collections.abc import Sequence

import torch

from hfreader.trace.feeding.need import Layout, Need, number, pair

NEAR = "vision"
SIZES = ("image_size", "img_size", "input_size", "crop_size")
LARGE = 256
USUAL_SIZE, USUAL_PATCH, USUAL_FRAMES = 64, 16, 2
# Patches along each side of an image that may have any size, for one merged token each.
SIDE = 2


def channels(need: Need) -> int:
    """Colours of a pixel."""
    return number(need.field("num_channels", "in_channels", "in_chans", "num_input_channels", near=NEAR, default=3))


def size(need: Need) -> tuple[int, int]:
    """Height and width of the images that the configuration speaks of."""
    found = need.field(*SIZES, near=NEAR)
    return pair(found) if found else (USUAL_SIZE, USUAL_SIZE)


def size_known(need: Need) -> bool:
    """Whether the configuration says how large images are."""
    return need.field(*SIZES, near=NEAR) is not None


def patch(need: Need) -> int:
    """Pixels along a side of a patch."""
    return number(need.field("patch_size", "spatial_patch_size", near=NEAR, default=USUAL_PATCH))


def frames(need: Need) -> int:
    """Images of a video."""
    return number(
        need.field("num_frames", "video_length", "frames_per_clip", "num_image_with_embedding", default=USUAL_FRAMES)
    )


def merge(need: Need) -> int:
    """Patches along a side of a merged token."""
    return number(
        need.field("spatial_merge_size", "merge_size", "merge_kernel_size", "downsample_ratio", near=NEAR, default=2)
        or 1
    )


def depth(need: Need) -> int:
    """Frames of one patch of a video."""
    return number(need.field("temporal_patch_size", "patch_temporal", "tubelet_size", near=NEAR, default=1))


def grid(need: Need) -> tuple[int, int]:
    """Patches of an image of free size: rows and columns."""
    return SIDE * max(merge(need), 1), SIDE * max(merge(need), 1)


def pixel_values(need: Need, name: str) -> Sequence[Layout]:
    """The layouts that the neighbours of the parameter speak for, then the others: images (B, C, H, W); several to a
    row (B, N, C, H, W); patches (N, C * frames * patch * patch); patches to a row (B, N, C * patch * patch)."""
    whole = need.later(need.batch, channels(need), *size(need))
    several = need.later(need.batch, frames(need), channels(need), *size(need))
    rows, columns = grid(need)
    width = channels(need) * patch(need) ** 2
    loose = need.later(need.batch * rows * columns, width * depth(need))
    to_row = need.later(need.batch, rows * columns, width)
    if any(each.endswith(("grid_thw", "grids", "grid_hws", "grid_hw")) for each in need.parameters):
        square = (channels(need), patch(need), patch(need))
        count = need.batch * rows * columns
        return loose, need.later(count, *square), whole, need.later(1, count, *square)
    if need.parameters & {"spatial_shapes", "pixel_position_ids", "image_position_ids"}:
        return to_row, whole
    if "aspect_ratio_ids" in need.parameters:
        return (
            need.later(
                need.batch, 1, number(need.field("max_num_tiles", near=NEAR, default=4)), channels(need), *size(need)
            ),
        )
    if "video" in name or "num_frames" in vars(need.config):
        return several, need.later(need.batch, channels(need), frames(need), *size(need)), whole
    one = need.later(need.batch, 1, channels(need), *size(need))
    if size_known(need):
        return whole, several, one, loose
    # Detectors choose the best of many places, and say nothing of how large an image must be to have as many.
    return whole, need.later(need.batch, channels(need), LARGE, LARGE), several, one, loose


def grid_thw(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Frames, rows and columns of patches (B, 3) of each image."""
    return (torch.tensor([[1, *grid(need)]] * need.batch), torch.tensor([[*grid(need)]] * need.batch))


def sizes(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Height and width (B, 2) of each image, in pixels; in patches."""
    return torch.tensor([size(need)] * need.batch), torch.tensor([grid(need)] * need.batch)


def spatial_shapes(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Rows and columns of patches (B, 2)."""
    return (torch.tensor([grid(need)] * need.batch),)


def patch_mask(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Ones: over the patches of each row (B, N), over the pixels (B, H, W), over the pixels of several (B, 1, H, W)."""
    rows, columns = grid(need)
    return (
        torch.ones(need.batch, rows * columns, dtype=torch.long),
        torch.ones(need.batch, *size(need), dtype=torch.long),
        torch.ones(need.batch, 1, *size(need), dtype=torch.long),
    )


def position_ids(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Column and row of each patch (B, N, 2)."""
    rows, columns = grid(need)
    places = [[column, row] for row in range(rows) for column in range(columns)]
    return (torch.tensor([places] * need.batch),)


def flattened_patches(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Row, column and pixels of each patch (B, N, 2 + C * patch * patch)."""
    rows, columns = grid(need)
    places = torch.tensor([[row + 1.0, column + 1.0] for row in range(rows) for column in range(columns)])
    pixels = need.normal(need.batch, rows * columns, channels(need) * patch(need) ** 2)
    return (torch.cat([places.expand(need.batch, -1, -1), pixels], -1),)


def aspect_ratio_ids(need: Need, name: str) -> Sequence[torch.Tensor]:
    """The first of the known aspect ratios (B, 1)."""
    return (torch.ones(need.batch, 1, dtype=torch.long),)


def aspect_ratio_mask(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Only the first tile of each image is there (B, 1, tiles)."""
    tiles = number(need.field("max_num_tiles", near=NEAR, default=4))
    return (torch.tensor([[[1] + [0] * (tiles - 1)]] * need.batch),)


def bool_masked_pos(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Which patches are hidden (B, N): every other one."""
    height, width = size(need)
    count = (height // patch(need)) * (width // patch(need))
    clip = count * max(1, frames(need) // max(depth(need), 1))
    return tuple((torch.arange(number) % 2 == 0).expand(need.batch, -1) for number in (count, clip))
