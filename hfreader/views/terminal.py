"""A trace in the terminal; the same text without colours in a pipe."""

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from hfreader.facts.traces import TokenFact, Trace
from hfreader.pages.module_tree import TreeNode, module_tree
from hfreader.views.generation import symbol_value
from hfreader.views.listing import (
    AnnotatedLine,
    Annotation,
    FunctionListing,
    ModuleListing,
    class_listings,
    module_listing,
    value_texts,
)
from hfreader.views.statistics import summary

MOST_TOKENS = 64
SYMBOLS, NUMBERS, NAME, QUIET, IDLE = "cyan", "dim", "bold", "dim", "dim"
COLOURS = {"k": "magenta", "s": "green", "c": "dim italic", "m": "blue", "d": "bold"}
"""Styles of the kinds of `hfreader.pages.highlight.Stretch`."""
_ASCII = str.maketrans("│┊├└↳×", "|:|`>x")
_GAP = "  "
_LABEL = 12


def render_terminal(
    trace: Trace,
    sources: Mapping[str, str],
    console: Console,
    at: str | None = None,
    lines: bool = True,
    modules: bool = True,
) -> None:
    """Print a trace: header and tokens, then the module tree, the lines of every class, or those of one module.

    `sources` holds the text of the files of the trace. `at` shows one module by its path (HfreaderError where no such
    module ran); `lines` and `modules` choose the parts when `at` is None.
    """
    listings = [module_listing(trace, sources, at)] if at is not None else []
    if lines and at is None:
        listings = class_listings(trace, sources)
    _print(console, header(trace, console.width))
    if modules and at is None and (root := module_tree(trace.modules)) is not None:
        _print(console, [Text(), *tree_lines(root, console.width)])
    for listing in listings:
        _print(console, [Text(), *listing_lines(trace, listing, console.width)])


def header(trace: Trace, width: int) -> Iterator[Text]:
    """What ran, on what, with which sizes; then the tokens beside their positions."""
    commit = f" at {trace.commit[:10]}" if trace.commit else ""
    yield Text.assemble((trace.class_name, NAME), f"  {trace.family}, transformers {trace.transformers}{commit}")
    rows = {
        "weights": [Text(trace.weights)],
        "tokenizer": [Text(trace.tokenizer or trace.no_tokenizer)],
        "ran on": [Text(f"{trace.device}, {trace.dtype}, attention {trace.attention}")],
        "parameters": [Text(f"{trace.parameters:,}")],
        "FLOPs": [] if trace.flops is None else [Text(f"{trace.flops:,}")],
        **{name: [Text(text)] for name, text in summary(trace)},
        "changed": [Text(f"{name}={value}") for name, value in trace.changed.items()],
        "symbols": list(_symbol_texts(trace)),
    }
    for label, parts in rows.items():
        if parts:
            yield from _labelled(label, parts, width)
    for text in [*trace.notes, *(f"{problem.subject}: {problem.reason}" for problem in trace.problems)]:
        yield from _labelled("note", [Text(text, style="yellow")], width)
    for number, row in enumerate(trace.tokens):
        name = "tokens" if len(trace.tokens) == 1 else f"tokens {number}"
        yield from (Text(), *token_lines(name, row, width))


def _symbol_texts(trace: Trace) -> Iterator[Text]:
    for symbol in trace.symbols:
        meaning = f" = {symbol.expression}" if symbol.expression != symbol.name else ""
        yield Text.assemble((symbol.name, SYMBOLS), (meaning, QUIET), f" = {symbol_value(symbol, trace)}")


def token_lines(name: str, row: Sequence[TokenFact], width: int) -> Iterator[Text]:
    """Tokens in blocks as wide as the terminal: the token above its id, under its position."""
    blocks: list[list[TokenFact]] = [[]]
    used = _LABEL
    for token in row[:MOST_TOKENS]:
        used += _token_width(token) + len(_GAP)
        if used > width and blocks[-1]:
            blocks.append([])
            used = _LABEL + _token_width(token) + len(_GAP)
        blocks[-1].append(token)
    for block in blocks:
        yield _token_row("position", [str(token.position) for token in block], block, QUIET)
        yield _token_row(name, [_printable(token.text) for token in block], block, NAME)
        yield _token_row("id", [str(token.id) for token in block], block, QUIET)
    if len(row) > MOST_TOKENS:
        yield Text(" " * _LABEL + f"and {len(row) - MOST_TOKENS} more", style=QUIET)


def _token_row(label: str, cells: Sequence[str], block: Sequence[TokenFact], style: str) -> Text:
    text = Text.assemble((label.ljust(_LABEL), QUIET))
    for cell, token in zip(cells, block, strict=True):
        text.append(cell + " " * (_token_width(token) - cell_len(cell)) + _GAP, style=style)
    text.rstrip()
    return text


def _token_width(token: TokenFact) -> int:
    return max(cell_len(_printable(token.text)), len(str(token.id)), len(str(token.position)))


def tree_lines(root: TreeNode, width: int) -> Iterator[Text]:
    """The module tree in columns: name and class, parameters, the output's shape in symbols and in numbers.

    A name too long for its column has its row continued on the next line; where a row is too narrow for the numbers
    they go (the header says what each symbol is).
    """
    rows = list(_tree_rows(root, "", ""))
    names = min(max(name.cell_len for name, _ in rows), max(width * 9 // 20, 24))
    counts = max(len(short_count(node.parameters)) for _, node in rows)
    lengths = sorted(cell_len(node.gives) for _, node in rows)
    symbols = lengths[len(lengths) * 3 // 4]
    for name, node in rows:
        if name.cell_len > names:
            yield name
            name = Text()
        name.pad_right(names - name.cell_len)
        name.append(f"{_GAP}{short_count(node.parameters):>{counts}}")
        name.append(_GAP + node.gives.ljust(symbols), style=SYMBOLS)
        if name.cell_len + len(_GAP) + cell_len(node.numbers) <= width and node.numbers != node.gives:
            name.append(_GAP + node.numbers, style=NUMBERS)
        name.rstrip()
        yield name


def _tree_rows(node: TreeNode, before: str, below: str) -> Iterator[tuple[Text, TreeNode]]:
    name = Text.assemble((before, QUIET))
    if node.name:
        name.append(node.name, style=NAME)
        name.append(" ")
    name.append(node.class_name, style="" if node.name else NAME)
    if node.repeats > 1:
        name.append(f" ×{node.repeats}", style="magenta")
    if node.calls > 1:
        name.append(f" ({node.calls} calls)", style="magenta")
    yield name, node
    for child in node.children:
        last = child is node.children[-1]
        yield from _tree_rows(child, below + ("└ " if last else "├ "), below + ("  " if last else "│ "))


def listing_lines(trace: Trace, listing: ModuleListing, width: int) -> Iterator[Text]:
    """The functions of one module, each line with the values on it."""
    called = f"  ({listing.calls} calls; the values are those of the first)" if listing.calls > 1 else ""
    yield Text.assemble((listing.path or "the model", NAME), f"  {listing.class_name}{called}")
    if not listing.functions:
        yield from _without_lines(trace, listing)
    for function in listing.functions:
        yield from (Text(), function_title(function))
        gutter = len(str(function.lines[-1].number))
        column = _column(function.lines, width - gutter - 3)
        for line in function.lines:
            yield from code_lines(line, gutter, width, column)


def function_title(function: FunctionListing) -> Text:
    """Name, file, and how it was reached."""
    reached = f"  dispatched: {function.dispatched}" if function.dispatched else ""
    return Text.assemble((function.function, NAME), (f"  {function.file}", QUIET), (reached, "magenta"))


def code_lines(line: AnnotatedLine, gutter: int, width: int, column: int = 0) -> Iterator[Text]:
    """One source line, its values behind it (from `column` on) where they fit and below it where not."""
    bar = "│" if line.ran is not False else "┊"
    start = Text.assemble((f"{line.number:>{gutter}} {bar} ", QUIET))
    more = Text.assemble((" " * gutter + f" {bar} ", QUIET))
    room = max(width - start.cell_len, 20)
    indentation = len(line.text) - len(line.text.lstrip())
    pieces = _cut(_coloured(line), room, min(indentation + 4, room // 2))
    notes = annotation_texts(line.annotations)
    if line.idle:
        notes = [Text("not run", style="dim yellow")]
    joined = Text(", ").join(notes)
    gap = len(_GAP)
    fits = pieces[-1].cell_len + gap + joined.cell_len <= room
    if notes and fits:
        aligned = max(column - pieces[-1].cell_len, 0) + gap
        gap = aligned if pieces[-1].cell_len + aligned + joined.cell_len <= room else gap
        pieces[-1] = Text.assemble(pieces[-1], " " * gap, joined)
    for index, piece in enumerate(pieces):
        text = Text.assemble(start if index == 0 else more, piece)
        text.rstrip()
        yield text
    if notes and not fits:
        for note in notes:
            yield Text.assemble(more, " " * min(indentation + 2, room // 2), ("↳ ", QUIET), note)


def _coloured(line: AnnotatedLine) -> Text:
    text = Text(line.text, style=IDLE if line.ran is False else "")
    for stretch in line.colours:
        text.stylize(COLOURS.get(stretch.kind, ""), stretch.start, stretch.end)
    return text


def _column(lines: Sequence[AnnotatedLine], room: int) -> int:
    """Where the values of a function begin: behind the longest line that leaves them enough room."""
    lengths = [len(line.text) for line in lines if line.annotations or line.idle]
    return max((length for length in lengths if length <= room * 0.55), default=0)


def annotation_texts(annotations: Sequence[Annotation]) -> list[Text]:
    """The values of a line; a single one needs no name."""
    texts: list[Text] = []
    for annotation in annotations:
        name = f"{annotation.name} " if len(annotations) > 1 else ""
        numbers = f" {annotation.numbers}" if annotation.numbers else ""
        texts.append(Text.assemble((name, "green"), (annotation.symbols, SYMBOLS), (numbers, NUMBERS)))
    return texts


def short_count(number: int) -> str:
    """A number of parameters in three digits: `85.1M`."""
    for unit, size in (("P", 10**15), ("T", 10**12), ("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            value = number / size
            return f"{value:.0f}{unit}" if value >= 100 else f"{value:.1f}{unit}"
    return str(number)


def _without_lines(trace: Trace, listing: ModuleListing) -> Iterator[Text]:
    record = next((record for record in trace.modules if record.path == listing.path), None)
    yield Text("  no lines were recorded here: its code is not part of transformers", style=QUIET)
    if record is not None:
        for name, value in (*record.inputs, ("output", record.output)):
            symbols, numbers = value_texts(value)
            yield Text.assemble(f"  {name}{_GAP}", (symbols, SYMBOLS), (f" {numbers}", NUMBERS))


def _labelled(label: str, parts: Sequence[Text], width: int) -> Iterator[Text]:
    """A label and its parts, separated by two blanks and wrapped between parts."""
    text = Text.assemble((label.ljust(_LABEL), QUIET))
    fresh = True
    for part in parts:
        if not fresh and text.cell_len + len(_GAP) + part.cell_len > width:
            yield text
            text, fresh = Text(" " * _LABEL), True
        text = text + (Text() if fresh else Text(_GAP)) + part
        fresh = False
    yield text


def _cut(text: Text, room: int, indentation: int) -> list[Text]:
    """A code line in pieces that fit, cut behind a word where one ends near the edge; nothing is lost."""
    pieces: list[Text] = []
    while text.cell_len > room:
        ends = [place for place in range(room - room // 4, room + 1) if text.plain[place - 1] in " ,([.="]
        at = max(ends, default=room)
        pieces.append(text[:at])
        text = Text.assemble(" " * indentation, text[at:])
    return [*pieces, text]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text) or "''"


def _print(console: Console, lines: Sequence[Text] | Iterator[Text]) -> None:
    for line in lines:
        if console.options.ascii_only:
            line.plain = line.plain.translate(_ASCII).encode("ascii", "replace").decode("ascii")
        console.print(line, soft_wrap=True, highlight=False)
