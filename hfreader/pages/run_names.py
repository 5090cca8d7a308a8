"""What a run was, in the language that is written: its name is put together from words and from what is code."""

import re

from hfreader.facts.traces import Trace
from hfreader.pages.language import gettext, noted

WORDS = (
    noted("a pair of texts"),
    noted("all outputs"),
    noted("an ended text"),
    noted("as many tokens on both sides"),
    noted("cache"),
    noted("class"),
    noted("column"),
    noted("cross-attention"),
    noted("decoder"),
    noted("embeddings instead of ids"),
    noted("ids alone"),
    noted("labels"),
    noted("no cache"),
    noted("one row"),
    noted("padding"),
    noted("plain"),
    noted("recipe"),
    noted("row"),
    noted("token"),
    noted("token types"),
    noted("training mode"),
    noted("tuple output"),
    noted("two choices"),
)
"""As `hfreader.trace.variants` and `settings` write them; all else in a name is a parameter or a field."""
_WORD = re.compile(rf"(?:^|(?<=, )|(?<=\())(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})(?=,|\)| \(|$)")


def run_name(trace: Trace) -> str:
    """A run in words: the class, and what the run itself says of its setting, else what was changed in its config."""
    said = [_WORD.sub(lambda word: gettext(word[0]), note) for note in _settings(trace)]
    return ", ".join([trace.class_name, *(said or (f"{name}={value}" for name, value in trace.changed.items()))])


def remarks(trace: Trace) -> tuple[str, ...]:
    """What a run says of itself beside its setting."""
    return trace.notes[len(_settings(trace)) :]


def _settings(trace: Trace) -> tuple[str, ...]:
    """The name of the setting, which a run with another configuration notes first."""
    return trace.notes[:1] if trace.changed else ()
