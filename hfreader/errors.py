"""The one error that reaches the user, and what to offer for a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_SUGGESTIONS = 3


class HfreaderError(Exception):
    """Something the user can mend: one line that names the thing and the remedy.

    The command line prints it without a traceback and ends with exit code 1.
    """


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`; did you mean a, b?` for the known names nearest to `name` in any case, dotted ones that begin or end with it
    first; where none is near, `; otherwise`, or nothing."""
    by_lower = {each.lower(): each for each in known}
    wanted = name.lower()
    holding = [each for each in by_lower if each.endswith(f".{wanted}") or each.startswith(f"{wanted}.")]
    near = dict.fromkeys([*holding, *get_close_matches(wanted, by_lower, MOST_SUGGESTIONS, cutoff=0.6)])
    if near:
        return f"; did you mean {', '.join(by_lower[each] for each in [*near][:MOST_SUGGESTIONS])}?"
    return f"; {otherwise}" if otherwise else ""
