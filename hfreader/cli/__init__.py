"""The command line. Each module adds its commands to the program in `options`."""

import sys

from hfreader.cli import building, questions, tracing
from hfreader.cli.options import app
from hfreader.errors import HfreaderError

__all__ = ["app", "building", "main", "questions", "tracing"]


INTERRUPTED = 130


def main() -> None:
    """Entry point: errors the user can mend are one line and exit code 1."""
    try:
        app()
    except HfreaderError as error:
        print(f"hfreader: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("hfreader: interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except SystemExit as end:  # in which typer turns an interruption
        if end.code == INTERRUPTED:
            print("hfreader: interrupted", file=sys.stderr)
        raise
