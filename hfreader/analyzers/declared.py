"""What a modeling file says of itself: what its models read, and how old it is."""

import re

# In which order several are named; `input_modalities` of PreTrainedModel is text where a model says nothing.
MODALITIES = ("text", "image", "video", "audio", "time")
DEFAULT = ("text",)
# A statement of a class body. To parse the whole file once more for it would be 4 % of the analysis.
DECLARED = re.compile(
    r"""^[ \t]+input_modalities[ ]*=[ ]*(\([^()]*\)|\[[^][]*\]|["']\w+["'])[ ]*(?:\#.*)?$""", re.MULTILINE
)
NAME = re.compile(r"""["'](\w+)["']""")
COPYRIGHT = re.compile(r"Copyright\D{0,12}(\d{4})")
HEADER_LINES = 12


def modalities(source: str) -> tuple[str, ...]:
    """What the models of a file read, as the class attribute `input_modalities` says: of several classes the one that
    reads most. Text where none says anything."""
    found = [tuple(NAME.findall(value)) for value in DECLARED.findall(source)]
    widest = max(filter(None, found), key=len, default=DEFAULT)
    return tuple(sorted(set(widest), key=[*MODALITIES, *sorted(widest)].index))


def year(source: str) -> int | None:
    """The year of the copyright notice at the top of a file; None where there is none."""
    header = "\n".join(source.split("\n")[:HEADER_LINES])
    found = COPYRIGHT.search(header)
    return int(found[1]) if found else None
