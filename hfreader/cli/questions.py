"""`hfreader concepts`, `explain`, `find`, `compare`, `coverage`."""

from typing import Annotated

import typer

from hfreader.analyzers.library import Library
from hfreader.ask.concepts import concepts as search_concepts
from hfreader.ask.counting import coverage as count_coverage
from hfreader.ask.explaining import explain as explain_target
from hfreader.ask.finding import find as find_implementations
from hfreader.cli.options import AsJson, Offline, Reference, Repository, app
from hfreader.compare import compare as compare_families
from hfreader.facts.codec import to_json
from hfreader.facts.snapshot import Snapshot
from hfreader.progress import Report, TerminalReport
from hfreader.source import obtain
from hfreader.sources import Sources
from hfreader.views.answers_view import show_concepts, show_coverage, show_implementations
from hfreader.views.comparison_view import show_comparison
from hfreader.views.explanation_view import show_explanation
from hfreader.views.tables import console


def _snapshot(repo: str | None, ref: str | None, offline: bool, report: Report) -> Snapshot:
    """What is asked about: without --repo or --ref what is on the machine, and nothing is cloned."""
    return obtain(repo, ref, offline=offline or (repo is None and ref is None), report=report)


@app.command()
def concepts(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words that its names or explanation hold, in English or Chinese.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the catalogue: every mechanism that hfreader knows; one that is left alone is shown in full.

    Examples:

    * `hfreader concepts`
    * `hfreader concepts norm`
    * `hfreader concepts 注意力`
    """
    found = search_concepts(words or ())
    if json:
        typer.echo(to_json(found).decode())
    else:
        show_concepts(found, console())


@app.command()
def explain(
    target: Annotated[
        str,
        typer.Argument(help="A class or function (`LlamaAttention`, `llama.LlamaAttention`) or a line (`file:line`)."),
    ],
    json: AsJson = False,
    repo: Repository = None,
    ref: Reference = None,
    offline: Offline = False,
) -> None:
    """Say what a class, a function or a line is: its equations and symbols, where it comes from, how it differs.

    Examples:

    * `hfreader explain LlamaAttention`
    * `hfreader explain llama.eager_attention_forward`
    * `hfreader explain modeling_llama.py:243`
    """
    with TerminalReport() as report:
        found = explain_target(_snapshot(repo, ref, offline, report), target, report)
    if json:
        typer.echo(to_json(found).decode())
    else:
        show_explanation(found, console())


@app.command()
def find(
    concept: Annotated[str, typer.Argument(help='A concept by slug or name: `rms-norm`, `"RMS norm"`.')],
    every: Annotated[bool, typer.Option("--all", help="Name every class of each group.")] = False,
    json: AsJson = False,
    repo: Repository = None,
    ref: Reference = None,
    offline: Offline = False,
) -> None:
    """Find every class that implements a concept, those of the same source together, with the lines.

    Reads the whole library the first time.

    Examples:

    * `hfreader find rms-norm`
    * `hfreader find gated-ffn --json | jq '.groups | length'`
    """
    with TerminalReport() as report:
        found = find_implementations(_snapshot(repo, ref, offline, report), concept, report)
    if json:
        typer.echo(to_json(found).decode())
    else:
        show_implementations(found, console(), every)


@app.command()
def compare(
    left: Annotated[str, typer.Argument(help="A family, as named under transformers/models.")],
    right: Annotated[str, typer.Argument(help="Another one.")],
    every: Annotated[bool, typer.Option("--all", help="Show what is alike in both, too.")] = False,
    json: AsJson = False,
    repo: Repository = None,
    ref: Reference = None,
    offline: Offline = False,
) -> None:
    """Put two families side by side: traits, config fields, parameter shapes, and classes by role with what differs.

    Both are read at the defaults of their configurations.

    Examples:

    * `hfreader compare bert gpt2`
    * `hfreader compare llama gemma2 --json | jq .traits`
    """
    with TerminalReport() as report:
        snapshot = _snapshot(repo, ref, offline, report)
        found = compare_families(Library(snapshot), Sources(snapshot), left, right, report)
    if json:
        typer.echo(to_json(found).decode())
    else:
        show_comparison(found, console(), every)


@app.command()
def coverage(
    unmapped: Annotated[bool, typer.Option("--unmapped", help="List what is mapped to nothing, and why.")] = False,
    json: AsJson = False,
    repo: Repository = None,
    ref: Reference = None,
    offline: Offline = False,
) -> None:
    """Print the honest totals: what is mapped, what has run so far (in builds, in `trace --all`), what is proven.

    Reads the whole library the first time. In the JSON, null stands for what nothing has run.
    """
    with TerminalReport() as report:
        found = count_coverage(_snapshot(repo, ref, offline, report), report)
    if json:
        typer.echo(to_json(found).decode())
    else:
        show_coverage(found, console(), unmapped)
