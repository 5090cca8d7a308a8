"""Time series: the past, what is known of the future, and which values were seen."""

from collections.abc import Sequence

import torch

from hfreader.trace.feeding.need import Need, number


def past(need: Need) -> int:
    """Steps that are read: the context, and what lags reach back beyond it."""
    context = number(need.field("context_length", "prediction_length", "num_time_steps", default=need.tokens))
    lags = need.field("lags_sequence", default=[0])
    return context + max(lags) if "past_time_features" in need.parameters else context


def future(need: Need) -> int:
    """Steps that are foretold."""
    return number(need.field("prediction_length", default=need.tokens))


def channels(need: Need) -> int:
    """Series side by side."""
    return number(need.field("num_input_channels", "input_size", default=1))


def values(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Values (B, T), or of several series (B, T, channels)."""
    length = future(need) if name.startswith("future") else past(need)
    flat, wide = need.normal(need.batch, length), need.normal(need.batch, length, channels(need))
    return (wide, flat) if need.field("num_input_channels") else (flat, wide)


def features(need: Need, name: str) -> Sequence[torch.Tensor]:
    """What is known of each step (B, T, features): date, age."""
    length = future(need) if name.startswith("future") else past(need)
    wide = number(need.field("num_time_features", default=0)) + number(
        need.field("num_dynamic_real_features", default=0)
    )
    return (need.normal(need.batch, length, wide),)


def observed(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Ones where a value was seen, in the shape of the values."""
    return tuple(torch.ones_like(each) for each in values(need, name))


def categories(need: Need, name: str) -> Sequence[torch.Tensor]:
    """What each series is (B, features): the first category of each."""
    return (
        torch.zeros(need.batch, number(need.field("num_static_categorical_features", default=1)), dtype=torch.long),
    )


def reals(need: Need, name: str) -> Sequence[torch.Tensor]:
    """Numbers that describe each series (B, features)."""
    return (need.normal(need.batch, number(need.field("num_static_real_features", default=1))),)
