"""Settings: the ways in which a model class can be run, and one run of one of them.

A setting is a class, a configuration and a handful of options; the tensors are made from the signature of the forward
pass when it runs, so that the same setting runs at any sizes, in any dtype and without numbers
(`hfreader.trace.hollow`).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch.utils._pytree import tree_map
from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.configs import one_line, written_at
from hfreader.trace.drawing import shared
from hfreader.trace.feeding.need import Need
from hfreader.trace.feeding.placeholders import with_placeholders
from hfreader.trace.feeding.sessions import opened, passes
from hfreader.trace.feeding.vocabulary import made
from hfreader.trace.inputs import other_inputs, parameters_of_forward, random_ids, text_inputs
from hfreader.trace.models import parameters_of, random_model, skeleton
from hfreader.trace.placement import home
from hfreader.trace.sizes import Lengths
from hfreader.trace.tokenizers import vocabulary_size

Shape = Literal["row", "column", "token", "class"]
"""One int per row, (batch,) or (batch, 1); one int per token; one float per row and class."""

TOKEN_TYPES = "token_type_ids"


@dataclass(frozen=True)
class Options:
    """What is given to the forward pass besides ids and mask.

    bare       no mask.
    padded     the mask hides the last token of the first row.
    special    ids with a meaning that stand in each row, as (field of the configuration that names one, places).
    embeds     embedded tokens instead of ids.
    choices    0, or the number of alternatives: ids of shape (batch, choices, tokens).
    beside     further parameters with one int per token of the text, as a tokenizer returns them (token types): the
               ints of one row, zeros where they are not as many as the tokens.
    zeros      further parameters of the signature (labels, ids of other things) with the shapes of the zeros they get.
    others     inputs that are no text, as (parameter, which of the layouts that its maker knows).
    textless   no ids.
    training   the model in training mode (dropout).
    extra      further arguments of the forward pass.
    """

    bare: bool = False
    padded: bool = False
    special: tuple[tuple[str, tuple[int, ...]], ...] = ()
    embeds: bool = False
    choices: int = 0
    beside: tuple[tuple[str, tuple[int, ...]], ...] = ()
    zeros: tuple[tuple[str, Shape], ...] = ()
    others: tuple[tuple[str, int], ...] = ()
    textless: bool = False
    training: bool = False
    extra: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, eq=False)
class Setting:
    """One way to run one class.

    lengths  `past` above 0 means two forward passes, the second on the cache of the first; `encoder` other than None
             means that hidden states of an encoder are given.
    """

    name: str
    model_class: type[PreTrainedModel]
    config: PreTrainedConfig
    lengths: Lengths
    options: Options = Options()

    def model(self, seed: int = 0, dtype: torch.dtype = torch.float32, device: str = "cpu") -> PreTrainedModel:
        """A model with random weights for this setting; HfreaderError where it cannot be built.

        It has a configuration of its own, because forward passes write into it.
        """
        return random_model(self.model_class, deepcopy(self.config), seed, dtype, device).train(self.options.training)

    def numbers(self) -> int:
        """How many numbers the model holds; 0 where only building it can tell."""
        with suppress(HfreaderError):
            return parameters_of(skeleton(self.model_class, deepcopy(self.config)))
        return 0

    def with_config(self, config: PreTrainedConfig, lengths: Lengths) -> "Setting":
        """The same setting at other sizes."""
        return replace(self, config=config, lengths=lengths)

    def run(
        self,
        model: PreTrainedModel,
        ids: torch.Tensor | None = None,
        seed: int = 0,
        given: Mapping[str, torch.Tensor] = MappingProxyType({}),
    ) -> Any:
        """Run the forward pass (or both) without gradients; the last output.

        ids    (batch, past + tokens); random ones when None.
        given  arguments that are not made but at hand.
        Raises HfreaderError with the model's own reason where it cannot run so.
        """
        lengths = self.lengths
        if ids is None and not self.options.textless:
            ids = random_ids(self.config, lengths.batch, lengths.past + lengths.tokens, seed).to(home(model))
        try:
            with torch.no_grad():
                if ids is None or not lengths.past:
                    whole = self.inputs(model, ids, seed=seed, given=given)
                    return [model(**each) for each in passes(whole, self.model_class)][-1]
                first = model(**self.inputs(model, ids[:, : lengths.past], given=given), use_cache=True)
                cache = getattr(first, "past_key_values", None)
                if cache is None:
                    raise HfreaderError("the first pass returned no cache")
                return model(**self.inputs(model, ids, lengths.past), past_key_values=cache, use_cache=True)
        except Exception as error:
            known = {name for name, _ in self.options.others} | given.keys()
            others = sorted({*other_inputs(self.model_class)} - known)
            hint = f" (hfreader gives it no {', '.join(others)} so far)" if others else ""
            raise HfreaderError(
                f"{self.model_class.__name__}, {self.name}: {one_line(error)}{written_at(error)}{hint}"
            ) from error

    def inputs(
        self,
        model: PreTrainedModel,
        ids: torch.Tensor | None,
        start: int = 0,
        seed: int = 0,
        given: Mapping[str, torch.Tensor] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """The arguments of a forward pass on ids (batch, tokens) from position `start`; the mask covers all of them."""
        options = self.options
        need = Need(self.model_class, self.config, self.lengths, seed)
        others: dict[str, Any] = {
            name: tree_map(lambda each: each.to(home(model)) if isinstance(each, torch.Tensor) else each, value)
            for name, value in ((name, made(need, name, layout)) for name, layout in options.others)
        }
        others = opened(others | {name: _placed(tensor, model) for name, tensor in given.items()}, model, need)
        if ids is None:
            return others | dict(options.extra)
        if options.choices:
            ids = ids.unsqueeze(1).repeat(1, options.choices, 1)
        arguments: dict[str, Any] = self._text(ids, start)
        if options.bare:
            arguments.pop("attention_mask", None)
        if options.padded and "attention_mask" in arguments:
            arguments["attention_mask"][0, ..., -1] = 0
            arguments |= self._with_special("pad_token_id", (-1,), slice(0, 1), arguments)
        for field, places in options.special:
            arguments |= self._with_special(field, places, slice(None), arguments)
        if options.embeds:
            arguments["inputs_embeds"] = model.get_input_embeddings()(arguments.pop("input_ids"))
        if self.lengths.encoder is not None and not self._two_sided:
            arguments |= self._encoder_states(model, ids.shape[0], self.lengths.encoder)
        arguments |= self._zeros(model, ids[..., start:]) | dict(options.extra)
        return with_placeholders(model, arguments | others, need) if others and not start else arguments

    def _with_special(self, field: str, places: Sequence[int], rows: slice, given: dict[str, Any]) -> dict[str, Any]:
        """The ids with the one of a field at places of some rows; none where the configuration knows no such id."""
        special = getattr(self.config, field, None)
        if "input_ids" not in given or type(special) is not int or not 0 <= special < vocabulary_size(self.config):
            return {}
        ids = given["input_ids"].clone()
        for place in places:
            ids[rows, ..., place] = special
        return {"input_ids": ids}

    @property
    def _two_sided(self) -> bool:
        accepted = parameters_of_forward(self.model_class)
        return bool(self.config.is_encoder_decoder) and "decoder_input_ids" in accepted

    def _text(self, ids: torch.Tensor, start: int) -> dict[str, torch.Tensor]:
        """Ids, mask and what goes beside them; in an encoder-decoder `ids` are the decoder's."""
        if not self._two_sided:
            given = text_inputs(self.model_class, ids) | self._beside(ids)
            return {name: value if name == "attention_mask" else value[..., start:] for name, value in given.items()}
        length = self.lengths.encoder or ids.shape[-1]
        same = length == ids.shape[-1]
        source = ids if same else random_ids(self.config, ids.shape[0], length, seed=1).to(ids.device)
        given = text_inputs(self.model_class, source) | self._beside(source)
        return given | {"decoder_input_ids": ids[..., start:]}

    def _beside(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        rows = {name: row if len(row) == ids.shape[-1] else (0,) for name, row in self.options.beside}
        return {name: torch.tensor(row, device=ids.device).expand(ids.shape) for name, row in rows.items()}

    def _encoder_states(self, model: PreTrainedModel, batch: int, length: int) -> dict[str, torch.Tensor]:
        states = torch.randn(batch, length, self.config.hidden_size, generator=torch.Generator().manual_seed(1))
        given = {"encoder_hidden_states": states.to(home(model), model.dtype)}
        if "encoder_attention_mask" in parameters_of_forward(self.model_class):
            given["encoder_attention_mask"] = torch.ones(batch, length, dtype=torch.long, device=home(model))
        return given

    def _zeros(self, model: PreTrainedModel, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        rows = torch.zeros_like(ids.reshape(ids.shape[0], -1)[:, 0])
        made = {
            "row": rows,
            "column": rows.unsqueeze(1),
            "token": torch.zeros_like(ids),
            "class": torch.zeros(ids.shape[0], self.config.num_labels, device=home(model), dtype=model.dtype),
        }
        return {name: made[shape] for name, shape in self.options.zeros}


def with_token_types(setting: Setting) -> Setting | None:
    """The setting with token types (zeros), None where the class takes none."""
    if TOKEN_TYPES not in parameters_of_forward(setting.model_class):
        return None
    return replace(setting, options=replace(setting.options, beside=((TOKEN_TYPES, ()),)))


def label_parameters(model_class: type[PreTrainedModel]) -> list[str]:
    """The parameters of the forward pass that take what the model should have answered."""
    return [name for name in parameters_of_forward(model_class) if name.endswith(("label", "labels", "_positions"))]


def id_parameters(model_class: type[PreTrainedModel]) -> list[str]:
    """The parameters of the forward pass that take indexes of something, other than those that go with a text."""
    usual = {"input_ids", TOKEN_TYPES, "decoder_input_ids"}
    return [name for name in parameters_of_forward(model_class) if name.endswith("_ids") and name not in usual]


def _placed(tensor: torch.Tensor, model: PreTrainedModel) -> torch.Tensor:
    """A tensor where the model is, in its precision if it holds fractions."""
    return tensor.to(home(model), model.dtype) if tensor.is_floating_point() else tensor.to(home(model))


class LastModel:
    """Makes models for settings tried one after the other: one for all that have a class and a configuration in
    common."""

    def __init__(self) -> None:
        self._last: tuple[Setting, PreTrainedModel] | None = None

    def of(self, setting: Setting) -> PreTrainedModel:
        """The model of the setting before where it fits, in the mode that this one asks for."""
        if self._last is None or any(
            getattr(self._last[0], name) is not getattr(setting, name) for name in ("model_class", "config")
        ):
            self._last = None
            with shared():
                self._last = (setting, setting.model())
        return self._last[1].train(setting.options.training)
