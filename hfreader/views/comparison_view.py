"""Two families side by side in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hfreader.facts.comparison import Comparison, FieldPair, PartPair, product
from hfreader.views.explanation_view import change_lines
from hfreader.views.tables import short, table

STATES = {"identical": "green", "similar": "yellow", "different": "red"}
ABSENT = "—"


def show_comparison(found: Comparison, console: Console, every: bool = False) -> None:
    """Traits, config fields, parameters, then the classes by role; `every` shows what both have alike too."""
    console.print(Text.assemble((short(found.left_model), "bold"), " and ", (short(found.right_model), "bold")))
    _traits(found, console)
    _fields(found, console, every)
    _parameters(found, console, every)
    _parts(found, console)


def _traits(found: Comparison, console: Console) -> None:
    rows = table("", found.left, found.right)
    for one in found.traits:
        style = "dim" if one.same else ""
        other = Text("the same", "dim") if one.same else Text(str(one.right), "yellow")
        rows.add_row(Text(str(one.subject), "bold" if not one.same else "dim"), Text(str(one.left), style), other)
    console.print(rows)


def _fields(found: Comparison, console: Console, every: bool) -> None:
    """Fields that differ; those that are alike are counted."""
    shown = [one for one in found.fields if every or not one.same]
    rows = table("config field", found.left, found.right)
    for one in shown:
        rows.add_row(Text(one.name, "cyan"), _default(one, True), _default(one, False))
    if shown:
        console.print(rows)
    rest = [_names(one) for one in found.fields if one not in shown]
    if rest:
        console.print(Text(f"The same default in both: {', '.join(rest)}.", "dim"))


def _names(one: FieldPair) -> str:
    own = [name for name in (one.left_name, one.right_name) if name not in (None, one.name)]
    return f"{one.name} ({', '.join(filter(None, own))})" if own else one.name


def _default(one: FieldPair, left: bool) -> Text:
    value, name = (one.left, one.left_name) if left else (one.right, one.right_name)
    if value is None:
        return Text(ABSENT, "dim")
    own = f"  as {name}" if name != one.name else ""
    return Text.assemble(value, (own, "dim"))


def _parameters(found: Comparison, console: Console, every: bool) -> None:
    shown = [one for one in found.parameters if every or not one.same]
    rows = table(f"parameter in {found.left}", "shape", "at default", f"in {found.right}", "shape", "at default")
    for index in (2, 5):
        rows.columns[index].no_wrap = True
    for one in shown:
        rows.add_row(
            _tail(one.left_name) or Text(ABSENT, "dim"),
            _shape(one.left),
            Text(product(one.left_sizes), "dim"),
            _tail(one.right_name) or Text(ABSENT, "dim"),
            _shape(one.right, one.left),
            Text(product(one.right_sizes), "dim"),
        )
    if shown:
        console.print(rows)
    if len(shown) < len(found.parameters):
        number = len(found.parameters) - len(shown)
        console.print(Text(f"{number} more have the same shape in both (`--all` shows them).", "dim"))


def _tail(name: str | None) -> str | None:
    """A parameter by the submodule that holds it: `self.query.weight`."""
    return None if name is None else ".".join(name.split(".")[-3:])


def _shape(shape: Sequence[str] | None, other: Sequence[str] | None = None) -> Text:
    if shape is None:
        return Text("")
    return Text(", ".join(shape), "" if other is None or tuple(other) == tuple(shape) else "yellow")


def _parts(found: Comparison, console: Console) -> None:
    """The aligned classes, each with what differs."""
    for one, changes in found.told():
        console.print()
        names = Text.assemble((str(one.role), "bold"), "  ", short(one.left or ""), " and ", short(one.right or ""))
        console.print(names.append("  ").append(one.state, STATES[one.state]))
        for line in change_lines(changes):
            console.print(line)
    for name, alone in ((found.left, found.alone("left")), (found.right, found.alone("right"))):
        if alone:
            console.print()
            console.print(Text.assemble((f"Only in {name}: ", "bold"), ", ".join(_alone(one) for one in alone)))


def _alone(one: PartPair) -> str:
    name, path = (one.left, one.left_path) if one.left is not None else (one.right, one.right_path)
    return f"{short(name or '')} ({one.role}, {path})"
