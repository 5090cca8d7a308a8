"""The templates, with autoescaping always on."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """The Jinja environment of the pages."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def fill(template: str, **values: object) -> Markup:
    """A template with its values; every plain string among them is escaped."""
    return Markup(environment().get_template(template).render(**values))


_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_QUOTED = re.compile(r'="([\w.#:/%-]+)"(?=[\s>])')


def unquoted(html: str) -> str:
    """HTML without the quotes that its attributes do not need. Every `<` and `>` in a text or value must be escaped."""
    return _TAG.sub(lambda tag: _QUOTED.sub(r"=\1", tag[0]), html)
