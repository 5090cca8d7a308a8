"""What a class, a function or a line is, in the terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from hfreader.facts.answers import ConceptUse, Explanation
from hfreader.facts.comparison import Change, Difference
from hfreader.facts.lineage import Lineage
from hfreader.views.answers_view import COLOURS
from hfreader.views.formula import formula
from hfreader.views.tables import short, table

ORIGINS = {
    "modular": "generated from",
    "copied": "copied from",
    "inherits": "inherits from",
    "identical": "identical to",
    "similar": "most like",
}
STYLES = {"added": "green", "removed": "red", "replaced": "yellow", "inside": "cyan"}
SHOWN = 12


def show_explanation(found: Explanation, console: Console) -> None:
    """The whole explanation, one section after the other."""
    where = f"{found.place.file}:{found.place.span.line}"
    name = Text.assemble((short(found.subject), "bold"), "  ", (found.kind, "magenta"), "  ", (where, "cyan"))
    console.print(name)
    if found.text is not None:
        console.print(Text(f"  {found.text.strip()}", "green"))
    elif found.docstring is not None:
        console.print(Text(f"  {found.docstring}", "dim"))
    for role in found.roles:
        console.print(Text.assemble(("role  ", "dim"), role))
    _concepts(found, console)
    if found.lineage is not None:
        show_lineage(found.lineage, console, found.surveyed)
    if found.descendants:
        names = ", ".join(short(one) for one in found.descendants[:SHOWN])
        more = f" and {len(found.descendants) - SHOWN} more" if len(found.descendants) > SHOWN else ""
        console.print(Text.assemble(("comes from it  ", "dim"), names, (more, "dim")))
    for problem in found.problems:
        console.print(Text(f"problem  {problem.reason}", "yellow"))
    _read_on(found, console)


def _agreement(error: float) -> str:
    return f"max rel. error {error:.0e}" if error else "exactly equal"


def _concepts(found: Explanation, console: Console) -> None:
    if not found.concepts:
        what = "On this line" if found.line is not None else "Here"
        console.print(Text(f"{what} no equation of the catalogue was found.", "dim"))
    for use in found.concepts:
        console.print()
        state = use.state if use.error is None else f"{use.state} ({_agreement(use.error)})"
        console.print(
            Text.assemble(
                (use.name, "bold"), "  ", (use.slug, "cyan"), "  ", (state, COLOURS[use.state]), _at(found, use)
            )
        )
        console.print(Padding(Text(use.explanation, "dim"), (0, 0, 0, 2)))
        for equation in use.equations:
            console.print(Text(f"  {formula(equation)}", "green"))
        if use.guards:
            console.print(Text(f"  where {' and '.join(use.guards)}", "yellow"))
        if use.symbols:
            rows = table("symbol", "in the code", "what it is")
            for symbol in use.symbols:
                tokens = "  ".join(dict.fromkeys(_token(*token) for token in symbol.tokens[:6]))
                rows.add_row(Text(formula(symbol.latex), "green"), Text(tokens), Text(symbol.meaning, "dim"))
            console.print(Padding(rows, (0, 0, 0, 2)))


def _at(found: Explanation, use: ConceptUse) -> str:
    away = "" if use.file == found.place.file else f"{use.file}:"
    return f"  at {away}{use.line}"


def _token(text: str, line: int) -> str:
    return f"{text if len(text) <= 40 else text[:39] + '…'}@{line}"


def show_lineage(lineage: Lineage, console: Console, surveyed: bool = True) -> None:
    """Where a class comes from, who is identical, and the difference to the nearest relative."""
    console.print()
    if not lineage.relations:
        console.print(Text("It is written by hand: no other class is named as its origin.", "dim"))
    for relation in lineage.relations:
        said = f"  ({relation.said})" if relation.said else ""
        console.print(
            Text.assemble((f"{ORIGINS[relation.origin]} ", "dim"), (short(relation.relative), "cyan"), (said, "dim"))
        )
    if lineage.identical:
        names = ", ".join(short(one) for one in lineage.identical[:SHOWN])
        more = f" and {len(lineage.identical) - SHOWN} more" if len(lineage.identical) > SHOWN else ""
        console.print(Text.assemble(("identical but for names: ", "dim"), names, (more, "dim")))
    elif not surveyed:
        console.print(
            Text("What is identical elsewhere is known after `hfreader coverage` has read the library.", "dim")
        )
    if lineage.difference is not None:
        show_difference(lineage.difference, console)


def show_difference(difference: Difference, console: Console) -> None:
    """The sentence, and below it each change on a line of its own where there are several."""
    console.print(Text(difference.sentence, "bold" if difference.changes else ""))
    for line in change_lines(difference.changes) if len(difference.changes) > 1 else ():
        console.print(line)


def change_lines(changes: Iterable[Change]) -> Iterable[Text]:
    """Each change with its sign, its condition and the line where it is written."""
    for change in changes:
        place = change.place
        where = f"  {place.file.rpartition('/')[2]}:{place.span.line}" if place is not None else ""
        condition = f"  where {change.condition}" if change.condition else ""
        yield Text.assemble(
            f"  {change.sign} ", (str(change.text), STYLES.get(change.kind, "")), (condition, "yellow"), (where, "dim")
        )


def _read_on(found: Explanation, console: Console) -> None:
    rows = table("read on", "")
    if found.link is not None:
        rows.add_row("upstream", Text(found.link, "cyan"))
    for what, where in found.read_on:
        rows.add_row(what, Text(where, "cyan"))
    if rows.row_count:
        console.print()
        console.print(rows)
