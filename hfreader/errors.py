"""The one error that reaches the user."""


class HfreaderError(Exception):
    """Something the user can mend: one line that names the thing and the remedy.

    The command line prints it without a traceback and ends with exit code 1.
    """
