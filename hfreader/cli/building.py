"""`hfreader build` and `hfreader serve`."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hfreader.build import MOST_COMPARED, BuildOptions, build_site
from hfreader.cli.options import SITE, Offline, Reference, Repository, app
from hfreader.errors import HfreaderError
from hfreader.facts.codec import to_json
from hfreader.facts.totals import BuildResult, FamilyTotals
from hfreader.output import asked_for
from hfreader.pages.language import ENGLISH, LANGUAGES
from hfreader.progress import TerminalReport
from hfreader.serve import serve_folder
from hfreader.watching import nearby, rebuilding, watched_folders

# Families and problems that are printed; the JSON has all.
MOST_SHOWN = 30


@app.command()
def build(
    models: Annotated[
        str, typer.Option(metavar="A,B,...", help="Only these families, as named under transformers/models.")
    ] = "",
    repo: Repository = None,
    ref: Reference = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the site is written.")] = SITE,
    offline: Offline = False,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B",
            help="Put two of the families side by side on a page; may be repeated. "
            f"Without it every pair is, of up to {MOST_COMPARED} families.",
        ),
    ] = None,
    lang: Annotated[
        str,
        typer.Option(
            metavar="en|zh|en,zh",
            help="The language of the site. Of several, the first has its root and each other a folder, such as zh/, "
            "and every page leads to itself in the others.",
        ),
    ] = ENGLISH,
    static: Annotated[
        bool,
        typer.Option(
            "--static", help="Run no model: source, equations, diagrams, and what ran in earlier builds if anything."
        ),
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes at a time. Default: one for each processor.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if anything was disproven, or could not be read or run."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the totals as JSON on stdout.")] = False,
) -> None:
    """Build the site of the whole library: source, mapping to equations, shapes, proofs, pages.

    What did not change since the last build is not done again. Open FOLDER/index.html afterwards, or run
    `hfreader serve`.

    Examples:

    * `hfreader build`
    * `hfreader build --models bert,gpt2`
    * `hfreader build --static`
    * `hfreader build --models llama --ref v5.10.0 --out /tmp/llama`
    * `hfreader build --models bert,gpt2 --lang en,zh`
    """
    families = tuple(name.strip() for name in models.split(",") if name.strip())
    compared = pairs(compare) if compare else None
    options = BuildOptions(families, repo, ref, out, offline, compared, languages(lang), jobs, static)
    with TerminalReport() as report:
        result = build_site(options, report)
    if json:
        typer.echo(to_json(result).decode())
    else:
        _show_build(result)
    if strict and not result.clean:
        raise typer.Exit(1)


def languages(text: str) -> tuple[str, ...]:
    """Languages as `en,zh`; HfreaderError for one that the site does not speak."""
    codes = tuple(dict.fromkeys(code.strip() for code in text.split(",") if code.strip()))
    for code in codes:
        if code not in LANGUAGES:
            raise HfreaderError(
                f"--lang takes {' or '.join(LANGUAGES)}, or both as {','.join(LANGUAGES)}, not {code!r}"
            )
    return codes or (ENGLISH,)


def pairs(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of families, each as `A,B`; HfreaderError for what names more or fewer than two."""
    found = []
    for text in texts:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if len(set(names)) != 2:
            raise HfreaderError(f"--compare takes two families, such as bert,gpt2, not {text!r}")
        found.append((names[0], names[1]))
    return tuple(found)


@app.command()
def serve(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder that `hfreader build` wrote.")] = SITE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")] = 8000,
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Build again on changes, or serve the folder as it is.")
    ] = True,
) -> None:
    """Serve a built site on this machine, and build it again when its prose or a concept changes.

    A change of a file in docs/ or of a concept (hfreader/concepts, or a package that adds some) is followed by
    `hfreader build` with the options that the site was built with; what did not change is not done again, and no
    network is asked. Pages that are open in a browser then load again where they were, also after a build in another
    terminal. What cannot be built, such as a concept with a syntax error, is one line here, and the site stays as it
    was.
    """
    asked, announce = asked_for(out), lambda address: typer.echo(f"{address}  (Ctrl-C ends)")
    if not watch:
        return serve_folder(out, port, announce)
    if asked is None:
        typer.echo(f"{out} does not tell how it was built, so no changes are watched: run `hfreader build` first")
        return serve_folder(out, port, announce, reload=True)
    with rebuilding(out, asked, typer.echo, folders := watched_folders()):
        typer.echo(f"building again on changes in {', '.join(map(nearby, folders))}")
        return serve_folder(out, port, announce, reload=True)


def _row(family: FamilyTotals) -> tuple[str, ...]:
    share = f"{family.statements_ran / max(family.statements, 1):.0%}"
    counts = (family.classes, family.mapped, family.matches, family.proven, family.disproven, family.unchecked)
    return (family.family, *map(str, counts), share, str(family.problems))


def _worst(families: Sequence[FamilyTotals]) -> list[FamilyTotals]:
    """Of many families, those in which something was disproven or failed."""
    return [family for family in families if family.disproven or family.problems][:MOST_SHOWN]


def _total(families: Sequence[FamilyTotals]) -> FamilyTotals:
    """The sums over all families."""
    counts = [field.name for field in fields(FamilyTotals)][1:]
    sums = {name: sum(getattr(family, name) for family in families) for name in counts}
    return FamilyTotals(f"all {len(families)}", **sums)


def _show_build(result: BuildResult) -> None:
    console = Console()
    columns = ("family", "classes", "mapped", "found", "proven", "disproven", "unchecked", "ran", "problems")
    table = Table(*columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    shown = result.families if len(result.families) <= MOST_SHOWN else _worst(result.families)
    for family in shown:
        table.add_row(*_row(family))
    if len(result.families) > 1:
        table.add_section()
        table.add_row(*_row(_total(result.families)))
    console.print(table)
    for problem in result.problems[:MOST_SHOWN]:
        console.print(f"{problem.stage}: {problem.subject}: {problem.reason}", highlight=False, markup=False)
    left = len(result.families) - len(shown), max(len(result.problems) - MOST_SHOWN, 0)
    if any(left):
        console.print(f"{left[0]} more families and {left[1]} more problems: `--json` gives all.", highlight=False)
    source = result.snapshot
    read = f"transformers {source.version}" + (f" at {source.commit}" if source.commit else " (installed package)")
    console.print("found: places where the structure of an equation was found; ran: share of statements that ran")
    console.print(f"Read {read}.", *([source.note] if source.note else []), highlight=False, markup=False, sep="\n")
    elsewhere = "" if result.folder == str(SITE) else f" --out {quote(result.folder)}"
    console.print(
        f"Open {result.folder}/index.html, or run `hfreader serve{elsewhere}`.", highlight=False, markup=False
    )
