"""What happened while tokens were generated, step by step."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CachePart:
    """Tensors of one kind that a cache holds, the same in `layers` layers: `keys`, `values`, `cross keys`.

    symbols  name each dimension, as those of a `TensorFact` do.
    """

    name: str
    layers: int
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True)
class GenerationStep:
    """One forward pass of the model.

    reads   tokens that the pass is given; `past` those before them, which the cache stands for.
    cache   what the cache holds after the pass; empty where the model keeps none.
    id, text  the token that was chosen, with the highest score; None where the model's own `generate` does not say.
    """

    number: int
    reads: int
    past: int
    cache: tuple[CachePart, ...]
    id: int | None
    text: str | None

    @property
    def bytes(self) -> int:
        """Size of the whole cache."""
        return sum(part.bytes for part in self.cache)


@dataclass(frozen=True)
class Generation:
    """Greedy generation: step 0 reads the prompt (prefill), each further one the token chosen before."""

    wanted: int
    steps: tuple[GenerationStep, ...]
    text: str
