"""What inputs are made for: a class, its configuration and how long they shall be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.trace.configs import all_parts, read
from hfreader.trace.inputs import parameters_of_forward
from hfreader.trace.sizes import Lengths

Layout = torch.Tensor | Callable[[], torch.Tensor]
"""One of the layouts that an input may have: the input itself, or what makes it."""


@dataclass(frozen=True)
class Need:
    """A forward pass to be fed. Random numbers are the same for the same seed and shape, whatever they stand for."""

    model_class: type[PreTrainedModel]
    config: PreTrainedConfig
    lengths: Lengths
    seed: int = 0

    @property
    def batch(self) -> int:
        """Rows."""
        return self.lengths.batch

    @property
    def tokens(self) -> int:
        """Positions of a sequence whose length the configuration does not fix."""
        return self.lengths.tokens

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The named parameters of the forward pass."""
        return frozenset(parameters_of_forward(self.model_class))

    def field(self, *names: str, near: str = "", default: Any = None) -> Any:
        """The value of the first of these fields that holds one: in parts of the configuration whose name contains
        `near`, then in the configuration itself, then in its other parts, however deep."""

        def rank(named: tuple[str, Any]) -> tuple[bool, int, bool]:
            return not (near and near in named[0]), named[0].count("."), isinstance(named[1], dict)

        for _, part in sorted(_parts(self.config), key=rank):
            for name in names:
                value = part.get(name) if isinstance(part, Mapping) else read(part, name)
                if value is not None:
                    return value
        return default

    def normal(self, *shape: int) -> torch.Tensor:
        """Numbers of mean 0 and deviation 1."""
        return torch.randn(shape, generator=torch.Generator().manual_seed(self.seed))

    def later(self, *shape: int) -> Callable[[], torch.Tensor]:
        """The same, made when it is asked for: for what is large and seldom used."""
        return partial(self.normal, *shape)

    def ids(self, limit: int, *shape: int) -> torch.Tensor:
        """Whole numbers below a limit."""
        return torch.randint(max(limit, 1), shape, generator=torch.Generator().manual_seed(self.seed))


def _parts(config: PreTrainedConfig) -> Iterator[tuple[str, Any]]:
    """A configuration and all within it, those kept as dictionaries too, each after the dotted prefix of its fields."""
    for prefix, part in all_parts(config):
        yield prefix, part
        for name, value in vars(part).items():
            if isinstance(value, dict) and name.endswith(("_config", "_cfg")):
                yield f"{prefix}{name}.", value


def pair(value: Any) -> tuple[int, int]:
    """Height and width from one number, two of them, or a dictionary."""
    if isinstance(value, Mapping):
        one = value.get("shortest_edge") or value.get("longest_edge")
        return int(value.get("height", one)), int(value.get("width", one))
    if isinstance(value, list | tuple):
        return int(value[-2] if len(value) > 1 else value[0]), int(value[-1])
    return int(value), int(value)


def number(value: Any) -> int:
    """One number from one or the first of several."""
    return int(value[0]) if isinstance(value, list | tuple) else int(value)
