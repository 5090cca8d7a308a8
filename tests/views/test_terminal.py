import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from hfreader.errors import HfreaderError
from hfreader.facts.problems import Problem
from hfreader.facts.traces import TokenFact
from hfreader.pages.module_tree import module_tree
from hfreader.views.terminal import render_terminal, short_count, token_lines, tree_lines
from tests.facts_builder import FILE, SOURCE, make_trace


def shown(trace=None, width=100, colours=False, **options):
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colours, color_system="truecolor" if colours else None
    )
    render_terminal(trace or make_trace(layers=12), {FILE: SOURCE}, console, **options)
    return console.file.getvalue()


def test_the_header_says_what_ran():
    text = shown(lines=False, modules=False)
    for part in ("ToyModel", "transformers 5.23.0 at aaaaaaaaaa", "random (seed 0)", "cpu, float32, attention eager"):
        assert part in text
    assert "1,136" in text and "hidden = hidden_size = 8" in text and "num_hidden_layers=12" in text
    assert "untrained tokenizer" in text


def test_why_there_is_no_tokenizer():
    assert "none: the ids were given" in shown(make_trace(tokenizer=None), lines=False, modules=False)
    assert "none: no text was read" in shown(make_trace(tokenizer=None, tokens=()), lines=False, modules=False)


def test_tokens_stand_under_their_positions():
    position, token, number = shown(lines=False, modules=False).splitlines()[-3:]
    assert position.split() == ["position", "0", "1", "2", "3"]
    assert token.split() == ["tokens", "[CLS]", "the", "<b>", "[SEP]"]
    assert [position.index("3"), token.index("[SEP]")] == [number.index("103")] * 2


def test_many_tokens_are_wrapped_and_counted():
    row = tuple(TokenFact(i, i, "\n" if i == 3 else "令牌") for i in range(70))
    text = shown(make_trace(tokens=(row,)), width=60, lines=False, modules=False)
    assert "and 6 more" in text and "\\n" in text
    assert max(map(cell_len, text.splitlines())) <= 60


def test_the_tree_folds_layers_and_shows_shapes():
    text = shown(lines=False)
    assert "└ layers.0-11 ToyLayer ×12" in text
    (query,) = [line for line in text.splitlines() if "query Linear" in line]
    assert query.split()[-7:] == ["72", "(B,", "T,", "hidden)", "(1,", "4,", "8)"]


def test_lines_of_every_class_once():
    text = shown(modules=False)
    assert text.count("ToyAttention.forward") == 1
    assert "14 ┊         query = query * 2       not run" in text
    assert "eager  models/toy/modeling_toy.py  dispatched: eager" in text


def test_one_module():
    text = shown(at="layers.3.attention")
    assert "layers.3.attention  ToyAttention" in text and "×12" not in text
    assert "12 │     query = self.query(hidden)  (B, T, hidden) (1, 4, 8)" in text


def test_a_module_of_torch_shows_what_went_in_and_out():
    text = shown(at="embed")
    assert "no lines were recorded here" in text and "(B, T, hidden) (1, 4, 8)" in text


def test_an_unknown_module_prints_nothing():
    with pytest.raises(HfreaderError, match="did you mean"):
        shown(at="layers.99.attention")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_code_is_whole_at_any_width(width):
    text = shown(width=width)
    joined = "".join("".join(text.split()))
    assert "returnhidden+self.attention(hidden)" in joined.replace("│", "").replace("┊", "")


@pytest.mark.parametrize("width", [80, 100])
def test_nothing_is_wider_than_the_terminal(width):
    assert max(map(cell_len, shown(width=width).splitlines())) <= width


def test_a_pipe_gets_no_escapes_and_no_trailing_blanks():
    text = shown()
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\x1b[" in shown(colours=True)


def test_colours_do_not_change_the_text():
    assert re.sub(r"\x1b\[[\d;]*m", "", shown(colours=True)) == shown()


def test_a_terminal_without_unicode_gets_ascii():
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding="ascii"), width=100)
    render_terminal(make_trace(layers=12), {FILE: SOURCE}, console)
    console.file.flush()
    assert b"` layers.0-11 ToyLayer x12" in raw.getvalue() and b"14 :" in raw.getvalue()


def test_problems_are_said():
    problem = Problem("trace", "ToyModel", "symbols could not be computed")
    assert "ToyModel: symbols could not be computed" in shown(make_trace(problems=(problem,)), lines=False)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1536, "1.5k"), (109_482_240, "109M"), (405_000_000_000, "405B")]
)
def test_counts_in_three_digits(number, text):
    assert short_count(number) == text


def test_what_follows_a_quiet_label_is_not_quiet():
    root = module_tree(make_trace().modules)
    assert root is not None
    for line in [*token_lines("tokens", [TokenFact(0, 7, "cat")], 80), *tree_lines(root, 80)]:
        assert line.style == ""
