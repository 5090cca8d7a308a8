"""Statistics of lines in words, and where numbers first go wrong."""

from collections.abc import Iterator

from hfreader.facts.statistics import Statistics
from hfreader.facts.traces import LineRecord, Trace

NOT_FINITE = "not finite"


def written(found: Statistics) -> str:
    """`mean 0.01, std 1, min -3.2, max 4.1`, and how many numbers are none."""
    figures = (("mean", found.mean), ("std", found.std), ("min", found.min), ("max", found.max))
    parts = [f"{name} {NOT_FINITE if value is None else f'{value:.3g}'}" for name, value in figures]
    parts += [f"{count:,} {name}" for name, count in (("NaN", found.nan), ("Inf", found.inf)) if count]
    return ", ".join(parts)


def first_odd(trace: Trace, kind: str) -> LineRecord | None:
    """The first record, in the order of execution, with `nan` or `inf` among its numbers."""
    return next((line for line in trace.lines if line.statistics and getattr(line.statistics, kind)), None)


def summary(trace: Trace) -> Iterator[tuple[str, str]]:
    """Where NaN and infinite numbers first appear; nothing where no statistics were taken."""
    if not any(line.statistics for line in trace.lines):
        return
    for kind, name in (("nan", "NaN"), ("inf", "Inf")):
        line = first_odd(trace, kind)
        if line is None:
            yield name, "none"
            continue
        where = f"{line.place.file.rpartition('/')[2]}:{line.place.span.line}, {line.name}"
        count = getattr(line.statistics, kind)
        yield name, f"first in {line.module or 'the model'} ({where}): {count:,} of them"
