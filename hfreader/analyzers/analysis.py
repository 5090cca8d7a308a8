"""One modeling file, analysed: what its classes are, where the equations stand in them, how data flows through them."""

from collections.abc import Iterator

from hfreader.analyzers.dataflow import dataflow, dispatch_sites
from hfreader.analyzers.folding import fold
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import Matcher
from hfreader.analyzers.roles import Roles
from hfreader.analyzers.roles_calls import composition
from hfreader.concepts import catalogue
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import Analysis, DispatchSite
from hfreader.facts.code import FileFacts
from hfreader.facts.dataflow import Dataflow
from hfreader.facts.mapping import Computing
from hfreader.facts.matches import Match
from hfreader.facts.places import Place, Span
from hfreader.facts.problems import Problem


def analyse(library: Library, file: str) -> Analysis:
    """Analyse every module class and every module-level function of `file` (relative to the package).

    HfreaderError where the file cannot be read. What fails on one class or function is a problem of the analysis.
    """
    facts = library.file(file)
    matches: list[Match] = []
    forwards: list[tuple[Dataflow, tuple[Match, ...]]] = []
    dispatches: list[DispatchSite] = []
    problems: list[Problem] = []
    computing: list[Computing] = []
    roles = Roles(library, catalogue())
    for owner, function, span in _roots(library, facts):
        try:
            graph = dataflow(library, owner, function)
            matcher = Matcher(graph, catalogue())
            found = matcher.matches()
            matches += found
            dispatches += dispatch_sites(graph)
            forwards += [(graph, found)] if function == "forward" else []
            made = composition(matcher.flow)
            roles.add(made, found)
            computing += [made.computing] if made.computing else []
        except (HfreaderError, RecursionError, AssertionError, LookupError, TypeError, ValueError) as error:
            problems.append(Problem("analyzers", owner, _reason(error), Place(file, span)))
    played = tuple(role for one in facts.classes for role in roles.of(one, file))
    kept = tuple(match for match in matches if roles.keeps(match))
    diagrams = (fold(graph, tuple(match for match in found if roles.keeps(match))) for graph, found in forwards)
    return Analysis(facts, kept, tuple(diagrams), tuple(dispatches), tuple(problems), played, tuple(computing))


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
        elif method is None and one.kind == "module":
            yield from ((one.qualified, other.name, other.name_span) for other in one.methods if other.name[:1] != "_")
    for function in facts.functions:
        yield f"{facts.module}.{function.name}", function.name, function.name_span


def _reason(error: Exception) -> str:
    if isinstance(error, HfreaderError):
        return str(error)
    return f"could not be analysed ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
