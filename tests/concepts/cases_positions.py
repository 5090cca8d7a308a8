"""Cases of the concepts of positions."""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.concepts.cases import Case, module, norm, rand

THETA = torch.tensor([0.2**i for i in range(4)], dtype=torch.float64)
MARK = torch.zeros(1)


def axes(name: str, **marks: Any) -> Case:
    """Tables of three places with two axes, or of two times three places with three, written out."""

    def shared() -> tuple[dict[str, Any], torch.Tensor]:
        places = torch.tensor([[0, 5], [3, 1], [2, 7]])
        angles = [
            torch.stack([place * theta for place in places[:, axis] for theta in THETA]).view(3, 4) for axis in (0, 1)
        ]
        h, w = (one.cos() for one in angles)
        layouts = {
            "in order": torch.cat([h, w, h, w], -1),
            "neighbours": torch.cat([h, w], -1).repeat_interleave(2, -1),
            "last first": torch.cat([w, h, w, h], -1),
            "alternating": torch.stack([w, h], -1).flatten(1).repeat(1, 2),
            "each twice": torch.cat([h, h, w, w], -1),
        }
        bound = {"positions": places[..., None], "frequencies": THETA, "like": torch.zeros(3, 16)}
        return {**bound, "scaling": 2.0, **marks}, 2 * layouts[name]

    return shared


def divided(name: str, owners: list[int], **marks: Any) -> Case:
    """Tables in which each frequency belongs to one axis: `owners`, written out."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        places = torch.randint(9, (max(owners) + 1, 2, 3))
        columns = [torch.cos(places[axis] * theta) for axis, theta in zip(owners, THETA, strict=True)]
        once = torch.stack(columns, -1)
        wanted = torch.cat([once, once], -1) if name == "again" else once.repeat_interleave(2, -1)
        bound = {"positions": places[..., None], "frequencies": THETA, "like": torch.zeros(2, 3, 8)}
        return {**bound, **marks}, wanted

    return case


def by_halves() -> tuple[dict[str, Any], torch.Tensor]:
    places, frequencies = torch.tensor([[0, 5], [3, 1], [2, 7]]), THETA[[0, 2, 1, 3]]
    columns = [places[:, axis] * theta for axis, theta in zip([0, 0, 1, 1], frequencies, strict=True)]
    bound = {"positions": places[..., None], "frequencies": frequencies, "halves": MARK, "like": torch.zeros(3, 8)}
    return bound, torch.stack([*columns, *columns], -1).cos()


def tables_apart() -> tuple[dict[str, Any], torch.Tensor]:
    places = torch.randint(9, (3, 2, 5))
    angles = torch.stack([places * theta for theta in THETA], -1)
    frequencies = THETA[None, None, :, None].expand(3, 2, -1, 1)
    bound = {"positions": places[:, :, None, :], "frequencies": frequencies, "apart": MARK}
    return {**bound, "like": torch.zeros(3, 2, 5, 8)}, torch.cat([angles, angles], -1).cos()


def table(form: str) -> Case:
    """A table of one axis in other forms than cosines and sines."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        places = torch.tensor([[0, 3, 4], [7, 1, 2]])
        angles = torch.stack([places * theta for theta in THETA], -1)
        bound = {"positions": places[..., None], "frequencies": THETA, form: MARK}
        if form == "turns":
            return {**bound, "like": torch.zeros(2, 3, 4), "scaling": 3.0}, 3 * torch.exp(1j * angles)
        return {**bound, "like": torch.zeros(2, 3, 8)}, torch.cat([angles, angles], -1)

    return case


def plain_table(halves: bool) -> Case:
    """The table of one axis as cosines, doubled in halves or beside each other."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        places = torch.tensor([[0, 3, 4], [7, 1, 2]])
        wanted = torch.stack([torch.cos(places * theta) for theta in THETA], -1)
        doubled = torch.cat([wanted, wanted], -1) if halves else torch.repeat_interleave(wanted, 2, -1)
        bound = {"positions": places[..., None], "frequencies": THETA, "like": torch.zeros(2, 3, 8)}
        return {**bound, **({} if halves else {"neighbours": MARK})}, doubled

    return case


def sinusoids(**marks: Any) -> Case:
    """Sines and cosines of five positions, the sines first unless `marks` say otherwise."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        frequencies = 0.5 * 10000.0 ** (-torch.arange(4, dtype=torch.float64) / 3)
        positions = torch.arange(5, dtype=torch.float64)[:, None]
        waves = [torch.sin(positions * frequencies), torch.cos(positions * frequencies)]
        wanted = torch.cat(waves[::-1] if "cosines_first" in marks else waves, dim=-1)
        wanted = torch.stack(waves, -1) if "in_pairs" in marks else wanted
        return {"positions": positions, "frequencies": frequencies, "like": wanted, **marks}, wanted

    return case


def sinusoid_rows() -> torch.Tensor:
    pairs = [(t / 10000 ** (i / 4)) for t in range(9) for i in range(4)]
    return torch.tensor([[math.sin(a), math.cos(a)] for a in pairs], dtype=torch.float64).reshape(9, 8)


def sinusoids_from_a_table() -> tuple[dict[str, Any], torch.Tensor]:
    ids = torch.tensor([[2, 0, 5]])
    return {"positions": ids, "table": sinusoid_rows()[None], "like": torch.zeros(1, 3, 8)}, sinusoid_rows()[ids]


def sinusoids_from_the_second_on() -> tuple[dict[str, Any], torch.Tensor]:
    return {"first": 1, "table": sinusoid_rows(), "like": torch.zeros(3, 8)}, sinusoid_rows()[1:4]


def waves_of_a_grid() -> tuple[dict[str, Any], torch.Tensor]:
    y, x = rand(2, 3, 4), rand(2, 3, 4)
    periods = torch.tensor([1.0, 1.0, 100.0, 100.0], dtype=torch.float64)
    wanted = [f(z / p) for z in (y, x) for p in (1.0, 100.0) for f in (torch.sin, torch.cos)]
    return {"y": y, "x": x, "periods": periods, "temperature": 10000.0}, torch.stack(wanted, dim=-1)


def blocks_of_a_grid() -> tuple[dict[str, Any], torch.Tensor]:
    y, x = torch.tensor([0.0, 0, 1, 1]).double(), torch.tensor([0.0, 1, 0, 1]).double()
    wanted = [f(z * theta) for z in (y, x) for f in (torch.sin, torch.cos) for theta in THETA]
    return {"y": y, "x": x, "frequencies": THETA}, torch.stack(wanted, dim=-1)


def relative_rows(as_layer: bool) -> Case:
    """Entries for the distances of four places, from -3 to 3."""

    def case() -> tuple[dict[str, Any], torch.Tensor]:
        entries = nn.Embedding(7, 2).double()
        wanted = torch.stack([torch.stack([entries.weight[j - i + 3] for j in range(4)]) for i in range(4)])
        buckets = torch.arange(4)[None, :] - torch.arange(4)[:, None] + 3
        return {"buckets": buckets, **({"table": module(entries)} if as_layer else {"rows": entries.weight})}, wanted

    return case


def normalised_words() -> tuple[dict[str, Any], torch.Tensor]:
    words, layer, ids = nn.Embedding(9, 4).double(), norm(4), torch.tensor([[2, 0, 8]])
    return {"tokens": ids, "table": module(words), "norm": module(layer)}, layer(words(ids))


def resized_grid(mode: str, height: int, width: int) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        table = rand(1, 3, 4, 5)
        wanted = F.interpolate(table, size=(height, width), mode=mode, align_corners=False)
        return {"table": table, "mode": mode, "align": False, "like": torch.zeros(wanted.shape).double()}, wanted

    return case


def sampled_grid(mode: str) -> Case:
    def case() -> tuple[dict[str, Any], torch.Tensor]:
        table, grid = rand(1, 3, 4, 5), torch.rand(1, 7, 1, 2).double() * 2 - 1
        wanted = F.grid_sample(table, grid, mode=mode, padding_mode="border", align_corners=False)
        bound = {"table": table, "grid": grid, "mode": mode, "padding": "border", "align": False}
        return {**bound, "like": torch.zeros(wanted.shape).double()}, wanted

    return case


def fourier_mixing() -> tuple[dict[str, Any], torch.Tensor]:
    x = rand(2, 5, 6)
    return {"x": x}, torch.fft.fftn(x, dim=(1, 2)).real


CASES = {
    "fourier-token-mixing": (fourier_mixing,),
    "position-embedding-interpolation": (
        resized_grid("bicubic", 7, 3),
        resized_grid("bilinear", 6, 9),
        sampled_grid("bilinear"),
        sampled_grid("bicubic"),
    ),
    "normalised-token-embedding": (normalised_words,),
    "sine-position-embedding-2d": (waves_of_a_grid, blocks_of_a_grid),
    "relative-position-table": (relative_rows(True), relative_rows(False)),
    "sinusoidal-position-encoding": (
        sinusoids(),
        sinusoids(cosines_first=MARK),
        sinusoids(in_pairs=MARK),
        sinusoids_from_a_table,
        sinusoids_from_the_second_on,
    ),
    "rotary-embedding-table": (plain_table(True), plain_table(False), table("turns"), table("angles")),
    "multi-axis-rope": (
        axes("in order"),
        axes("neighbours", neighbours=MARK),
        axes("last first", last_first=MARK),
        axes("alternating", last_first=MARK, alternating=MARK),
        axes("each twice", each_twice=MARK),
        divided("again", [0, 1, 2, 2], sections=[1, 1, 2]),
        divided("beside", [0, 0, 1, 2], sections=[2, 1, 1], neighbours=MARK),
        divided("again", [0, 1, 2, 0], sections=[2, 1, 1], in_turn=MARK),
        divided("again", [0, 1, 0, 1], parity=MARK),
        tables_apart,
        by_halves,
    ),
}
