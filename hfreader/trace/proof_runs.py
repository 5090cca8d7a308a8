"""Run a setting so that equations show: small, in float64, every weight random, padding in the mask."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.captures import CaptureSession, Invocation
from hfreader.trace.configs import sub_configs, with_fields
from hfreader.trace.models import parameters_of, skeleton
from hfreader.trace.precision import float64
from hfreader.trace.randomise import randomise
from hfreader.trace.settings import TOKEN_TYPES, Setting, with_token_types
from hfreader.trace.sizes import assign, candidates, shallow

EPSILON = 0.05
"""Stands for every epsilon of a configuration: at 1e-12 it could be missing or doubled and nobody would see."""
HEAVY = 10_000_000
"""Numbers to draw for a model that are no longer worth sizes of their own for every field."""
_EXPERTS = re.compile("expert")
"""Fields that count experts go with others that count those chosen, and with groups of them."""
WINDOW = 3
_CHANCES = re.compile(r"drop")
_EPSILONS = re.compile(r"(^|_)eps(ilon)?$")


def run_small(
    session: CaptureSession, setting: Setting, seeds: Sequence[int]
) -> Iterator[tuple[str, list[Invocation]]]:
    """For each seed the run in words, and what was captured in it; all at the first sizes at which the class runs.

    Raises HfreaderError where it runs neither at small sizes nor at its own.
    """
    failure: HfreaderError | None = None
    for small in _smaller(setting):
        try:
            first = _run(session, small, seeds[0])
        except HfreaderError as error:
            failure = failure or error
            continue
        yield _words(small, seeds[0]), first
        yield from ((_words(small, seed), _run(session, small, seed)) for seed in seeds[1:])
        return
    raise failure or HfreaderError(f"{setting.model_class.__name__} accepts no sizes")


def _smaller(setting: Setting) -> Iterator[Setting]:
    """The setting padded and with token types, at small sizes: all free, those kept equal that are, few layers."""
    config = shallow(_without_chance(_with_windows(_with_epsilons(setting.config))))
    if not setting.options.bare:
        setting = with_token_types(setting) or setting
        setting = replace(setting, options=replace(setting.options, padded=True))
    own = replace(setting, config=config)
    most = max(HEAVY, _numbers(own))
    names = [name for name in candidates(config) if not _EXPERTS.search(name)]
    for tied in (False, True):
        try:
            assignment = assign(config, setting.lengths, names, 0, tied)
        except HfreaderError:
            continue
        small = setting.with_config(assignment.config, assignment.lengths)
        if _numbers(small) <= most:
            yield small
    yield own


def _numbers(setting: Setting) -> int:
    """How many numbers a model for a setting holds; 0 where only building it can tell."""
    try:
        return parameters_of(skeleton(setting.model_class, deepcopy(setting.config)))
    except HfreaderError:
        return 0


def _with_windows(config: PreTrainedConfig) -> PreTrainedConfig:
    """With every sliding window so narrow that it hides something of a short text."""
    parts = [("", config), *((f"{name}.", part) for name, part in sub_configs(config).items())]
    names = [f"{prefix}sliding_window" for prefix, part in parts if isinstance(vars(part).get("sliding_window"), int)]
    return with_fields(config, dict.fromkeys(names, WINDOW)) if names else config


def _with_epsilons(config: PreTrainedConfig) -> PreTrainedConfig:
    parts = [("", config), *((f"{name}.", part) for name, part in sub_configs(config).items())]
    names = [
        f"{prefix}{name}" for prefix, part in parts for name, value in vars(part).items() if _is_epsilon(name, value)
    ]
    return with_fields(config, dict.fromkeys(names, EPSILON)) if names else config


def _without_chance(config: PreTrainedConfig) -> PreTrainedConfig:
    """With nothing dropped by chance, which no equation speaks of, so that training runs can be compared too."""
    parts = [("", config), *((f"{name}.", part) for name, part in sub_configs(config).items())]
    names = [
        f"{prefix}{name}"
        for prefix, part in parts
        for name, value in vars(part).items()
        if type(value) is float and _CHANCES.search(name)
    ]
    return with_fields(config, dict.fromkeys(names, 0.0)) if names else config


def _is_epsilon(name: str, value: object) -> bool:
    return isinstance(value, float) and 0 < value < EPSILON and bool(_EPSILONS.search(name))


def _run(session: CaptureSession, setting: Setting, seed: int) -> list[Invocation]:
    with float64():
        model = setting.model(seed, torch.float64).double()  # parameters may be made as float32 whatever is asked for
        randomise(model, seed)
    for part in model.modules():  # no chance, no statistics of the batch: torch's own modules evaluate, whoever trains
        if type(part).__module__.startswith("torch.nn."):
            part.training = False
    with _segmented(model), float64(disguised=True), session.recording(model) as invocations:
        setting.run(model, seed=seed)
    return invocations


@contextmanager
def _segmented(model: PreTrainedModel) -> Iterator[None]:
    """Inside, later tokens are of type 1: were all of type 0, one row alone of the table would be seen."""
    types = getattr(model.config, "type_vocab_size", 2)

    def alternate(_: nn.Module, args: tuple[Any, ...], given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        ids = given.get(TOKEN_TYPES)
        if isinstance(ids, torch.Tensor) and types > 1:
            later = torch.arange(ids.shape[-1], device=ids.device) >= ids.shape[-1] // 2
            given = {**given, TOKEN_TYPES: later.long().expand(ids.shape)}
        return args, given

    hook = model.register_forward_pre_hook(alternate, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()


def _words(setting: Setting, seed: int) -> str:
    lengths = setting.lengths
    sizes = [f"B={lengths.batch}", f"T={lengths.tokens}"]
    sizes += [f"T_past={lengths.past}"] if lengths.past else []
    sizes += [f"S={lengths.encoder}"] if lengths.encoder is not None else []
    return f"{setting.model_class.__name__} ({setting.name}), {', '.join(sizes)}, float64, random weights (seed {seed})"
