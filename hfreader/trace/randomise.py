"""Weights that let no wrong equation pass.

As initialised, many parameters are zeros or ones (biases, norms, gates) or so small that a missing term changes
nothing one could measure. Here every learnt number is drawn, at a scale that keeps activations near one: softmax
and tanh work away from their limits, and every term of an equation shows in the result.
"""

import math

import torch
from torch import nn

SPREAD = 0.4
"""Standard deviation of vectors (biases, norm weights) around their mean at initialisation."""
STRETCH = 65_521
"""Numbers that are drawn for one tensor. A prime, so that no width divides it and no two rows near each other agree."""


def randomise(module: nn.Module, seed: int) -> None:
    """Draw every floating-point parameter that learns, and every buffer that holds statistics (constant at
    initialisation, as a batch norm's mean and variance), in place. What is frozen from the start (a table of
    sinusoids) is part of the equation and stays."""
    generator = torch.Generator().manual_seed(seed)
    tables = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.is_floating_point() and parameter.requires_grad:
                parameter.copy_(_drawn(parameter, id(parameter) in tables, generator))
        for buffer in module.buffers():
            if buffer.is_floating_point() and buffer.numel() > 1 and bool((buffer == buffer.flatten()[0]).all()):
                buffer.copy_(_uniform(buffer, generator))


def _drawn(old: torch.Tensor, table: bool, generator: torch.Generator) -> torch.Tensor:
    noise = _noise(old.shape, generator)
    if table or (old.ndim >= 2 and old.shape[0] == 1):
        return noise
    if old.ndim >= 2:
        return noise * math.sqrt(2 * old.shape[0] / (old.numel() + old.shape[0] ** 2))
    mean = float(old.double().mean()) if old.numel() else 0.0
    return noise * SPREAD + (mean if math.isfinite(mean) and abs(mean) <= 2 else 0.0)


def _noise(shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    """Normal numbers; of very many, STRETCH over and over, for drawing takes longer than a run."""
    count = shape.numel()
    drawn = torch.randn(min(count, STRETCH), generator=generator, dtype=torch.float64)
    return drawn.repeat(math.ceil(count / STRETCH))[:count].view(shape) if count > STRETCH else drawn.view(shape)


def _uniform(old: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(old.shape, generator=generator, dtype=torch.float64) + 0.5
