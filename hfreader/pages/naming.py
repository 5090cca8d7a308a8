"""What pages are called."""

import re

from hfreader.facts.analysis import Analysis

# The kinds of concepts as headings, in the order in which they are listed.
KINDS = {
    "mechanism": "Mechanisms",
    "facet": "Variants of mechanisms",
    "composition": "Blocks, heads and models",
    "structure": "Classes without an equation",
}


def source_name(analysis: Analysis) -> str:
    """What readers call a modeling file: its name as its own classes spell it (`GPT2` for `modeling_gpt2.py`), else its
    name as it is; other files have their suffix too (`activations.py`)."""
    file = analysis.code.file.rpartition("/")[2]
    if not file.startswith("modeling_"):
        return file
    stem = file.removesuffix(".py").removeprefix("modeling_")
    letters = "_?".join(re.escape(letter) for letter in stem.replace("_", ""))
    spelt = (re.match(rf"(?i:{letters})(?![a-z])", item.name) for item in analysis.code.classes)
    return next((found.group() for found in spelt if found), stem)
