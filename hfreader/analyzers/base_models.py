"""Which class of a family is its base model."""

from collections import Counter

import libcst as cst

from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import literal_string
from hfreader.errors import HfreaderError

REGISTRY, TABLE = "models/auto/modeling_auto.py", "MODEL_MAPPING_NAMES"


def base_model(library: Library, family: str) -> str:
    """The class that the library's registry names for the family's model type, qualified; without one, the model that
    most of the family's other models contain. HfreaderError where the family has no model with a forward."""
    models = [
        one.qualified
        for file in library.modeling_files(family)
        for one in library.file(file).classes
        if one.kind == "model" and library.method(one.qualified, "forward") is not None
    ]
    if not models:
        raise HfreaderError(f"{family} has no model with a forward to compare")
    registered = _registered(library, family)
    named = next((one for one in models if one.rpartition(".")[2] in registered), None)
    return named or _most_contained(library, models)


def _registered(library: Library, family: str) -> frozenset[str]:
    try:
        table = library.tree(REGISTRY).assignments.get(TABLE)
    except HfreaderError:
        return frozenset()
    rows = table.args[0].value if isinstance(table, cst.Call) and table.args else table
    pairs = [one.value for one in rows.elements] if isinstance(rows, cst.List) else []
    found = [
        pair.elements[1].value
        for pair in pairs
        if isinstance(pair, cst.Tuple) and _is_family(literal_string(pair.elements[0].value), family)
    ]
    values = [one for value in found for one in (_strings(value))]
    return frozenset(values)


def _is_family(model_type: str | None, family: str) -> bool:
    return model_type is not None and model_type.replace("-", "_") == family


def _strings(value: cst.BaseExpression) -> list[str]:
    parts = [one.value for one in value.elements] if isinstance(value, cst.Tuple) else [value]
    return [text for part in parts if (text := literal_string(part)) is not None]


def _most_contained(library: Library, models: list[str]) -> str:
    contained = Counter(
        inner
        for owner in models
        for part in library.submodules(owner)
        for inner in set(part.classes)
        if inner in models
    )
    return max(models, key=lambda one: (contained[one], -models.index(one)))
