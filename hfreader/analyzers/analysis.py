"""One modeling file, analysed: what its classes are, where the equations stand in them, how data flows through them."""

from collections.abc import Container, Iterator
from dataclasses import replace

from hfreader.analyzers.asides import asides
from hfreader.analyzers.declared import refused
from hfreader.analyzers.examination import Examiner
from hfreader.analyzers.imported import imported
from hfreader.analyzers.library import Library
from hfreader.analyzers.registries import exchanges, implementations
from hfreader.analyzers.roles import Roles
from hfreader.concepts import catalogue
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import Analysis, Diagram, DispatchSite
from hfreader.facts.code import FileFacts
from hfreader.facts.mapping import Computing
from hfreader.facts.matches import Match
from hfreader.facts.places import Place, Span
from hfreader.facts.problems import Problem

# What can go wrong on code that nobody thought of; on one class or file, it ends nothing else.
UNFORESEEN = (RecursionError, AssertionError, LookupError, TypeError, ValueError)


def analyse(library: Library, file: str, examiner: Examiner | None = None) -> Analysis:
    """Analyse every module class and every module-level function of `file` (relative to the package). With the
    `examiner` of other files of the library, what is identical there is not examined again.

    HfreaderError where the file cannot be read. What fails on one class or function is a problem of the analysis.
    """
    facts = library.file(file)
    matches: list[Match] = []
    diagrams: list[Diagram] = []
    dispatches: list[DispatchSite] = []
    problems = [
        Problem("analyzers", one.qualified, "its bases go round in a circle", Place(file, one.name_span))
        for one in facts.classes
        if library.goes_round(one.qualified)
    ]
    computing: list[Computing] = []
    examiner = examiner or Examiner(library)
    roles = Roles(library, catalogue(), examiner)
    for owner, function, span in _roots(library, facts):
        try:
            found = examiner.examine(owner, function)
            matches += found.matches
            dispatches += found.dispatches
            diagrams += [found.diagram] if found.diagram is not None else []
            roles.add(found.composition, found.matches)
            computing += [made] if (made := found.composition.computing) else []
        except (HfreaderError, *UNFORESEEN) as error:
            problems.append(Problem("analyzers", owner, reason(error), Place(file, span)))
    played = tuple(role for one in facts.classes for role in roles.of(one, file))
    kept = tuple(match for match in matches if roles.keeps(match))
    marked = {(match.owner, f"{match.concept}:{binding.symbol}") for match in kept for binding in match.bindings}
    exchanged = tuple(exchanges(library, library.tree(file)))
    registries = dict.fromkeys([*(one.registry for one in dispatches), *(one.registry for one in exchanged)])
    bodies = {one.qualified: examiner.body(one.qualified) or "" for one in facts.classes}
    bodies |= {(name := f"{facts.module}.{one.name}"): examiner.body(name) or "" for one in facts.functions}
    return Analysis(
        facts,
        kept,
        tuple(_marked(one, marked) for one in diagrams),
        tuple(dispatches),
        tuple(problems),
        played,
        tuple(computing),
        bodies,
        {name: implementations(library, name) for name in registries},
        asides(library, library.tree(file)),
        imported(library, library.tree(file)),
        exchanged,
        refused(library.tree(file).source, file),
    )


def _marked(diagram: Diagram, marked: Container[tuple[str, str]]) -> Diagram:
    """A diagram with the symbols of the matches that count."""
    nodes = (
        replace(node, symbols=tuple(one for one in node.symbols if (diagram.owner, one) in marked))
        for node in diagram.nodes
    )
    return replace(diagram, nodes=tuple(nodes))


def _roots(library: Library, facts: FileFacts) -> Iterator[tuple[str, str, Span]]:
    """Owner, function and span of what is analysed: classes whose `forward` is written in this file, the public
    methods of modules that have no `forward` (`encode`, `decode`), and functions."""
    for one in facts.classes:
        if one.kind not in ("module", "model"):
            continue
        method = library.method(one.qualified, "forward")
        if method is None and one.kind == "module":
            public = (method for method in one.methods if not method.name.startswith("_"))
            yield from ((one.qualified, method.name, method.name_span) for method in public if method.parameters[1:])
        elif method is not None and method[0].startswith(f"{facts.module}."):
            yield one.qualified, "forward", one.name_span
    for function in facts.functions:
        yield f"{facts.module}.{function.name}", function.name, function.name_span


def reason(error: Exception) -> str:
    """What a reader is told of an error."""
    if isinstance(error, HfreaderError):
        return str(error)
    return f"could not be analysed ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
