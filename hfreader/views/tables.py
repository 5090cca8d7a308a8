"""What the tables of all answers share."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 120


def table(*columns: str) -> Table:
    """A table in the style of all of hfreader's."""
    return Table(*columns, box=SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")


def console() -> Console:
    """The terminal; in a pipe wide enough that nothing is cut."""
    made = Console(highlight=False)
    if not made.is_terminal and made.width < PIPE_WIDTH:
        made.width = PIPE_WIDTH
    return made


def short(qualified: str) -> str:
    """`bert.BertLayer` of `transformers.models.bert.modeling_bert.BertLayer`."""
    front, _, name = qualified.rpartition(".")
    parts = front.split(".")
    return f"{parts[2]}.{name}" if qualified.startswith("transformers.models.") and len(parts) > 3 else name


def shared(share: float | None) -> str:
    """A share in per cent; what was not measured says so."""
    return "not run" if share is None else f"{share:.1%}"
