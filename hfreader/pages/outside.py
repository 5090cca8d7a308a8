"""Where the documentation of what is not shown on the site stands."""

import json
import re
from functools import cache
from pathlib import Path

TORCH = "https://docs.pytorch.org/docs/stable/generated/"
# Modules and functions have a page of their own, by the name under which they are documented.
_DOCUMENTED = re.compile(
    r"torch\.(?P<function>[a-z]\w*)"
    r"|torch\.nn\.[A-Z]\w*"
    r"|torch\.(nn\.functional|nn\.utils|nn\.utils\.rnn|nn\.utils\.parametrizations|fft|linalg|cuda)\.[a-z]\w*"
)
_ELSEWHERE = {
    "torch.nn.Parameter": "torch.nn.parameter.Parameter",
    "torch.nn.Buffer": "torch.nn.parameter.Buffer",
    "torch.inference_mode": "torch.autograd.grad_mode.inference_mode",
}


@cache
def _functions() -> frozenset[str]:
    """The functions of `torch` itself that its documentation lists (docs/source/torch.rst of PyTorch); it has others,
    and much that is no function."""
    return frozenset(json.loads((Path(__file__).parent / "documented.json").read_text(encoding="utf-8")))


def documentation(qualified: str) -> str | None:
    """The page of PyTorch's documentation on a module or function (`torch.nn.Linear`); None for what has none."""
    name = _ELSEWHERE.get(qualified)
    if name is None and (found := _DOCUMENTED.fullmatch(qualified)):
        listed = found["function"] is None or found["function"] in _functions()
        name = qualified if listed else None
    return f"{TORCH}{name}.html" if name else None
