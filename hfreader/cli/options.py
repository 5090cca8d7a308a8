"""The program itself, and the options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from hfreader import __version__

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


AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]


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
