"""What the library keeps in mind of one analysed file."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from hfreader.analyzers.declared import modalities, year
from hfreader.facts.analysis import Analysis
from hfreader.facts.codec import to_json
from hfreader.facts.mapping import Role
from hfreader.facts.matches import Match
from hfreader.facts.places import Place
from hfreader.facts.problems import Problem
from hfreader.facts.survey import FileSurvey, Found, Played, Surveyed
from hfreader.store import digest


def surveyed(
    analysis: Analysis, read: Callable[[str], str] = lambda file: "", shared: Sequence[str] = ()
) -> FileSurvey:
    """The classes and the functions of one file; `read` gives the source of a file, `shared` is as in `FileSurvey`."""
    parts = _Parts(analysis, read)
    code = analysis.code
    source = read(code.file)
    classes = [
        Surveyed(
            one.qualified,
            code.file,
            one.kind,
            Place(code.file, one.span),
            one.name_span.line,
            tuple(parts.matches[one.qualified]),
            tuple(parts.played[one.qualified]),
            one.bases,
            code.generated_from,
            one.copied_from,
            analysis.bodies.get(one.qualified, ""),
            tuple(parts.problems.pop(one.qualified, ())),
            any(method.name == "forward" for method in one.methods),
            one.qualified in parts.computing,
        )
        for one in code.classes
    ]
    functions = [
        Surveyed(
            name,
            code.file,
            "function",
            Place(code.file, one.span),
            one.name_span.line,
            tuple(parts.matches[name]),
            (),
            (),
            code.generated_from,
            one.copied_from,
            analysis.bodies.get(name, ""),
            tuple(parts.problems.pop(name, ())),
        )
        for one in code.functions
        for name in [f"{code.module}.{one.name}"]
    ]
    return FileSurvey(
        code.file,
        digest(to_json(analysis)),
        digest(to_json(analysis.matches)),
        tuple(classes),
        tuple(functions),
        tuple(shared),
        tuple(problem for group in parts.problems.values() for problem in group),
        modalities(source) if any(one.kind == "model" for one in code.classes) else (),
        year(source),
    )


class _Parts:
    """What an analysis says, by the definition that it says it of."""

    def __init__(self, analysis: Analysis, read: Callable[[str], str]) -> None:
        lines = {file: read(file).split("\n") for file in {match.place.file for match in analysis.matches}}
        self.matches: dict[str, list[Found]] = defaultdict(list)
        for match in sorted(analysis.matches, key=lambda match: match.place):
            self.matches[match.owner].append(_found(match, lines[match.place.file]))
        self.played: dict[str, list[Played]] = defaultdict(list)
        for role in analysis.roles:
            self.played[role.owner].append(_played(role))
        self.problems: dict[str, list[Problem]] = defaultdict(list)
        for problem in analysis.problems:
            self.problems[problem.subject].append(problem)
        self.computing = {one.owner for one in analysis.computing}


def _found(match: Match, lines: Sequence[str]) -> Found:
    bound = dict.fromkeys(binding.symbol for binding in match.bindings if binding.tokens)
    line = match.place.span.line
    code = lines[line - 1].strip() if line <= len(lines) else ""
    return Found(match.concept, match.place, match.guards, match.function, tuple(bound), code)


def _played(role: Role) -> Played:
    return Played(role.concept, tuple(part.attribute for part in role.parts), role.wiring)
