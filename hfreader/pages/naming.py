"""What pages are called."""

import re
from collections.abc import Iterable
from functools import cache

from hfreader.pages.language import gettext as _
from hfreader.pages.language import noted

# The kinds of concepts as headings, in the order in which they are listed.
KINDS = {
    "mechanism": noted("Mechanisms"),
    "facet": noted("Variants of mechanisms"),
    "composition": noted("Blocks, heads and models"),
    "structure": noted("Classes without an equation"),
}


def line_range(first: int, last: int) -> str:
    """`line 3`, or `lines 3–5`."""
    return _("line %s") % first if first == last else _("lines %(first)s–%(last)s") % {"first": first, "last": last}


def source_name(path: str, classes: Iterable[str]) -> str:
    """What readers call a modeling file: its name as its own `classes` spell it (`GPT2` for `modeling_gpt2.py`), else
    its name as it is; other files have their suffix too (`activations.py`)."""
    file = path.rpartition("/")[2]
    if not file.startswith("modeling_"):
        return file
    stem = file.removesuffix(".py").removeprefix("modeling_")
    spelt = map(_spellings(stem).match, classes)
    return next((found.group() for found in spelt if found), stem)


@cache  # a page lists all files, more than `re` remembers
def _spellings(stem: str) -> re.Pattern[str]:
    """What class names begin with that spell the stem of a file in their own way."""
    letters = "_?".join(re.escape(letter) for letter in stem.replace("_", ""))
    return re.compile(rf"(?i:{letters})(?![a-z])")
