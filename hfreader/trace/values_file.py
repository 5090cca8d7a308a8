"""The numbers of a run in a safetensors file.

`attention/PATH/CALL`  a map of the module at PATH, (batch, heads, queries, keys), float32; a module that makes several
                       in one call numbers the later ones: `attention/PATH/CALL/1`.
`statistics`           (records, 6), float64: mean, std, min, max, nan, inf of each recorded tensor with fractions;
                       NaN where a figure is no finite number. The metadata `records` says in JSON which these are.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import save

from hfreader.errors import HfreaderError
from hfreader.facts.codec import write_atomically
from hfreader.facts.traces import LineRecord

COLUMNS = ("mean", "std", "min", "max", "nan", "inf")


def write_values(
    path: Path, maps: Iterable[tuple[str, int, torch.Tensor]], lines: Iterable[LineRecord]
) -> tuple[str, ...]:
    """Write the file whole or not at all; the names of the maps in it. HfreaderError where it cannot be written."""
    tensors: dict[str, torch.Tensor] = {}
    calls: Counter[str] = Counter()
    for module, call, found in maps:
        name = f"attention/{module or 'model'}/{call}"
        calls[name] += 1
        tensors[name if calls[name] == 1 else f"{name}/{calls[name] - 1}"] = found.contiguous()
    records = [line for line in lines if line.statistics is not None]
    rows = [[_number(getattr(line.statistics, column)) for column in COLUMNS] for line in records]
    table = torch.tensor(rows, dtype=torch.float64).reshape(len(rows), len(COLUMNS))
    names = [[line.place.file, line.place.span.line, line.name, line.module, line.call] for line in records]
    metadata = {
        "columns": json.dumps(COLUMNS),
        "records": json.dumps(names),
        "fields": json.dumps(["file", "line", "name", "module", "call"]),
    }
    try:
        write_atomically(path, save({**tensors, "statistics": table}, metadata))
    except OSError as error:
        raise HfreaderError(f"cannot write {path}: {error.strerror or error}; choose another place") from error
    return tuple(tensors)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
