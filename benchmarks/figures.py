"""Where the figures of a benchmark go."""

import json
import sys
from pathlib import Path


def write(figures: object, where: str | None) -> None:
    """The figures as JSON in a file; `-` is stdout, None nowhere."""
    if where is None:
        return
    text = json.dumps(figures, indent=1) + "\n"
    if where == "-":
        sys.stdout.write(text)
    else:
        Path(where).write_text(text, encoding="utf-8")
