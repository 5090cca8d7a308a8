"""The totals of a run of all model types in the terminal."""

from rich.console import Console
from rich.text import Text

from hfreader.facts.sweep import Sweep
from hfreader.views.tables import shared, table


def show_sweep(found: Sweep, console: Console) -> None:
    """How many ran, how many of these on all that they read, and each that did not, with its reason."""
    complete = [run for run in found.types if run.complete]
    counts = (
        ("model types", len(found.types)),
        ("ran", len(complete)),
        ("ran within another, without a class of their own", sum(run.within is not None for run in complete)),
        ("ran on everything that they read", sum(not run.missing for run in complete)),
        ("ran with a recipe", sum(run.recipe for run in complete)),
        ("did not run", len(found.types) - len(complete)),
    )
    totals = table("", "", "")
    totals.columns[1].justify = totals.columns[2].justify = "right"
    for name, count in counts:
        totals.add_row(name, f"{count:,}", shared(count / max(len(found.types), 1)))
    console.print(totals)
    if failed := [run for run in found.types if not run.complete]:
        rows = table("did not run", "why")
        for run in failed:
            rows.add_row(Text(run.model_type, "cyan"), Text(run.reason or ""))
        console.print(rows)
    commit = f" at {found.commit[:10]}" if found.commit else " (installed package)"
    most = max((run.memory for run in found.types), default=0) / (1 << 30)
    spent = sum(run.seconds for run in found.types)
    console.print(f"transformers {found.transformers}{commit}: {found.wall:,.0f} s, {spent:,.0f} s of the processor")
    console.print(f"at most {most:.1f} GiB of memory for one type; small models, random weights, generated inputs")
