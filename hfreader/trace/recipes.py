"""What single model types need beyond the general ways: data, in `recipes.toml`, counted and shown.

Each table is a model type. `config` changes fields of its default configuration, which cannot be used as it is
(nested ones with dots), also where the type is a part of another. `keep` names fields and parts that stay as they are
when others are made small. `inputs` are given as they are described: `shape` with numbers and names of configuration
fields (nested ones with dots, products with `*`), and `below` for ids, `value` for one number everywhere, `of` for the
last dimension in full; without any of these they are random numbers. `each` holds the shapes of several tensors in a
list. `textless` leaves the ids out, `bare` their mask; `batch` is the number of rows, `attention` the
implementation that is asked for. `class` names the class where the
library names none. `whole` changes fields of the configuration that holds one without a class, so that it is used.
`without_timm` says which of the library's own parts stand for parts from timm, where that is not
installed.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("recipes.toml")


@dataclass(frozen=True)
class Recipe:
    """What one model type needs."""

    config: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    without_timm: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    textless: bool = False
    bare: bool = False
    batch: int | None = None
    attention: str | None = None
    model_class: str | None = None

    def __bool__(self) -> bool:
        return bool(self.config or self.inputs or self.without_timm or self.whole or self.keep or self.model_class)


@cache
def recipes() -> dict[str, Recipe]:
    """All of them, by model type."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Recipe(
            table.get("config", {}),
            table.get("inputs", {}),
            table.get("without_timm", {}),
            table.get("whole", {}),
            tuple(table.get("keep", ())),
            table.get("textless", False),
            table.get("bare", False),
            table.get("batch"),
            table.get("attention"),
            table.get("class"),
        )
        for name, table in tables.items()
    }


def recipe_of(model_type: str) -> Recipe:
    """The recipe of a model type; an empty one, which is false, where it needs none."""
    return recipes().get(model_type, Recipe())
