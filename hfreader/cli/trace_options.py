"""The options of `hfreader trace`, and what the user wrote as values."""

from pathlib import Path
from typing import Annotated

import typer

from hfreader.errors import HfreaderError

Target = Annotated[
    str | None, typer.Argument(help="A family (`bert`), a checkpoint folder, or a hub id; none with --all.")
]
TextInput = Annotated[
    str | None,
    typer.Argument(
        help="The input text; default: a short sentence. Classes that read images, sound or series get random ones."
    ),
]
Pair = Annotated[str | None, typer.Option("--pair", metavar="TEXT", help="A second text beside the first.")]
Images = Annotated[
    list[Path] | None,
    typer.Option("--image", metavar="FILE", help="A picture that is read; may be given several times."),
]
Videos = Annotated[
    list[Path] | None,
    typer.Option("--video", metavar="FILE-OR-FOLDER", help="A video: a file, or a folder of pictures in order."),
]
Sounds = Annotated[
    list[Path] | None,
    typer.Option("--audio", metavar="FILE", help="A sound (wav, flac, ogg, mp3); may be given several times."),
]
Inputs = Annotated[
    Path | None,
    typer.Option("--inputs", metavar="FILE", help="A safetensors file with every argument of forward, by its name."),
]
Ids = Annotated[str | None, typer.Option(metavar="1,2,3", help="Token ids instead of text.")]
Tokens = Annotated[
    int | None, typer.Option("--tokens", metavar="N", help="Read N random ids instead of a text.", show_default=False)
]
Fake = Annotated[
    bool,
    typer.Option(
        "--fake",
        help="Shapes only: no weights and no numbers, so that a model of any size runs. Shows what each module costs.",
    ),
]
Costs = Annotated[
    bool, typer.Option("--costs", help="Show parameters, FLOPs and bytes of each module, and what the cache takes.")
]
Class = Annotated[
    str | None, typer.Option("--class", metavar="CLASS", help="Which class of the family; default: its base model.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a config field; may be given several times. What it changes is shown after the trace.",
    ),
]
Against = Annotated[
    str | None,
    typer.Option(metavar="TARGET[:CLASS]", help="Show the run beside one of another family, class or checkpoint."),
]
AgainstSet = Annotated[
    list[str] | None, typer.Option("--against-set", metavar="KEY=VALUE", help="Change a config field of the other run.")
]
Generate = Annotated[
    int,
    typer.Option("--generate", min=0, metavar="N", help="Generate up to N tokens, greedily, and show every step."),
]
Statistics = Annotated[
    bool, typer.Option("--statistics", help="Show mean, deviation, least and greatest of the tensor on every line.")
]
Values = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write attention maps and the statistics of all lines as safetensors."),
]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")]
DeviceMap = Annotated[
    str | None,
    typer.Option("--device-map", metavar="auto", help="Spread the model over GPUs, main memory and disk (accelerate)."),
]
MaxMemory = Annotated[
    list[str] | None,
    typer.Option("--max-memory", metavar="PLACE=SIZE", help="With --device-map: cpu=2GB, 0=20GB; several times."),
]
Dtype = Annotated[str, typer.Option(help="float32, float16, bfloat16 or float64.")]
Lines = Annotated[bool, typer.Option("--lines", help="Show the source lines with the shape of each variable.")]
Modules = Annotated[bool, typer.Option("--modules", help="Show the module tree (the default).")]
At = Annotated[
    str | None,
    typer.Option(metavar="MODULE", help="Show the lines of one module, e.g. `encoder.layer.0.attention.self`."),
]
Json = Annotated[
    str | None, typer.Option(metavar="FILE", help="Write the trace as JSON; `-` is stdout. With --all a folder.")
]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write one self-contained HTML file.")]
Dot = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the modules as a Graphviz graph.")]
Seed = Annotated[int, typer.Option(help="Seed of random weights.")]
All = Annotated[
    bool, typer.Option("--all", help="Run the base class of every model type, small, and print the totals.")
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="With --all: how many at a time; default: one for each processor.")
]
Seconds = Annotated[float, typer.Option(min=1, help="With --all: how long one model type may run.")]
Memory = Annotated[float, typer.Option(min=0.5, help="With --all: how many GiB of memory it may take.")]


def parse_ids(ids: str | None) -> tuple[int, ...] | None:
    """Whole numbers separated by commas or blanks; HfreaderError for anything else."""
    if ids is None:
        return None
    try:
        return tuple(int(part) for part in ids.replace(",", " ").split())
    except ValueError as error:
        raise HfreaderError(f"--ids takes whole numbers separated by commas, such as 464,3797; got {ids!r}") from error


def parse_overrides(pairs: list[str] | None, option: str = "--set") -> tuple[tuple[str, str], ...]:
    """`KEY=VALUE` apart; HfreaderError for what is not written so."""
    return tuple(_parse_override(pair, option) for pair in pairs or ())


def _parse_override(pair: str, option: str) -> tuple[str, str]:
    key, separator, value = pair.partition("=")
    if not separator or not key:
        form = "PLACE=SIZE, such as cpu=2GB" if option == "--max-memory" else "KEY=VALUE, such as num_hidden_layers=2"
        raise HfreaderError(f"{option} takes {form}; got {pair!r}")
    return key.strip(), value.strip()
