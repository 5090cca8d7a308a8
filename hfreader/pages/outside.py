"""Where the documentation of what is not shown on the site stands."""

import re

TORCH = "https://docs.pytorch.org/docs/stable/generated/"
# Public classes and functions have a page of their own, by their full name.
_DOCUMENTED = re.compile(r"torch(\.[a-z]\w*)*\.[A-Za-z]\w*")


def documentation(qualified: str) -> str | None:
    """The page of PyTorch's documentation on a class or function (`torch.nn.Linear`); None for what has none."""
    return f"{TORCH}{qualified}.html" if _DOCUMENTED.fullmatch(qualified) else None
