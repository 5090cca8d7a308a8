from rich.console import Console

from hfreader.facts.sweep import Sweep, TypeRun
from hfreader.views.sweep_view import show_sweep


def test_totals_and_the_reason_of_each_failure():
    runs = (
        TypeRun("ash", "ash", "AshModel", memory=3 << 30, seconds=2),
        TypeRun("birch", "birch", "BirchModel", missing=("pixel_values",), recipe=True, seconds=3),
        TypeRun("cedar", "cedar", reason="it ran for more than 60 seconds and was stopped"),
    )
    console = Console(width=120, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as caught:
        show_sweep(Sweep("5.0", None, runs, 100), console)
    rows = {tuple(line.split()) for line in caught.get().splitlines()}
    assert ("ran", "2", "66.7%") in rows
    assert ("ran", "on", "everything", "that", "they", "read", "1", "33.3%") in rows
    assert ("ran", "with", "a", "recipe", "1", "33.3%") in rows
    assert ("cedar", *["it", "ran", "for", "more", "than", "60", "seconds", "and", "was", "stopped"]) in rows
    assert "at most 3.0 GiB" in caught.get()
    assert "100 s, 5 s of the processor" in caught.get()
