"""What the analysis, a run or a proof says in English, in the language of the page.

Reasons and remarks come as text, put together where something happened. Those that hfreader itself words are known
here as patterns; what it quotes, and all else, is marked as English.
"""

import re
from functools import cache

from markupsafe import Markup, escape

from hfreader.pages.language import gettext, noted

SENTENCES = (
    noted("none: only the shapes of %(name)s were run, as asked"),
    noted("none: %(count)s parameters do not fit into memory here, so only shapes were run"),
    noted("random (seed %(seed)s)"),
    noted("no device (shapes only)"),
    noted("nothing was computed, only shapes: what depends on numbers, such as leaving out a mask of ones, can differ"),
    noted("byte-level fallback vocabulary: one token per byte, not the family's own tokens"),
    noted("random weights: shapes and equations are those of the family, the numbers mean nothing"),
    noted("dimensions are numbers: the class ran at no sizes but its own, or at too few"),
    noted("no run was possible with another %(names)s: a number can stand for it"),
    noted("generated inputs: random %(names)s, no picture, sound or text"),
    noted("%(count)s results that depend on numbers were taken for zeros: %(names)s"),
    noted(
        "%(ref)s of %(url)s is not in the cache, and no remote was asked; "
        "read instead: the installed transformers %(version)s"
    ),
    noted("%(url)s cannot be reached: %(reason)s; read instead: the installed transformers %(version)s"),
    noted("%(url)s cannot be reached: %(reason)s; read instead: %(ref)s as it was when last fetched, %(commit)s"),
    noted("%(name)s reads inputs that hfreader cannot make so far"),
    noted("%(name)s reads inputs that hfreader cannot make so far: %(names)s"),
    noted("%(name)s needs a package that is not installed: %(reason)s"),
    noted("%(name)s cannot be built: %(reason)s"),
    noted("%(name)s cannot be made small"),
    noted("%(name)s cannot be made small: %(reason)s"),
    noted("%(name)s cannot be made small: it has %(count)s parameters at least"),
    noted("%(name)s refuses these values: %(reason)s"),
    noted("%(name)s has no model of its own: transformers knows no configuration in its folder"),
    noted("%(name)s has no vocabulary: it reads no text"),
    noted("no model class of transformers is built from %(name)s"),
    noted("it ran for more than %(seconds)s seconds and was stopped"),
    noted("it took more than %(size)s of memory and was stopped"),
    noted("its bases go round in a circle"),
)
"""As `hfreader.trace` and `hfreader.analyzers` write them, the names of what differs in `%(name)s`."""
_QUOTED = "reason"
_PART = re.compile(r"%\\\((\w+)\\\)s")


def spoken(text: str) -> Markup:
    """A sentence in the language that is written now, as HTML."""
    for pattern, message in _patterns():
        if found := pattern.fullmatch(text):
            return escape(gettext(message)) % {name: _part(name, said) for name, said in found.groupdict().items()}
    return _english(text)


def _part(name: str, said: str) -> Markup:
    return _english(said) if name == _QUOTED else escape(said)


def _english(text: str) -> Markup:
    return Markup('<span lang="en">{}</span>').format(text)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Each sentence with what fits it; those that leave least open first."""
    ordered = sorted(SENTENCES, key=lambda one: (one.count("%("), -len(one)))
    return tuple((re.compile(_PART.sub(r"(?P<\1>.+)", re.escape(one)), re.DOTALL), one) for one in ordered)
