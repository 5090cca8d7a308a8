"""The catalogue, implementations and totals in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hfreader.facts.answers import ConceptSummary, Coverage, Implementations, Implementing
from hfreader.views.formula import formula
from hfreader.views.tables import shared, short, table

COLOURS = {"proven": "green", "disproven": "bold red", "matched": "yellow", "role": "cyan"}
# Of each group so many members are named; the JSON has all.
SHOWN = 6
# Problems that are listed below the totals.
PROBLEMS = 20


def show_concepts(found: Sequence[ConceptSummary], console: Console) -> None:
    """One row for each concept; a single one in full."""
    if len(found) == 1:
        _show_concept(found[0], console)
        return
    rows = table("concept", "name", "名称", "first source", "equation")
    rows.columns[0].no_wrap = rows.columns[2].no_wrap = True
    for one in found:
        source = ", ".join(one.sources[0].split(", ")[:1]) if one.sources else ""
        rows.add_row(Text(one.slug, "cyan"), one.name, one.name_zh, Text(source, "dim"), "yes" if one.computed else "")
    console.print(rows)
    computed = sum(one.computed for one in found)
    console.print(f"{len(found)} concepts, {computed} with an equation that is executed against the code.")


def _show_concept(one: ConceptSummary, console: Console) -> None:
    console.print(Text.assemble((one.name, "bold"), "  ", one.name_zh, "  ", (one.slug, "cyan")))
    console.print(Text(one.explanation))
    console.print(Text(one.explanation_zh))
    for equation in one.equations:
        console.print(Text(f"  {formula(equation)}", "green"))
    for source in one.sources:
        console.print(Text(f"  {source}", "dim"))
    console.print(Text(f"hfreader find {one.slug}  shows where it is implemented.", "dim"))


def show_implementations(found: Implementations, console: Console, every: bool = False) -> None:
    """The groups of identical sources, largest first."""
    one = found.concept
    console.print(Text.assemble((one.name, "bold"), "  ", one.name_zh, "  ", (one.slug, "cyan")))
    for equation in one.equations[:2]:
        console.print(Text(f"  {formula(equation)}", "green"))
    if not found.groups:
        console.print("No class of this transformers source implements it.")
        return
    rows = table("written once in", "alike", "classes and lines")
    rows.columns[1].justify = "right"
    for group in found.groups:
        shown = group.members if every else group.members[:SHOWN]
        text = Text(", ").join([_member(member) for member in shown])
        if len(group.members) > len(shown):
            text.append(f" and {len(group.members) - len(shown)} more", "dim")
        rows.add_row(Text(short(group.origin), "cyan"), str(len(group.members)), text)
    console.print(rows)
    console.print(
        f"{_many(found.classes, 'class', 'classes')} and {_many(found.functions, 'function', 'functions')} in "
        f"{_many(found.families, 'family', 'families')}; "
        f"{_many(len(found.groups), 'distinct implementation', 'distinct implementations')}."
    )
    legend = Text("proven", COLOURS["proven"])
    for state, words in (
        ("disproven", "disproven"),
        ("matched", "found, not run so far"),
        ("role", "by what it composes"),
    ):
        legend.append("  ").append(words, COLOURS[state])
    console.print(legend)


def _member(one: Implementing) -> Text:
    lines = ",".join(map(str, one.lines))
    return Text.assemble((short(one.qualified), COLOURS[one.state]), (f":{lines}", "dim"))


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def show_coverage(found: Coverage, console: Console, unmapped: bool = False) -> None:
    """The totals; with `unmapped` every module that is mapped to nothing, with its reason."""
    rows = table("", "", "of", "")
    rows.columns[1].justify = rows.columns[2].justify = rows.columns[3].justify = "right"
    for name, number, total, share in _rows(found):
        missing = "dim yellow" if number is None else ""
        count = "not run" if number is None else f"{number:,}"
        rows.add_row(
            name, Text(count, missing), f"{total:,}" if total else "", shared(share) if share is not None else ""
        )
    console.print(rows)
    commit = f" at {found.commit[:10]}" if found.commit else " (installed package)"
    console.print(f"transformers {found.transformers}{commit}")
    if found.families_traced is None:
        console.print(
            "Nothing was run so far: `hfreader build` runs families and proves what was found in them, "
            "`hfreader trace --all` runs every model type."
        )
    _show_problems(found, console)
    if not unmapped:
        if found.unmapped:
            console.print(
                f"`hfreader coverage --unmapped` lists {len(found.unmapped):,} modules that are mapped to nothing."
            )
        return
    rest = table("mapped to nothing", "file", "why")
    for one in found.unmapped:
        rest.add_row(Text(one.qualified.rpartition(".")[2], "cyan"), Text(one.file, "dim"), one.reason)
    console.print(rest)


def _show_problems(found: Coverage, console: Console) -> None:
    for problem in found.problems_found[:PROBLEMS]:
        where = "" if problem.place is None else f" ({problem.place.file}:{problem.place.span.line})"
        console.print(Text(f"{problem.subject}: {problem.reason}{where}", "yellow"))
    if (more := len(found.problems_found) - PROBLEMS) > 0:
        console.print(f"and {more:,} more problems; `hfreader coverage --json` lists them all.")


def _rows(found: Coverage) -> list[tuple[str, int | None, int | None, float | None]]:
    executed, disproven = found.matches_executed, found.disproven
    classes = _share(found.model_classes_traced, found.model_classes)
    return [
        ("architectures run by `trace --all`", found.architectures_traced, found.architectures, found.traced_share),
        ("families run", found.families_traced, found.families, _share(found.families_traced, found.families)),
        ("model classes run", found.model_classes_traced, found.model_classes, classes),
        ("modules, of all classes", found.module_classes, found.classes, found.module_classes / max(found.classes, 1)),
        ("modules mapped to a concept", found.mapped, found.module_classes, found.mapped_share),
        ("computing modules with an equation", found.with_equation, found.computing, found.equation_share),
        ("equations executed, of those found", executed, found.matches, _share(executed, found.matches)),
        ("proven, of those executed", found.proven, executed, found.proven_share),
        ("disproven", disproven, executed, _share(disproven, executed)),
        ("problems", found.problems, None, None),
    ]


def _share(number: int | None, total: int | None) -> float | None:
    return None if number is None or not total else number / total
