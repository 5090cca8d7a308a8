"""The model classes of a family, and models of them with random weights."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
import transformers
from torch import nn
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.models.auto import modeling_auto

from hfreader.errors import HfreaderError, suggestion
from hfreader.trace.configs import as_json, family_of, one_line, sub_configs
from hfreader.trace.recipes import recipe_of

# Attention and experts as plain tensor operations: the fused ones hide what a reader wants to see.
ATTENTION = "eager"


@cache
def model_classes(family: str) -> tuple[type[PreTrainedModel], ...]:
    """The model classes written in a family's `modeling_*.py` that have a forward pass, in source order. HfreaderError
    where a file needs a package that is not installed."""
    package = importlib.import_module(f"transformers.models.{family}")
    found: list[type[PreTrainedModel]] = []
    for file in pkgutil.iter_modules(package.__path__):
        if not file.name.startswith("modeling_"):
            continue
        try:
            module = importlib.import_module(f"{package.__name__}.{file.name}")
        except ImportError as error:
            raise _without_package(f"{file.name}.py", error) from error
        found += [
            each
            for each in vars(module).values()
            if inspect.isclass(each) and issubclass(each, PreTrainedModel) and each.__module__ == module.__name__
        ]
    return tuple(each for each in found if each.forward is not PreTrainedModel.forward)


def base_class(config: PreTrainedConfig) -> type[PreTrainedModel]:
    """The class that `AutoModel` makes of a configuration; where it knows none with a forward pass, the first class
    made for it, in its family or in the library's other tables, or for one of its parts."""
    named = recipe_of(config.model_type).model_class
    own = model_classes(family_of(config))
    if named is None:
        kinds = [type(part) for part in sub_configs(config).values()]
        found = _in_tables(config, "MODEL_MAPPING") + [each for each in own if each.config_class is type(config)]
        found += _in_tables(config, r"MODEL_FOR_\w+_MAPPING") + [each for each in own if each.config_class in kinds]
    else:
        found = [each for each in own if each.__name__ == named] or [getattr(transformers, named)]
    found = [each for each in found if each.forward is not PreTrainedModel.forward] or found
    if not found:
        raise HfreaderError(f"no model class of transformers is built from {type(config).__name__}")
    return found[0]


def _in_tables(config: PreTrainedConfig, names: str) -> list[type[PreTrainedModel]]:
    """The classes that the library's tables of such names have for a configuration."""
    tables = [table for name, table in vars(modeling_auto).items() if re.fullmatch(names, name)]
    chosen = [table[type(config)] for table in tables if type(config) in table]
    return [each for one in chosen for each in (one if isinstance(one, tuple | list) else [one])]


def generating_class(config: PreTrainedConfig) -> type[PreTrainedModel]:
    """The class of the family that generates text; HfreaderError where none does."""
    usual = [MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING, MODEL_FOR_CAUSAL_LM_MAPPING]
    for table in usual if config.is_encoder_decoder else reversed(usual):
        if type(config) in table:
            chosen: type[PreTrainedModel] = table[type(config)]
            return chosen
    for each in model_classes(family_of(config)):
        if each.config_class is type(config) and each.can_generate():
            return each
    raise HfreaderError(f"no class of family '{family_of(config)}' generates text")


def find_class(config: PreTrainedConfig, name: str | None, generates: bool = False) -> type[PreTrainedModel]:
    """The class a user names among the family's, or the base model, or the one that generates; HfreaderError with near
    names."""
    if name is None:
        return generating_class(config) if generates else base_class(config)
    known = {each.__name__: each for each in model_classes(family_of(config))}
    if name not in known:
        hint = suggestion(name, known, f"it has {', '.join(known)}")
        raise HfreaderError(f"family '{family_of(config)}' has no model class '{name}'{hint}")
    if generates and not known[name].can_generate():
        able = [each.__name__ for each in known.values() if each.can_generate()]
        raise HfreaderError(f"{name} does not generate text{f'; {able[0]} does' if able else ''}")
    return known[name]


def config_for(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> PreTrainedConfig:
    """The configuration a class is built from: the given one, the part of it that fits, or the class's default; the
    given one too where the library's tables make this class of it, though the class was written for another."""
    wanted = model_class.config_class
    for each in (config, *sub_configs(config).values()):
        if wanted is None or isinstance(each, wanted):
            return each
    return config if model_class in _in_tables(config, r"MODEL(_FOR_\w+)?_MAPPING") else wanted()


def random_model(
    model_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> PreTrainedModel:
    """A model in evaluation mode with the family's own random initialisation, the same for the same seed.

    Inside `hollow()` the model is one of shapes only. Raises HfreaderError with the model's own reason
    where it cannot be built from the configuration.
    """
    prepare(config)
    with seeded(seed), _own_reasons(model_class, config):
        model = model_class._from_config(config, attn_implementation=attention_for(config), dtype=dtype).eval()
    return model if torch.device(device).type == "cpu" else model.to(device=device)


def attention_for(config: PreTrainedConfig) -> str:
    """The implementation of attention to ask for: ATTENTION, where the class has that."""
    return recipe_of(config.model_type).attention or ATTENTION


def prepare(config: PreTrainedConfig) -> None:
    """Ask for experts as plain operations too, where the configuration knows of such a choice."""
    if hasattr(config, "_experts_implementation"):
        config._experts_implementation = "eager"


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers from a seed, leaving the caller's generators as they were."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        yield


def skeleton(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> PreTrainedModel:
    """The model without its numbers: its modules with parameters on the meta device, at no cost."""
    prepare(config)
    with torch.device("meta"), _own_reasons(model_class, config):
        return model_class._from_config(config, attn_implementation=attention_for(config))


@contextmanager
def _own_reasons(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> Iterator[None]:
    """Turns what a constructor raises into an HfreaderError of one line."""
    try:
        yield
    except ImportError as error:
        raise _without_package(model_class.__name__, error) from error
    except KeyError as error:
        reason = f"{one_line(error)} is not a known value{_field_with(config, error.args)}"
        raise HfreaderError(f"{model_class.__name__} cannot be built: {reason}") from error
    except Exception as error:
        reason = one_line(error)
        if isinstance(error, AttributeError | TypeError) and ("NoneType" in reason or "Config'" in reason):
            reason = f"its configuration leaves out what the class reads ({reason})"
        raise HfreaderError(f"{model_class.__name__} cannot be built: {reason}") from error


def _without_package(name: str, error: ImportError) -> HfreaderError:
    return HfreaderError(f"{name} needs a package that is not installed: {one_line(error)}")


def _field_with(config: PreTrainedConfig, key: tuple[object, ...]) -> str:
    """` of hidden_act` for what was looked up and not found, where one field alone holds it."""
    holders = [name for name, value in as_json(config).items() if (value,) == key]
    return f" of {holders[0]}" if len(holders) == 1 else ""


def parameters_of(module: nn.Module) -> int:
    """How many numbers a module's parameters hold; tied ones count once."""
    return sum(each.numel() for each in module.parameters())
