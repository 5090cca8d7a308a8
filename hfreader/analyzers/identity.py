"""Which definitions are identical once the names of classes and functions are replaced."""

import hashlib
import re
from collections.abc import Iterator, Mapping

from hfreader.facts.code import FileFacts
from hfreader.facts.places import Span

# Strings, comments, numbers and names, and any other character alone.
TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>[rRbBuUfF]{0,2}(?:
            \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'))
      | (?P<word>[^\W]\w*)
      | (?P<other>[^\s])""",
    re.VERBOSE | re.DOTALL,
)


def bodies(code: FileFacts, source: str) -> Mapping[Span, str]:
    """For the span of each class and module-level function of a file, the hash of its body."""
    lines = source.splitlines(keepends=True)
    spans = {one.span: one.name for one in code.classes} | {one.span: one.name for one in code.functions}
    names = set(spans.values())
    found = {}
    for span in spans:
        text = "".join(lines[span.line - 1 : span.end_line])
        found[span] = hashlib.sha256("\n".join(_canonical(text, names)).encode()).hexdigest()
    return found


def _canonical(text: str, names: set[str]) -> Iterator[str]:
    """The tokens of a definition, the file's own names in the order in which they occur as numbers."""
    numbers: dict[str, int] = {}
    before = ":"
    for token in TOKEN.finditer(text):
        kind, value = token.lastgroup, token.group()
        if kind == "comment" or (kind == "string" and before == ":"):
            continue
        before = value
        yield f"#{numbers.setdefault(value, len(numbers))}" if value in names else value
