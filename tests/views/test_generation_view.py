import io
from dataclasses import replace

from rich.console import Console

from hfreader.facts.generation import CachePart, Generation, GenerationStep
from hfreader.facts.traces import SymbolFact, Trace
from hfreader.pages.what_if import LENGTHS
from hfreader.views.generation import length_rows, symbol_value
from hfreader.views.generation_view import in_bytes, show_generation
from tests.facts_builder import make_trace, tensor


def generated(steps: int = 3) -> Trace:
    """Each step after the first reads one token."""
    base = make_trace(layers=1)
    lines, modules = list(base.lines), list(base.modules)
    count = len(base.modules)
    short = tensor(1, 1, 8)
    for step in range(1, steps):
        lines += [replace(line, call=step, value=short) for line in base.lines if line.name == "hidden"]
        modules += [replace(each, call=step, order=each.order + step * count) for each in base.modules]
    parts = [CachePart("keys", 2, (1, 2, 4 + step, 4), "float32", 512) for step in range(steps)]
    facts = [GenerationStep(n, 1 if n else 4, n and 3 + n, (part,), 7, "x") for n, part in enumerate(parts)]
    return replace(base, lines=tuple(lines), modules=tuple(modules), generation=Generation(4, tuple(facts), "xxx"))


def shown(trace: Trace) -> str:
    console = Console(file=io.StringIO(), width=160)
    show_generation(trace, console)
    return console.file.getvalue()


def test_steps_and_cache():
    text = shown(generated())
    assert "generated 'xxx'" in text
    assert "the model ended after 3 of 4 tokens" in text
    (row,) = [line for line in text.splitlines() if line.strip().startswith("2  ")]
    assert "keys (1, 2, 6, 4) × 2" in row
    assert "512 bytes" in row


def test_lines_are_shown_with_the_lengths_they_see():
    rows = length_rows(generated())
    hidden = next(row for row in rows if row.class_name == "ToyLayer" and row.name == "hidden")
    assert (hidden.prompt, hidden.first) == (("(B, T, hidden)", "(1, 4, 8)"), ("(B, B, hidden)", "(1, 1, 8)"))
    weights = next(row for row in rows if row.name == "weights")
    assert weights.last is None
    assert "not run" in shown(generated())


def test_a_prompt_alone_has_no_later_lengths():
    assert length_rows(generated(1)) == ()
    assert shown(make_trace()) == ""


def test_a_length_that_each_step_has_anew_is_given_for_all():
    rows, tokens, past, encoder = LENGTHS
    asked = [("B", rows, 1), ("T", tokens, 1), ("T_past", past, 4), ("S", encoder, 4), ("hidden", "hidden_size", 1)]
    symbols = [SymbolFact(*each) for each in asked]
    assert [symbol_value(one, generated()) for one in symbols] == [
        "1",
        "4 at the prompt, then 1",
        "0 at the prompt, then 4 to 5",
        "4",
        "1",
    ]
    assert [symbol_value(one, generated(1)) for one in symbols] == ["1", "1", "4", "4", "1"]
    assert symbol_value(SymbolFact("T", tokens, 9), generated()) == "9"


def test_sizes_in_words():
    assert [in_bytes(n) for n in (0, 1023, 1024, 3 << 20)] == ["0 bytes", "1023 bytes", "1 KiB", "3 MiB"]
