"""A family's configuration: found by name, changed field by field, told apart from its default.

Fields are always changed by building the configuration anew from its written fields, so that what the
configuration derives from others (`head_dim` from `hidden_size`) follows, and its own checks run.
"""

import inspect
import json
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES, model_type_to_module_name

from hfreader.errors import HfreaderError, suggestion
from hfreader.trace.recipes import recipe_of
from hfreader.trace.requests import plain

# Written into every config.json, but no property of the model that is built.
BOOKKEEPING = frozenset({"transformers_version", "_name_or_path", "architectures", "dtype", "torch_dtype"})

NO_SIZE = re.compile(
    r"_ids?$|_token$|index|offset|stride|kernel|dilation|window|seed|chunk|version|stages|every|interval|top_?k"
)
"""Fields with integers that count no parts and no widths."""


def families() -> dict[str, tuple[str, ...]]:
    """Every family (folder under `transformers/models`) and the model types whose configurations lie in it."""
    found: dict[str, list[str]] = {}
    for model_type in CONFIG_MAPPING_NAMES:
        found.setdefault(model_type_to_module_name(model_type), []).append(model_type)
    return {family: tuple(types) for family, types in found.items()}


def model_type_of(name: str) -> str:
    """The model type that a user means by a family or a model type in any spelling; HfreaderError if none."""
    if name in CONFIG_MAPPING_NAMES:
        return name
    known = families()
    for model_type in CONFIG_MAPPING_NAMES:
        if plain(model_type) == plain(name):
            return str(model_type)
    if plain(name) in known:
        return known[plain(name)][0]
    if plain(name).isidentifier() and find_spec(f"transformers.models.{plain(name)}"):
        raise HfreaderError(f"{name} has no model of its own: transformers knows no configuration in its folder")
    raise HfreaderError(f"unknown family '{name}'{suggestion(name, [*known, *CONFIG_MAPPING_NAMES])}")


def family_of(config: PreTrainedConfig) -> str:
    """The folder under `transformers/models` in which the configuration is written."""
    return type(config).__module__.removeprefix("transformers.models.").rsplit(".", 1)[0]


def build_config(config_class: type[PreTrainedConfig], fields: Mapping[str, Any]) -> PreTrainedConfig:
    """A configuration from written fields; HfreaderError with the configuration's own reason."""
    try:
        return config_class(**fields)
    except Exception as error:  # the checks of 800 configurations raise whatever they like
        raise HfreaderError(f"{config_class.__name__} refuses these values: {one_line(error)}") from error


def default_config(name: str) -> PreTrainedConfig:
    """The configuration a family has by default, mended where there is a recipe for it."""
    model_type = model_type_of(name)
    config = _by_own_fields(model_type)
    nested = {key: each for key, each in recipe_of(model_type).config.items() if "." in key}
    nested = _of_parts(config) | nested | stand_ins(config)
    return with_fields(config, nested) if nested else config


def _by_own_fields(model_type: str) -> PreTrainedConfig:
    """The default configuration with what a recipe changes of the type's own fields, those of nested ones left."""
    own = {key: each for key, each in recipe_of(model_type).config.items() if "." not in key}
    return build_config(CONFIG_MAPPING[model_type], own)


def _of_parts(config: PreTrainedConfig) -> dict[str, Any]:
    """What the recipes of nested parts change, where these are as they are by default."""
    changes: dict[str, Any] = {}
    for prefix, part in all_parts(config):
        recipe = recipe_of(part.model_type).config if prefix else {}
        changed = written_fields(part) if recipe else {}
        changes |= {f"{prefix}{name}": value for name, value in recipe.items() if name.split(".")[0] not in changed}
    return changes


def stand_ins(config: PreTrainedConfig) -> dict[str, Any]:
    """Where timm is not installed: what the library has of its own for parts from there, by their dotted names. For a
    backbone it is the ResNet with the same outputs, else what the type's recipe says."""
    if find_spec("timm") is not None:
        return {}
    found: dict[str, Any] = dict(recipe_of(config.model_type).without_timm)
    for prefix, part in all_parts(config):
        if prefix and part.model_type == "timm_backbone" and part.out_indices:
            found[prefix.removesuffix(".")] = {"model_type": "resnet", "out_indices": list(part.out_indices)}
    return found


def replaced_by(model_type: str) -> tuple[str, ...]:
    """What a reader must know of the parts of a type's default configuration that stand for others."""
    return tuple(
        f"{name}: {part['model_type']} of transformers stands for a model from timm, which is not installed"
        for name, part in stand_ins(_by_own_fields(model_type)).items()
    )


# The library answers an unknown name with all that it knows, hundreds of them.
_LISTED = re.compile(r" Should contain one of .*")
_NO_MEMORY = re.compile(r"can't allocate memory|out of memory", re.IGNORECASE)


def one_line(error: BaseException) -> str:
    """What an exception says, in one line."""
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error))):
        return "out of memory: take a smaller input or smaller sizes (--set), or fewer layers"
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        return f"its code needs the package {error.name}, which is not installed"
    text = " ".join(str(error).split()) or type(error).__name__
    return text if isinstance(error, HfreaderError) else _LISTED.sub("", text)[:300]


def written_at(error: BaseException) -> str:
    """` (at file:line: statement)` for the innermost line of a model's own code that an exception went through; nothing
    where it went through none."""
    ours = [each for each in traceback.extract_tb(error.__traceback__) if "/transformers/models/" in each.filename]
    return f" (at {Path(ours[-1].filename).name}:{ours[-1].lineno}: {ours[-1].line})" if ours else ""


def written_fields(config: PreTrainedConfig) -> dict[str, Any]:
    """The fields from which the configuration can be built anew: those that differ from its class's default, nested
    ones whole, without those that it derives from others by itself."""
    fields: dict[str, Any] = config.to_diff_dict()
    for name, part in sub_configs(config).items():
        fields[name] = {**written_fields(part), "model_type": part.model_type}
    fields = {name: value for name, value in fields.items() if name not in BOOKKEEPING}
    parameters = inspect.signature(type(config).__init__).parameters
    unset = {name for name in fields if name in parameters and parameters[name].default is None}
    if not unset:
        return fields
    try:
        rest = type(config)(**{name: value for name, value in fields.items() if name not in unset})
    except Exception:  # then they are not derived
        return fields
    derived = {name for name in unset if _comparable(read(rest, name)) == _comparable(read(config, name))}
    return {name: value for name, value in fields.items() if name not in derived}


def _comparable(value: Any) -> Any:
    """What can be compared: configurations with fields that differ from layer to layer refuse to be."""
    return value.to_dict() if isinstance(value, PreTrainedConfig) else value


def read(part: Any, name: str) -> Any:
    """A field of a configuration; None where there is none, or another value for each layer."""
    try:
        return getattr(part, name, None)
    except RuntimeError:  # what differs from layer to layer refuses to be read for all
        return None


def sub_configs(config: PreTrainedConfig) -> dict[str, PreTrainedConfig]:
    """The configurations nested in a configuration, by field."""
    return {name: part for name, part in vars(config).items() if isinstance(part, PreTrainedConfig)}


def all_parts(config: PreTrainedConfig, prefix: str = "") -> Iterator[tuple[str, PreTrainedConfig]]:
    """A configuration and those nested in it, however deep, each with what its fields' dotted names begin with."""
    yield prefix, config
    for name, part in sub_configs(config).items():
        yield from all_parts(part, f"{prefix}{name}.")


def kept_fields(config: PreTrainedConfig) -> list[str]:
    """The fields and parts, dotted, that recipes want as they are, whatever is made small."""
    return [f"{prefix}{name}" for prefix, part in all_parts(config) for name in recipe_of(part.model_type).keep]


def within(name: str, fields: Sequence[str]) -> bool:
    """Whether a dotted field is one of some, or part of one."""
    return any(name == field or name.startswith(f"{field}.") for field in fields)


def with_fields(config: PreTrainedConfig, changes: Mapping[str, Any]) -> PreTrainedConfig:
    """The configuration built anew with some fields changed; nested fields are written with dots.

    Names may be aliases (`hidden_size` for GPT-2's `n_embd`). Raises HfreaderError where the configuration refuses.
    """
    fields = written_fields(config)
    for name, value in changes.items():
        _put(config, fields, name.split("."), value)
    return build_config(type(config), fields)


def _put(owner: Any, fields: dict[str, Any], path: list[str], value: Any) -> None:
    """Set one field, dotted parts already split, in the dictionary from which `owner` will be built anew."""
    head, *rest = path
    aliases = getattr(owner, "attribute_map", {})
    name = aliases.get(head, head)
    for alias in [alias for alias, meant in aliases.items() if meant == name]:
        fields.pop(alias, None)
    if not rest:
        fields[name] = value
        return
    inner = _field(owner, name)
    if not isinstance(fields.get(name), dict):
        nested = isinstance(inner, PreTrainedConfig)
        fields[name] = written_fields(inner) | {"model_type": inner.model_type} if nested else dict(inner or {})
    _put(inner, fields[name], rest, value)


def _field(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, dict) else getattr(owner, name)


def field_names(owner: Any) -> list[str]:
    """The fields a user may set on a configuration (or a dictionary in it), aliases included."""
    if isinstance(owner, dict):
        return [str(name) for name in owner]
    names = {*owner.to_dict(), *getattr(owner, "attribute_map", {}), "num_labels"}
    return sorted(name for name in names if not name.startswith("_") and name not in BOOKKEEPING - {"dtype"})


def with_overrides(config: PreTrainedConfig, overrides: Iterable[tuple[str, str]]) -> PreTrainedConfig:
    """The configuration with what the user wrote as `--set key=value`, read by the type of the present value.

    Raises HfreaderError naming near keys for an unknown key, and the expected type for a value that does not fit.
    """
    changes = {key: _parse(key, text, _present(config, key)) for key, text in overrides}
    return with_fields(config, changes) if changes else config


def _present(config: PreTrainedConfig, key: str) -> Any:
    """The value a dotted key has now."""
    owner: Any = config
    *parents, last = key.split(".")
    for depth, name in enumerate([*parents, last]):
        names = field_names(owner) if isinstance(owner, PreTrainedConfig | dict) else []
        if name not in names:
            where = ".".join([*parents, last][:depth])
            of = f"'{where}' of {type(config).__name__}" if where else type(config).__name__
            raise HfreaderError(f"--set {key}: {of} has no field '{name}'{suggestion(name, names)}")
        owner = _field(owner, name)
    return owner


def _parse(key: str, text: str, present: Any) -> Any:
    """Read a written value as the type of the present one; where that is None, as JSON or else as text."""
    if text.lower() in ("none", "null"):
        return None
    if isinstance(present, str):
        return text
    try:
        value = json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except ValueError:
        value = text
    wanted = type(present)
    if wanted is int and type(value) is int and value < 0 < present and not NO_SIZE.search(key.rpartition(".")[2]):
        raise HfreaderError(f"--set {key}={text}: a size cannot be negative, as in {key}={present}")
    if present is None or (isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))):
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is tuple and isinstance(value, list):
        return tuple(value)
    if wanted is int and isinstance(value, float):
        return value  # some fields take either; the configuration decides
    names = {bool: "true or false", int: "an integer", float: "a number", list: "a JSON list", dict: "a JSON object"}
    raise HfreaderError(f"--set {key}={text}: expected {names.get(wanted, wanted.__name__)}, as in {key}={present}")


def as_json(config: PreTrainedConfig) -> dict[str, object]:
    """The fields in force as JSON values."""
    values: dict[str, object] = json.loads(config.to_json_string(use_diff=False))
    return {name: value for name, value in values.items() if name not in BOOKKEEPING}


def difference(config: PreTrainedConfig) -> dict[str, object]:
    """The fields that differ from the default of the same class, nested ones with dotted names."""
    return dict(_differences(as_json(config), as_json(type(config)()), ""))


def _differences(now: Mapping[str, Any], before: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, object]]:
    for name, value in now.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict) and "model_type" in value:
            yield from _differences(value, old, f"{prefix}{name}.")
        elif name not in before or value != old:
            yield f"{prefix}{name}", value
