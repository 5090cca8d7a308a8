"""What turns pictures, sounds and videos into tensors: a checkpoint's own processor, else the family's class with its
default settings and the sizes of the configuration."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import AutoFeatureExtractor, AutoImageProcessor, PreTrainedConfig
from transformers.models.auto import feature_extraction_auto, image_processing_auto
from transformers.models.auto.configuration_auto import model_type_to_module_name

from hfreader.errors import HfreaderError
from hfreader.trace.configs import family_of, one_line, read, sub_configs
from hfreader.trace.feeding.images import NEAR
from hfreader.trace.feeding.need import Need, pair

IMAGE_FILES = ("preprocessor_config.json", "processor_config.json", "image_processor_config.json")
# Of the two kinds of image processors the one that needs no further package comes first.
BACKENDS = ("pil", "torchvision")


def image_processor(need: Need, folder: Path | None) -> tuple[Any, str]:
    """What reads pictures, and in words what it is; HfreaderError where the library has none for the family."""
    if folder is not None and any((folder / name).is_file() for name in IMAGE_FILES):
        return _own(AutoImageProcessor, folder), "the checkpoint's own image processor"
    known = _entry(image_processing_auto.IMAGE_PROCESSOR_MAPPING_NAMES, need.config)
    names = [name for backend in BACKENDS if (name := (known or {}).get(backend))]
    classes = (image_processing_auto.get_image_processor_class_from_name(name) for name in names)
    usable = next((each for each in classes if each is not None and not getattr(each, "is_dummy", False)), None)
    if usable is None:
        raise _unknown("image processor", need, names)
    made = usable()
    for field, value in {**_sizes(need, made), **_unread(made)}.items():
        setattr(made, field, value)
    return made, f"{type(made).__name__} with its default settings"


def _sizes(need: Need, made: Any) -> dict[str, Any]:
    """The sizes of the configuration, in the form in which the processor keeps its own.

    A processor that only bounds the sides of pictures is left as it is.
    """
    found = need.field("image_size", "img_size", "input_size", near=NEAR)
    if found is None:
        return {}
    height, width = pair(found)
    size, crop = getattr(made, "size", None), getattr(made, "crop_size", None)
    changed: dict[str, Any] = {}
    if size is not None and _holds(size, "height"):
        changed["size"] = type(size)(height=height, width=width)
    if crop is not None and getattr(made, "do_center_crop", False):
        changed["crop_size"] = type(crop)(height=height, width=width)
        if size is not None and _holds(size, "shortest_edge") and not _holds(size, "longest_edge"):
            changed["size"] = type(size)(shortest_edge=max(height, width))
    return changed


def _unread(made: Any) -> dict[str, bool]:
    """Words in a picture are not read: that takes a program of its own."""
    return {"apply_ocr": False} if hasattr(made, "apply_ocr") else {}


def _holds(size: Any, name: str) -> bool:
    value = size.get(name) if isinstance(size, Mapping) else getattr(size, name, None)
    return value is not None


def feature_extractor(need: Need, folder: Path | None) -> tuple[Any, str]:
    """The same for sounds."""
    if folder is not None and (folder / IMAGE_FILES[0]).is_file():
        return _own(AutoFeatureExtractor, folder), "the checkpoint's own feature extractor"
    name = _entry(feature_extraction_auto.FEATURE_EXTRACTOR_MAPPING_NAMES, need.config)
    kind = feature_extraction_auto.feature_extractor_class_from_name(name) if name else None
    if kind is None or getattr(kind, "is_dummy", False):
        raise _unknown("feature extractor", need, [name] if name else [])
    try:
        made = kind(**_shared(need, kind))
    except ImportError as error:
        raise HfreaderError(f"{kind.__name__} needs a package that is not installed: {one_line(error)}") from error
    return made, f"{kind.__name__} with its default settings"


def _shared(need: Need, kind: type[Any]) -> dict[str, int]:
    """The settings of an extractor that the configuration knows too: the bins of a spectrogram, its length."""
    parameters = inspect.signature(kind.__init__).parameters
    shared = ("num_mel_bins", "sampling_rate", "max_length")
    found = {name: value for name in shared if name in parameters and isinstance(value := need.field(name), int)}
    default = parameters["feature_size"].default if "feature_size" in parameters else 1
    bins = need.field("num_mel_bins", "feature_size", near="audio")
    if isinstance(default, int) and default > 1 and isinstance(bins, int):
        found["feature_size"] = bins
    return found


def _own(auto: Any, folder: Path) -> Any:
    try:
        return auto.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise HfreaderError(f"the processor in {folder} cannot be read: {one_line(error)}") from error


def _entry(table: Mapping[str, Any], config: PreTrainedConfig) -> Any:
    """What a table of the library has for a configuration, for a part of it, or for another of the same family."""
    types = [config.model_type, *(part.model_type for part in sub_configs(config).values())]
    family = family_of(config)
    types[1:1] = [each for each in table if model_type_to_module_name(each) == family]
    return next((table[each] for each in types if each in table), None)


def _unknown(what: str, need: Need, names: list[str]) -> HfreaderError:
    name = need.model_class.__name__
    if names:
        return HfreaderError(f"{names[-1]}, the {what} of {name}, needs torchvision, which is not installed here")
    return HfreaderError(f"transformers has no {what} for {name}: give tensors instead, --inputs FILE.safetensors")


def rate_of(extractor: Any, config: PreTrainedConfig) -> int:
    """Samples a second that an extractor wants."""
    found = getattr(extractor, "sampling_rate", None) or read(config, "sampling_rate")
    return int(found or 16000)
