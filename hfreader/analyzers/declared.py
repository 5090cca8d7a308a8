"""What a modeling file says of itself: what its models read, which attention they refuse, and how old it is."""

import re

from hfreader.facts.analysis import Refusal
from hfreader.facts.places import Place, Span

# In which order several are named; `input_modalities` of PreTrainedModel is text where a model says nothing.
MODALITIES = ("text", "image", "video", "audio", "time")
DEFAULT = ("text",)
# A statement of a class body. To parse the whole file once more for it would be 4 % of the analysis.
DECLARED = re.compile(
    r"""^[ \t]+input_modalities[ ]*=[ ]*(\([^()]*\)|\[[^][]*\]|["']\w+["'])[ ]*(?:\#.*)?$""", re.MULTILINE
)
# https://huggingface.co/docs/transformers/attention_interface: a model raises where it is asked for one of these.
SUPPORT = {"_supports_sdpa": "sdpa", "_supports_flash_attn": "flash_attention", "_supports_flex_attn": "flex_attention"}
SUPPORTED = re.compile(rf"^[ \t]+((?:(?:{'|'.join(SUPPORT)})[ ]*=[ ]*)+(True|False))[ ]*(?:\#.*)?$", re.MULTILINE)
NAME = re.compile(r"""["'](\w+)["']""")
COPYRIGHT = re.compile(r"Copyright\D{0,12}(\d{4})")
HEADER_LINES = 12


def modalities(source: str) -> tuple[str, ...]:
    """What the models of a file read, as the class attribute `input_modalities` says: of several classes the one that
    reads most. Text where none says anything."""
    found = [tuple(NAME.findall(value)) for value in DECLARED.findall(source)]
    widest = max(filter(None, found), key=len, default=DEFAULT)
    return tuple(sorted(set(widest), key=[*MODALITIES, *sorted(widest)].index))


def refused(source: str, file: str) -> tuple[Refusal, ...]:
    """The kinds of attention that all classes of a file which say anything of them say they do not support."""
    found: list[Refusal] = []
    said = list(SUPPORTED.finditer(source))
    for attribute, kind in SUPPORT.items():
        of_it = [one for one in said if attribute in one[1]]
        if of_it and all(one[2] == "False" for one in of_it):
            line, column = source.count("\n", 0, of_it[0].start()) + 1, of_it[0].start(1) - of_it[0].start()
            span = Span(line, column, line, column + len(of_it[0][1]))
            found.append(Refusal(kind, of_it[0][1], Place(file, span)))
    return tuple(found)


def year(source: str) -> int | None:
    """The year of the copyright notice at the top of a file; None where there is none."""
    header = "\n".join(source.split("\n")[:HEADER_LINES])
    found = COPYRIGHT.search(header)
    return int(found[1]) if found else None
