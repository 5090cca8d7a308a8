"""Every model type of a transformers, run once and remembered: `hfreader trace --all`."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile

from hfreader.analyses import code_digest
from hfreader.errors import HfreaderError
from hfreader.facts.codec import to_json, write_atomically
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.sweep import Limits, Start, Sweep, TypeRequest, TypeRun
from hfreader.jobs import processors
from hfreader.progress import Report
from hfreader.sources import snapshot_digest
from hfreader.store import digest, recall, remember, remembered
from hfreader.trace.pool import model_types, run_types

SUMMARY = "summary.json"
USUAL = Limits()


@dataclass(frozen=True)
class _Kept:
    """A run that is remembered without its trace, and the digest of the file with it."""

    run: TypeRun
    file: str


def sweep(
    snapshot: Snapshot,
    report: Report,
    out: Path | None = None,
    jobs: int | None = None,
    limits: Limits = USUAL,
    types: Sequence[str] | None = None,
) -> Sweep:
    """Run the base class of every model type (or of `types`), small, with random weights and generated inputs.

    out   a folder for a JSON file for each type (a `TypeRun` with its `Trace`), and for the summary.
    jobs  how many at a time; default: one for each processor.

    What ran before with the same code and source is not run again; a start that worked is the first that is tried.
    HfreaderError where transformers cannot be imported, or `out` cannot be written to.
    """
    begun = time.monotonic()
    _check(out)
    source = snapshot_digest(snapshot)
    report("trace", "listing the model types")
    known = remembered("types", source, tuple[str, ...], lambda: model_types(snapshot))
    wanted = sorted(known if types is None else types)
    runs = {name: run for name in wanted if (run := _remembered(source, name, out)) is not None}
    starts = {name: recall("starts", _start_key(source, name), Start) for name in wanted}
    left = [TypeRequest(name, start=starts[name]) for name in wanted if name not in runs]
    for run in run_types(left, snapshot, limits, jobs or processors(), report):
        runs[run.model_type] = _kept(source, run, out)
    ended = _placed([runs[name] for name in wanted])
    apart = [TypeRequest(run.model_type, whole=True) for run in ended if run.class_name is None and not run.complete]
    for run in run_types(apart, snapshot, limits, jobs or processors(), report):
        if run.complete:
            runs[run.model_type] = _kept(source, run, out)
    ended = _placed([runs[name] for name in wanted])
    found = Sweep(snapshot.version, snapshot.commit, ended, time.monotonic() - begun)
    if types is None:
        remember("sweep", _key(source), found)
    if out is not None:
        write_atomically(out / SUMMARY, to_json(found))
    return found


def _placed(runs: Sequence[TypeRun]) -> tuple[TypeRun, ...]:
    """The runs; those of types without a class of their own say within which other type they ran."""
    within = {part: run.model_type for run in reversed(runs) if run.complete for part in run.parts}
    return tuple(
        replace(run, within=within.get(run.model_type)) if run.class_name is None and not run.complete else run
        for run in runs
    )


def sweep_so_far(source: str) -> Sweep | None:
    """The last sweep of a source (its `hfreader.sources.snapshot_digest`) with the present code; None before it."""
    return recall("sweep", _key(source), Sweep)


def _check(out: Path | None) -> None:
    if out is None:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise HfreaderError(f"cannot write to {out}: {error.strerror or error}; choose another folder") from error


def _kept(source: str, run: TypeRun, out: Path | None) -> TypeRun:
    """Write a run and remember it, if it is complete; without its trace."""
    data, short = to_json(run), replace(run, trace=None)
    if out is not None:
        write_atomically(_file(out, run.model_type), data)
    if run.complete:
        remember("swept", _key(source, run.model_type), _Kept(short, digest(data)))
    if run.start is not None and not run.missing:  # one that misses something may be bettered by later code
        remember("starts", _start_key(source, run.model_type), run.start)
    return short


def _remembered(source: str, model_type: str, out: Path | None) -> TypeRun | None:
    """The run of a type that need not be run again: its file, where one is wanted, is there as it was written."""
    kept = recall("swept", _key(source, model_type), _Kept)
    if kept is None or out is None:
        return None if kept is None else kept.run
    file = _file(out, model_type)
    return kept.run if file.is_file() and digest(file.read_bytes()) == kept.file else None


def _file(out: Path, model_type: str) -> Path:
    return out / f"{model_type}.json"


def _key(source: str, *parts: str) -> str:
    return digest(source, *parts, code_digest("trace"))


def _start_key(source: str, model_type: str) -> str:
    return digest(source, model_type)
