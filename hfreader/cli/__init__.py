"""The command line. Each module adds its commands to the program in `options`."""

import sys

from hfreader.cli import building, questions, tracing
from hfreader.cli.options import app
from hfreader.errors import HfreaderError

__all__ = ["app", "building", "main", "questions", "tracing"]


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
