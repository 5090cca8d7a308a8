"""Whether what a trace says is true, on families drawn at random.

    python benchmarks/truth.py [--families 60] [--seed 0] [--kept FOLDER] [--json FILE] [FAMILY ...]

With `--kept` what was found of a family lies in the folder as soon as it is known, and what lies there is not checked
again: all 60 take most of an hour.

The base class of each family runs small, in a process of its own. Asked is, each time of one and the same run:

- lines: which share of the tensors that `sys.settrace` sees assigned in the family's file the recorder saw too, and
  whether the output is the same, bit for bit, with and without it;
- symbols: one size after the other is changed by itself, the class runs again, and each dimension is compared with what
  its expression gives for the new sizes. Named are those that have a symbol, or a number that no size changes: nothing
  does, or other weights do already (how many tokens an expert gets);
- modules: whether the shape of each module's output, where that is a tensor, is the one that torchinfo tells;
- FLOPs and parameters: whether they equal `torch.utils.flop_counter` and `num_parameters()`.
"""

import argparse
import math
import random
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import figures
import torch
import torchinfo
import transformers
from rich.console import Console
from rich.table import Table
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedConfig

from hfreader.facts.codec import from_json, to_json
from hfreader.facts.sweep import Limits
from hfreader.facts.traces import SymbolFact, TensorFact, Trace
from hfreader.source.installed import installed_snapshot
from hfreader.trace.configs import default_config, families
from hfreader.trace.feeding.sessions import passes
from hfreader.trace.forking import Ended, forked
from hfreader.trace.inputs import random_ids
from hfreader.trace.models import base_class, seeded
from hfreader.trace.recording import files_of, record, recorder_for
from hfreader.trace.settings import Setting
from hfreader.trace.sizes import Lengths, candidates, counts_heads, listed_candidates, sizes_of, with_sizes
from hfreader.trace.starting import first_that_runs
from hfreader.trace.symbols_records import Key, general, is_cost, rewrite, shapes
from hfreader.trace.symbols_runs import as_read
from hfreader.trace.tracing import with_symbols
from tests.trace.oracle import Oracle, first_lines

SNAPSHOT = installed_snapshot()
PACKAGE = Path(SNAPSHOT.package)
LIMITS = Limits(seconds=7200, memory=12 << 30)
"""Time enough on a machine that does much else, and memory enough for sizes twice as large."""


@dataclass(frozen=True)
class Truth:
    """Of one family; None where the check could not be made."""

    family: str
    problem: str | None = None
    assigned: int = 0
    unseen: int = 0
    identical: bool | None = None
    dimensions: int = 0
    named: int = 0
    wrong: tuple[str, ...] = ()
    modules: int = 0
    others: tuple[str, ...] = ()
    flops: bool | None = None
    parameters: bool | None = None


def truth(family: str) -> Truth:
    """All checks of one family."""
    config = default_config(family)
    setting = first_that_runs(base_class(config), config, lambda each: each.run(each.model()))
    recorder = recorder_for(files_of(setting.model(), PACKAGE), PACKAGE)
    traced = record(setting, setting.model(), SNAPSHOT, recorder, counted=True)
    found = Truth(family, parameters=setting.model().num_parameters() == traced.parameters)
    found = replace(found, **_lines(setting, traced), flops=_flops(setting) == traced.flops)
    others = tuple(_torchinfo(setting, traced))
    found = replace(found, modules=len(others), others=tuple(each for each in others if each))
    labelled = with_symbols(traced, setting, SNAPSHOT, recorder)

    def again(other: Setting, seed: int = 0) -> Trace:
        return record(other, other.model(seed), SNAPSHOT, recorder, seed=seed, counted=True)

    return replace(found, **_symbols(setting, labelled, again))


def _lines(setting: Setting, traced: Trace) -> dict[str, object]:
    """How many tensors were assigned, how many of these the recorder did not see, whether the outputs are the same."""
    file = f"models/{traced.family}/{Path(sys.modules[setting.model_class.__module__].__file__ or '').name}"
    oracle, model = Oracle(PACKAGE / file), setting.model()
    inputs = setting.inputs(model, _ids(setting))  # some models make theirs of a text and a picture
    with oracle.watching(), seeded(0), torch.no_grad():
        bare = [model(**each) for each in passes(inputs, setting.model_class)][-1]
    recorder = recorder_for(files_of(model, PACKAGE), PACKAGE)
    again = setting.model()
    with recorder.recording(again), seeded(0):
        recorded = setting.run(again)
    pairs = zip(_tensors(bare), _tensors(recorded), strict=True)
    first = first_lines((PACKAGE / file).read_text(encoding="utf-8"))
    ours = Counter(
        (first[line.place.span.line], line.name, (line.value.tensor.shape, f"torch.{line.value.tensor.dtype}"))
        for line in traced.lines
        if line.value.tensor and line.kind != "return" and line.place.file == file
    )
    return {
        "assigned": oracle.assigned.total(),
        "unseen": (oracle.assigned - ours).total(),
        "identical": all(torch.equal(one.nan_to_num(), other.nan_to_num()) for one, other in pairs),
    }


def _ids(setting: Setting) -> torch.Tensor | None:
    """Those that the setting runs on."""
    text = not setting.options.textless
    return random_ids(setting.config, setting.lengths.batch, setting.lengths.tokens, 0) if text else None


def _tensors(value: object) -> list[torch.Tensor]:
    return [each for each in tree_leaves(value) if isinstance(each, torch.Tensor)]


def _flops(setting: Setting) -> int:
    model = setting.model().requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        setting.run(model)
    return int(counter.get_total_flops())


def _torchinfo(setting: Setting, traced: Trace) -> Iterator[str]:
    """For each module with a tensor as its first output nothing where torchinfo gives the same shape, else both."""
    model = setting.model()
    inputs = next(passes(setting.inputs(model, _ids(setting)), setting.model_class))
    ours = {call.path: call.output.tensor.shape for call in reversed(traced.modules) if call.output.tensor}
    paths = {id(module): path for path, module in model.named_modules()}
    try:
        told = torchinfo.summary(model, input_data=inputs, depth=99, verbose=0, mode="eval", cache_forward_pass=False)
    except TypeError:  # it takes tensors alone, and no session around a video
        return
    seen: set[str] = set()
    for layer in told.summary_list:
        path = paths.get(id(layer.module))
        if path in ours and path not in seen and layer.executed:
            seen.add(path)
            yield "" if tuple(layer.output_size) == ours[path] else f"{path}: {layer.output_size}, not {ours[path]}"


def _symbols(setting: Setting, labelled: Trace, again: object) -> dict[str, object]:
    """How many dimensions there are, how many are named, and which names are wrong."""
    names: dict[Key, TensorFact] = {}
    rewrite(labelled, lambda key, tensor: names.setdefault(key, tensor) if not is_cost(key) else tensor)
    legend = {symbol.name: symbol for symbol in labelled.symbols}
    changed: set[tuple[Key, int]] = set()
    wrong: dict[str, None] = {}
    for what, other in _changes(setting):
        try:
            run = again(other)  # type: ignore[operator]
        except Exception:  # a size that cannot change by itself
            continue
        lengths, seen = as_read(run, other.lengths), shapes(run)
        values = {name: _worth(symbol, other.config, lengths) for name, symbol in legend.items()}
        partial = {name for name, value in values.items() if not _whole(value)}
        for key, tensor in names.items():
            if key not in seen or len(seen[key]) != len(tensor.shape):
                continue
            for place, (size, before, text) in enumerate(zip(seen[key], tensor.shape, tensor.symbols, strict=True)):
                if text.isdecimal():
                    changed |= {(key, place)} if size != before else set()
                elif partial.isdisjoint(name[0] for name in re.finditer(_NAME, text)) and (
                    (expected := _evaluated(text, values)) != size and _whole(expected)
                ):
                    wrong[f"{key[0]} {key[1]} [{place}] {text}: {size}, not {expected}, with {what}"] = None
    drawn = _by_values(names, shapes(again(setting, 1)))  # type: ignore[operator]
    changed -= {(key, place) for key, place in changed if (general(key), place) in drawn}
    dimensions = [(key, place, text) for key, tensor in names.items() for place, text in enumerate(tensor.symbols)]
    named = sum(not text.isdecimal() or (key, place) not in changed for key, place, text in dimensions)
    return {"dimensions": len(dimensions), "named": named, "wrong": tuple(wrong)[:20]}


def _by_values(names: dict[Key, TensorFact], seen: dict[Key, tuple[int, ...]]) -> set[tuple[Key, int]]:
    """The dimensions, of all layers that are alike, that differ with other weights and inputs of the same sizes."""
    return {
        (general(key), place)
        for key, tensor in names.items()
        for place, (size, other) in enumerate(zip(tensor.shape, seen.get(key, tensor.shape), strict=False))
        if size != other
    }


def _changes(setting: Setting) -> Iterator[tuple[str, Setting]]:
    """The setting with one size changed: each length, then each field."""
    lengths = setting.lengths
    for name in ("batch", "tokens"):
        longer = replace(lengths, **{name: getattr(lengths, name) + 1})
        yield name, setting.with_config(setting.config, longer)
    for name in (*candidates(setting.config), *listed_candidates(setting.config)):
        value = sizes_of(setting.config)[name]
        for other in (2 * value, value // 2) if not counts_heads(name) else (value // 2, 2 * value):
            try:
                yield f"{name}={other}", setting.with_config(with_sizes(setting.config, {name: other}), lengths)
            except Exception:  # the configuration refuses
                continue
            break


def _worth(symbol: SymbolFact, config: PreTrainedConfig, lengths: Lengths) -> float | None:
    """What a symbol stands for in a run."""
    told = {"B": lengths.batch, "T": lengths.tokens, "T_past": lengths.past, "S": lengths.encoder}
    if symbol.name in told and not re.search(r"_", symbol.expression):
        return told[symbol.name]
    return _evaluated(symbol.expression, sizes_of(config))


def _whole(size: float | None) -> bool:
    """Whether an expression speaks of a size: patches that do not fill an image are no case that it claims."""
    return size is None or size == int(size)


_NAME = re.compile(r"[A-Za-z_][\w.]*(\[\d+\])?")
_ROUNDED = {"ceil": math.ceil, "floor": math.floor}


def _evaluated(text: str, values: dict[str, object]) -> float | None:
    """An expression of names and numbers with the values of the names; None where one has none."""
    put = re.sub(_NAME, lambda name: name[0] if name[0] in _ROUNDED else f"({values.get(name[0])})", text)
    try:
        return float(eval(put, {"__builtins__": {}}, _ROUNDED))
    except (TypeError, ZeroDivisionError, SyntaxError):
        return None


def main() -> None:
    """Draw families, check each, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json")
    parser.add_argument("--kept", type=Path)
    parser.add_argument("only", nargs="*", metavar="FAMILY")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    drawn = options.only or random.Random(options.seed).sample(sorted(families()), options.families)
    found = [_kept(family, options.kept) for family in drawn]
    _show(found)
    figures.write([asdict(each) for each in found], options.json)


def _kept(family: str, folder: Path | None) -> Truth:
    """What the folder has of a family, or else what is found now, which it has from then on."""
    if folder is None:
        return _checked(family)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{family}.json"
    if not file.exists():
        file.write_bytes(to_json(_checked(family)))
    return from_json(file.read_bytes(), Truth)


def _checked(family: str) -> Truth:
    def work() -> bytes:
        try:
            return to_json(truth(family))
        except Exception as error:
            return to_json(Truth(family, problem=f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"))

    try:
        one = from_json(forked(work, LIMITS), Truth)
    except Ended as end:
        one = Truth(family, problem=str(end))
    said = one.problem or f"{one.named} of {one.dimensions} dimensions named, {len(one.wrong)} wrong"
    Console(stderr=True).print(f"{family}: {said}", highlight=False, markup=False)
    return one


def _show(found: list[Truth]) -> None:
    """A row for all families together, then all that is not as it should be."""
    ran = [each for each in found if each.problem is None]
    assigned, unseen = sum(each.assigned for each in ran), sum(each.unseen for each in ran)
    dimensions, named = sum(each.dimensions for each in ran), sum(each.named for each in ran)
    modules, others = sum(each.modules for each in ran), sum(len(each.others) for each in ran)
    table = Table("", "checked", "true", "share", title=f"{len(ran)} of {len(found)} families")
    rows = {
        "tensors assigned, seen": (assigned, assigned - unseen),
        "outputs bit-identical": (len(ran), sum(bool(each.identical) for each in ran)),
        "dimensions named": (dimensions, named),
        "families without a wrong name": (len(ran), sum(not each.wrong for each in ran)),
        "module outputs as torchinfo has them": (modules, modules - others),
        "FLOPs equal": (len(ran), sum(bool(each.flops) for each in ran)),
        "parameters equal": (len(ran), sum(bool(each.parameters) for each in ran)),
    }
    for name, (all_of_them, true) in rows.items():
        table.add_row(name, f"{all_of_them:,}", f"{true:,}", f"{true / max(all_of_them, 1):.2%}")
    console = Console()
    console.print(table)
    for each in found:
        uncompared = None if each.modules or each.problem else "torchinfo takes none of its inputs"
        for line in (each.problem, uncompared, *each.wrong[:3], *each.others[:3]):
            if line:
                console.print(f"{each.family}: {line}", highlight=False, markup=False)


if __name__ == "__main__":
    main()
