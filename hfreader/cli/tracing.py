"""`hfreader trace`."""

from pathlib import Path
from typing import Annotated

import typer

from hfreader.cli.options import Offline, Reference, Repository, app
from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.progress import TerminalReport
from hfreader.source import obtain
from hfreader.trace.client import trace as run_trace
from hfreader.views.outputs import Outputs, show


@app.command()
def trace(
    target: Annotated[str, typer.Argument(help="A family (`bert`), a checkpoint folder, or a hub id.")],
    text: Annotated[
        str | None,
        typer.Argument(
            help="The input text; default: a short sentence. Classes that read images, sound or series get random ones."
        ),
    ] = None,
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
