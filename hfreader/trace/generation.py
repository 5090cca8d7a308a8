"""Greedy generation under the recorder: the prompt first, then one token after the other."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.facts.generation import CachePart, Generation, GenerationStep
from hfreader.trace.configs import one_line
from hfreader.trace.settings import Setting

# What is kept of a cache at a moment: name and shape, dtype and bytes of each of its tensors.
Held = tuple[tuple[str, tuple[int, ...], str, int], ...]


@dataclass
class Pass:
    """One forward pass as seen from outside: how many tokens it read, and the cache after it."""

    reads: int
    cache: Held


@dataclass
class Generator:
    """Generates with the library's own `generate`; `passes` and `ids` hold what happened."""

    setting: Setting
    tokens: int
    given: Mapping[str, torch.Tensor]
    passes: list[Pass] = field(default_factory=list)
    ids: tuple[int, ...] = ()

    def run(self, model: PreTrainedModel, ids: torch.Tensor | None, seed: int) -> None:
        """Generate greedily, up to `tokens` tokens; HfreaderError with the model's own reason where it cannot."""
        start = getattr(model.generation_config, "decoder_start_token_id", None)
        arguments = self.setting.inputs(model, ids, seed=seed, given=self.given)
        arguments.pop("decoder_input_ids", None)
        if model.config.is_encoder_decoder and start is None and model.generation_config.bos_token_id is None:
            arguments["decoder_start_token_id"] = getattr(model.config, "pad_token_id", None) or 0
        hook = model.register_forward_hook(self._seen, with_kwargs=True)
        try:
            with torch.no_grad():
                found = model.generate(
                    **arguments, max_new_tokens=self.tokens, do_sample=False, num_beams=1, use_cache=True
                )
        except Exception as error:
            raise HfreaderError(f"{type(model).__name__} does not generate: {one_line(error)}") from error
        finally:
            hook.remove()
        chosen = found if torch.is_tensor(found) else getattr(found, "sequences", None)
        if torch.is_tensor(chosen) and chosen.dim() == 2 and chosen.shape[1] >= len(self.passes):
            self.ids = tuple(chosen[0, chosen.shape[1] - len(self.passes) :].tolist())

    def _seen(self, model: nn.Module, args: tuple[Any, ...], given: dict[str, Any], output: Any) -> None:
        read = next((given[name] for name in _READ if given.get(name) is not None), args[0] if args else None)
        caches = (where(name) for name in _CACHES for where in (lambda name: getattr(output, name, None), given.get))
        cache = next((each for each in caches if each is not None), None)
        self.passes.append(Pass(read.shape[1] if read is not None else 0, tuple(_held(cache))))

    def alike(self, setting: Setting) -> Setting:
        """A setting as two calls, the second on the cache of the first, where there was more than one."""
        if len(self.passes) < 2:
            return setting
        return replace(setting, lengths=replace(setting.lengths, past=self.passes[0].reads, tokens=1))

    def facts(self, show: Callable[[Sequence[int]], list[str]]) -> Generation:
        """What happened; `show` writes tokens."""
        texts = show(self.ids) if self.ids else []
        steps, past = [], 0
        for number, each in enumerate(self.passes):
            id, text = (self.ids[number], texts[number]) if self.ids else (None, None)
            steps.append(GenerationStep(number, each.reads, past, _folded(each.cache), id, text))
            past += each.reads
        return Generation(self.tokens, tuple(steps), "".join(texts))


_READ = ("decoder_input_ids", "input_ids", "inputs_embeds", "decoder_inputs_embeds")
_CACHES = ("past_key_values", "cache_params")
_SIDES = {"self_attention_cache": "", "cross_attention_cache": "cross "}


def _held(cache: Any, prefix: str = "") -> Iterator[tuple[str, tuple[int, ...], str, int]]:
    """Every tensor of a cache, layer by layer."""
    if cache is None:
        return
    sides = [(side, name) for side, name in _SIDES.items() if hasattr(cache, side)]
    for side, name in sides:
        yield from _held(getattr(cache, side), f"{prefix}{name}")
    if sides:
        return
    for layer in getattr(cache, "layers", [cache]):
        for name, value in vars(layer).items():
            inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
            for tensor in inner:
                if torch.is_tensor(tensor) and tensor.dim() > 1:
                    dtype = str(tensor.dtype).removeprefix("torch.")
                    yield f"{prefix}{name}", tuple(tensor.shape), dtype, tensor.numel() * tensor.element_size()


def _folded(held: Held) -> tuple[CachePart, ...]:
    """Tensors of the same name and shape in several layers, said once."""
    counted = Counter(held)
    return tuple(
        CachePart(name, layers, shape, dtype, size * layers) for (name, shape, dtype, size), layers in counted.items()
    )
