"""The language that pages are written in.

Messages are written in English in code and templates; each other language has a gettext catalogue, `locale/zh.po`.
The language is chosen for the time in which a page is rendered (`with in_language("zh"):`); without that it is English.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from hfreader.concepts import catalogue as concepts
from hfreader.concepts.model import Text
from hfreader.facts.phrases import Phrase, Words, in_a_sentence

# The languages of the site and their own names for themselves; the first is the one that messages are written in.
LANGUAGES = {"en": "English", "zh": "中文"}
ENGLISH, CHINESE = "en", "zh"
LOCALE = Path(__file__).parent / "locale"
_ACTIVE: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Write pages in one of `LANGUAGES` until the context ends."""
    token = _ACTIVE.set(code)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def language() -> str:
    """The code of the language that is written now."""
    return _ACTIVE.get()


def other_language() -> str:
    """The language that stands second, where a page gives both."""
    return next(code for code in LANGUAGES if code != language())


def gettext(message: str) -> str:
    """The message in the language that is written now."""
    return catalogue(language()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The message for one thing or for several, in the language that is written now."""
    return catalogue(language()).ngettext(one, many, count)


def other_gettext(message: str) -> str:
    """The message in the language that stands second."""
    return catalogue(other_language()).gettext(message)


def noted(message: str) -> str:
    """The message itself: marks it for the catalogue where it is translated later, when it is shown."""
    return message


def own(text: Text) -> str:
    """A text of a concept in the language that is written now."""
    return text.zh if language() == CHINESE else text.en


def other(text: Text) -> str:
    """A text of a concept in the language that stands second."""
    return text.en if language() == CHINESE else text.zh


def said(words: Words) -> Markup:
    """Words about facts in the language that is written now, as HTML: what is the same in every language is code."""
    if not isinstance(words, Phrase):
        return Markup("<code>{}</code>").format(words)
    message = escape(_concept_names(language()).get(words.message) or gettext(words.message))
    return message % {name: _argument(value) for name, value in words.arguments} if words.arguments else message


def _argument(value: Words | int) -> Markup:
    return Markup(value) if isinstance(value, int) else said(value)


@cache
def _concept_names(code: str) -> dict[str, str]:
    """The names of concepts in a language by the English, also as it stands within a sentence."""
    if code == ENGLISH:
        return {}
    names = {one.name.en: one.name.zh for one in concepts().values()}
    return names | {in_a_sentence(name): other for name, other in names.items()}


def plain(words: Words) -> str:
    """The same as text."""
    return str(words) if isinstance(words, str) else said(words).striptags()


@cache
def catalogue(code: str) -> NullTranslations:
    """The messages of a language."""
    if code == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (LOCALE / f"{code}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return GNUTranslations(compiled)
