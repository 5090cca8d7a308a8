import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfreader.analyzers.asides import asides
from hfreader.analyzers.library import Library

FILE = "models/small/modeling_small.py"
CACHES = "class Cache: ...\nclass DynamicCache(Cache): ...\nclass EncoderDecoderCache(Cache): ...\n"
LOGGING = "def get_logger(name): ...\n"
HEAD = """\
import logging as other
import torch
import warnings
from ...cache_utils import Cache, DynamicCache, EncoderDecoderCache
from ...utils import logging
logger = logging.get_logger(__name__)
plain = dict()

class Small:
    def forward(self, x, past: Cache | None = None, bare=None, use_cache=True):
"""
FIRST = HEAD.count("\n") + 1


def found(body: str) -> list[tuple[str, int, int]]:
    """Kind, first and last line of each aside, the first line of the body being 1."""
    source = HEAD + textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8) + "\n"
    library = Library.of_sources({FILE: source, "cache_utils.py": CACHES, "utils/logging.py": LOGGING})
    made = asides(library, library.tree(FILE))
    return [(one.kind, one.span.line - FIRST + 1, one.span.end_line - FIRST + 1) for one in made]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise ValueError()", [("check", 1, 1)]),
        ("if x is None:\n    raise ValueError(\n        'x'\n    )\nreturn x", [("check", 1, 4)]),
        ("if x:\n    raise ValueError\nelif bare:\n    warnings.warn('')\nelse:\n    assert x", [("check", 1, 6)]),
        ("logger.warning_once('a')\nwarnings.warn('b')\n\nlogger.info('c')", [("check", 1, 2), ("check", 4, 4)]),
        ("torch._check(x)\ny = x", [("check", 1, 1)]),
        ("if x:\n    logger.warning('off')\n    use_cache = False", [("check", 2, 2)]),
        ("if x:\n    y = 1\nelse:\n    raise ValueError", [("check", 4, 4)]),
        ("plain.update(x)", []),
        ("other.warning(x)", []),
        ("x.check(x)\nprint(x)", []),
    ],
)
def test_checks_only_raise_and_warn(body: str, expected: list[tuple[str, int, int]]):
    assert found(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if past is not None:\n    x, y = past.update(x, x, self.layer)\nreturn x", [("cache", 1, 2)]),
        ("if use_cache and past is None:\n    past = DynamicCache(config=1)", [("cache", 1, 2)]),
        ("seen = past.get_seq_length() if past is not None else 0\ny = x + seen", [("cache", 1, 1)]),
        ("own = past.part\nkeys = own.layers[0].keys\ny = keys + 1", [("cache", 1, 2)]),
        ("past.is_updated[0] = True", [("cache", 1, 1)]),
        ("new: Cache = EncoderDecoderCache(DynamicCache(), DynamicCache())\nnew.reset()", [("cache", 1, 2)]),
        (
            "if isinstance(bare, EncoderDecoderCache):\n    one = bare.part\nelse:\n    one = bare\none.reset()",
            [("cache", 1, 5)],
        ),
        ("if past is None:\n    raise ValueError\nelse:\n    past.crop(1)", [("cache", 1, 4)]),
        ("bare.update(x)\nbare = x.part", []),
        ("x = past.keys + x", []),
        ("x = torch.cat([past.keys, x])", []),
        ("return past.keys", []),
        ("for layer in past.layers:\n    x = layer(x)", []),
        ("y = past.get() if x else x", []),
    ],
)
def test_cache_handling_is_told_by_the_librarys_cache_classes(body: str, expected: list[tuple[str, int, int]]):
    assert found(body) == expected


def test_without_cache_classes_nothing_is_a_cache():
    source = "def forward(past: 'Cache'):\n    past.update(1)\n    raise ValueError\n"
    library = Library.of_sources({FILE: source})
    assert [(one.kind, one.span.line) for one in asides(library, library.tree(FILE))] == [("check", 3)]


STATEMENTS = ("raise ValueError", "past.reset()", "x = x + 1", "if x:\n    raise ValueError", "if x:\n    x = past")


@settings(deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=6))
def test_asides_follow_each_other_and_never_hold_a_computation(statements: list[str]):
    body = "\n".join(statements)
    lines = body.split("\n")
    made = found(body)
    covered = [line for _, first, last in made for line in range(first, last + 1)]
    assert covered == sorted(set(covered))
    assert not [line for line in covered if lines[line - 1] == "x = x + 1"]
    assert all(any(word in lines[line - 1] for word in ("raise", "past", "if")) for line in covered)
    assert {line for line, text in enumerate(lines, 1) if text == "past.reset()"} <= set(covered)
