"""The command line: `hfreader build`, `hfreader serve`, `hfreader trace`."""

import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hfreader import __version__
from hfreader.build import BuildOptions, build_site
from hfreader.errors import HfreaderError
from hfreader.facts.codec import to_json
from hfreader.facts.runs import TraceRequest
from hfreader.facts.totals import BuildResult
from hfreader.progress import TerminalReport
from hfreader.serve import serve_folder
from hfreader.source import obtain
from hfreader.trace.client import trace as run_trace
from hfreader.views.outputs import Outputs, show

app = typer.Typer(
    name="hfreader",
    help="Read Hugging Face Transformers: annotated source, shapes on every line, equations linked to code and proven.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)

SITE = Path("site")
Repository = Annotated[
    str | None,
    typer.Option(
        "--repo",
        metavar="URL-OR-PATH",
        help="Read the transformers of this git repository instead of the official one. Its code is executed.",
    ),
]
Reference = Annotated[
    str | None,
    typer.Option("--ref", metavar="TAG-BRANCH-COMMIT", help="Which version; default: that of the installed package."),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Ask no network: read what is cached, else the installed package.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hfreader {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Read Hugging Face Transformers: annotated source, shapes on every line, equations linked to code and proven."""


@app.command()
def build(
    models: Annotated[
        str, typer.Option(metavar="A,B,...", help="Families to build, as named under transformers/models.")
    ] = "bert,gpt2",
    repo: Repository = None,
    ref: Reference = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the site is written.")] = SITE,
    offline: Offline = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if anything was disproven, or could not be read or run."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the totals as JSON on stdout.")] = False,
) -> None:
    """Build the site: source, mapping to equations, shapes, proofs, pages.

    What did not change since the last build is not done again. Open FOLDER/index.html afterwards, or run
    `hfreader serve`.

    Examples:

    * `hfreader build --models bert,gpt2`
    * `hfreader build --models llama --ref v5.10.0 --out /tmp/llama`
    """
    families = tuple(name.strip() for name in models.split(",") if name.strip())
    options = BuildOptions(families, repo, ref, out, offline)
    with TerminalReport() as report:
        result = build_site(options, report)
    if json:
        typer.echo(to_json(result).decode())
    else:
        _show_build(result)
    if strict and not result.clean:
        raise typer.Exit(1)


@app.command()
def serve(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder that `hfreader build` wrote.")] = SITE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")] = 8000,
) -> None:
    """Serve a built site on this machine and print its address."""
    serve_folder(out, port, announce=lambda address: typer.echo(f"{address}  (Ctrl-C ends)"))


@app.command()
def trace(
    target: Annotated[str, typer.Argument(help="A family (`bert`), a checkpoint folder, or a hub id.")],
    text: Annotated[str | None, typer.Argument(help="The input text; default: a short sentence.")] = None,
    ids: Annotated[str | None, typer.Option(metavar="1,2,3", help="Token ids instead of text.")] = None,
    architecture: Annotated[
        str | None, typer.Option("--class", metavar="CLASS", help="Which class of the family; default: its base model.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a config field; may be given several times."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="float32, float16, bfloat16 or float64.")] = "float32",
    lines: Annotated[
        bool, typer.Option("--lines", help="Show the source lines with the shape of each variable.")
    ] = False,
    modules: Annotated[bool, typer.Option("--modules", help="Show the module tree (the default).")] = False,
    at: Annotated[
        str | None,
        typer.Option(metavar="MODULE", help="Show the lines of one module, e.g. `encoder.layer.0.attention.self`."),
    ] = None,
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write the trace as JSON; `-` is stdout.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one self-contained HTML file.")] = None,
    dot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the modules as a Graphviz graph.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of random weights.")] = 0,
    repo: Repository = None,
    ref: Reference = None,
    offline: Offline = False,
) -> None:
    """Run a model and show what happened: modules, lines, the shape of every variable in the model's own symbols.

    Examples:

    * `hfreader trace bert "The cat sat on the mat"`
    * `hfreader trace gpt2 --ids 464,3797,3332 --class GPT2LMHeadModel --device cuda`
    * `hfreader trace bert --set num_hidden_layers=2 --set hidden_act=relu --at encoder.layer.0.attention.self`
    * `hfreader trace ./my-checkpoint "A sentence" --json - | jq .modules`
    """
    if text is not None and ids is not None:
        raise HfreaderError("a text and --ids were given: give one or the other")
    request = TraceRequest(
        target=target,
        text=text,
        ids=_parse_ids(ids),
        architecture=architecture,
        overrides=tuple(_parse_override(pair) for pair in overrides or ()),
        device=device,
        dtype=dtype,
        lines=lines or not modules or at is not None,
        modules=True,
        seed=seed,
        offline=offline,
    )
    outputs = Outputs(json=json, html=html, dot=dot, at=at, lines=lines, modules=modules or not (lines or at))
    outputs.check()
    with TerminalReport() as report:
        # A trace is a quick look: without --repo or --ref it takes what is on the machine and clones nothing.
        snapshot = obtain(repo, ref, offline=offline or (repo is None and ref is None), report=report)
        result = run_trace(request, snapshot, report)
    show(result, snapshot, outputs)


def _show_build(result: BuildResult) -> None:
    console = Console()
    columns = ("family", "classes", "mapped", "found", "proven", "disproven", "unchecked", "ran", "problems")
    table = Table(*columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for family in result.families:
        share = f"{family.statements_ran / max(family.statements, 1):.0%}"
        counts = (family.classes, family.mapped, family.matches, family.proven, family.disproven, family.unchecked)
        table.add_row(family.family, *map(str, counts), share, str(family.problems))
    console.print(table)
    for problem in result.problems:
        console.print(f"{problem.stage}: {problem.subject}: {problem.reason}", highlight=False, markup=False)
    source = result.snapshot
    read = f"transformers {source.version}" + (f" at {source.commit}" if source.commit else " (installed package)")
    console.print("found: places where the structure of an equation was found; ran: share of statements that ran")
    console.print(f"Read {read}.", *([source.note] if source.note else []), highlight=False, markup=False, sep="\n")
    elsewhere = "" if result.folder == str(SITE) else f" --out {quote(result.folder)}"
    console.print(
        f"Open {result.folder}/index.html, or run `hfreader serve{elsewhere}`.", highlight=False, markup=False
    )


def _parse_ids(ids: str | None) -> tuple[int, ...] | None:
    if ids is None:
        return None
    try:
        return tuple(int(part) for part in ids.replace(",", " ").split())
    except ValueError as error:
        raise HfreaderError(f"--ids takes whole numbers separated by commas, such as 464,3797; got {ids!r}") from error


def _parse_override(pair: str) -> tuple[str, str]:
    key, separator, value = pair.partition("=")
    if not separator or not key:
        raise HfreaderError(f"--set takes KEY=VALUE, such as num_hidden_layers=2; got {pair!r}")
    return key.strip(), value.strip()


def main() -> None:
    """Entry point: errors the user can mend are one line and exit code 1."""
    try:
        app()
    except HfreaderError as error:
        print(f"hfreader: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("hfreader: interrupted", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
