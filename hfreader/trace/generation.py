"""Greedy generation under the recorder: the prompt first, then one token after the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.facts.generation import Generation, GenerationStep
from hfreader.trace.caches import Held, cache_after, folded
from hfreader.trace.configs import one_line
from hfreader.trace.settings import Setting


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
        self.passes.append(Pass(read.shape[1] if read is not None else 0, cache_after(output, given)))

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
            steps.append(GenerationStep(number, each.reads, past, folded(each.cache), id, text))
            past += each.reads
        return Generation(self.tokens, tuple(steps), "".join(texts))


_READ = ("decoder_input_ids", "input_ids", "inputs_embeds", "decoder_inputs_embeds")
