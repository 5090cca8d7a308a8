"""The templates, with autoescaping always on, in the language of `hfreader.pages.language`."""

import json
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hfreader.pages.language import gettext, ngettext, other, other_gettext, other_language, own, plain, said
from hfreader.pages.sentences import spoken

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """The Jinja environment of the pages."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.policies["ext.i18n.trimmed"] = True
    made.filters |= {"own": own, "other": other, "said": said, "plain": plain, "spoken": spoken}
    made.globals |= {"other_language": other_language, "other_gettext": other_gettext}
    return made


def fill(template: str, **values: object) -> Markup:
    """A template with its values; every plain string among them is escaped."""
    return Markup(environment().get_template(template).render(**values))


def embedded(data: object) -> Markup:
    """Data as JSON that can stand in a script element."""
    return Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))


_TAG = re.compile(r'<[a-zA-Z][^<>"]*"[^<>]*>')
_QUOTED = re.compile(r'="([\w.#:/%-]+)"(?=[\s>])')


def unquoted(html: str) -> str:
    """HTML without the quotes that its attributes do not need. Every `<` and `>` in a text or value must be escaped."""
    return _TAG.sub(lambda tag: _QUOTED.sub(r"=\1", tag[0]), html)
