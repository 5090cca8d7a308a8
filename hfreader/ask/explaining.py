"""What a class, a function or a line of the library is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hfreader.analyses import analyses_of
from hfreader.analyzers.difference import Differ
from hfreader.analyzers.difference_outlines import Outlines
from hfreader.analyzers.library import Library
from hfreader.analyzers.lineage import Genealogy
from hfreader.ask.concepts import cited
from hfreader.ask.finding import family_of
from hfreader.ask.names import Subject, subject
from hfreader.concepts import catalogue
from hfreader.concepts.equations import equations_here
from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis
from hfreader.facts.answers import ConceptUse, Explanation, SymbolUse
from hfreader.facts.code import ClassFacts
from hfreader.facts.lineage import Lineage
from hfreader.facts.matches import Match, Proof
from hfreader.facts.places import Place, Span
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.survey import Survey
from hfreader.progress import Report
from hfreader.ran import runs_so_far, states
from hfreader.sources import Sources
from hfreader.survey import known_survey


def explain(snapshot: Snapshot, target: str, report: Report) -> Explanation:
    """What `target` is (see `hfreader.ask.names.subject`). Only its own file is analysed; what is identical elsewhere
    is told where the library has been surveyed before."""
    library = Library(snapshot)
    asked = subject(snapshot, library, target)
    sources = Sources(snapshot)
    file = asked.facts.file
    analysis = analyses_of(library, sources, [file], report)[file]
    survey = known_survey(sources.whole)
    proofs = states(runs_so_far(sources, [family_of(file)]).values())
    lines = {file: library.tree(file).source.split("\n")}
    uses = tuple(_use(match, asked.line, library, lines, proofs) for match in _matches(analysis, asked))
    lineage = None
    if isinstance(asked.definition, ClassFacts):
        report("lineage", asked.qualified.rpartition(".")[2])
        lineage = Genealogy(library, Differ(Outlines(library)), survey).lineage(asked.qualified)
    span = asked.definition.span if asked.line is None else Span(asked.line, 0, asked.line, 0)
    return Explanation(
        asked.qualified,
        asked.definition.kind if isinstance(asked.definition, ClassFacts) else "function",
        Place(file, span),
        asked.line,
        None if asked.line is None else lines[file][asked.line - 1],
        snapshot.link(file, span),
        _first_paragraph(asked.definition.docstring),
        uses,
        tuple(_role(role.concept, role.wiring) for role in analysis.roles if role.owner == asked.qualified),
        lineage,
        _descendants(asked.qualified, survey),
        survey is not None,
        tuple(_read_on(snapshot, library, asked, uses, lineage)),
        tuple(one for one in analysis.problems if one.subject == asked.qualified),
    )


def _matches(analysis: Analysis, asked: Subject) -> list[Match]:
    """The matches of a definition, or those that bind a symbol on the line asked for."""
    if asked.line is None:
        return [match for match in analysis.matches if match.owner == asked.qualified]
    found = [match for match in analysis.matches if _on_line(match, asked.facts.file, asked.line)]
    # A function inlined into several classes is found from each of them: once is enough, its own finding first.
    unique: dict[tuple[str, Place], Match] = {}
    for match in sorted(found, key=lambda match: match.owner != asked.qualified):
        unique.setdefault((match.concept, match.place), match)
    return list(unique.values())


def _on_line(match: Match, file: str, line: int) -> bool:
    places = [match.place, *(token for binding in match.bindings for token in binding.tokens)]
    return any(place.file == file and place.span.line <= line <= place.span.end_line for place in places)


def _use(
    match: Match, line: int | None, library: Library, lines: dict[str, list[str]], proofs: Mapping[str, Proof]
) -> ConceptUse:
    concept = catalogue()[match.concept]
    proof = proofs.get(match.key)
    bound = {binding.symbol for binding in match.bindings if binding.tokens}
    return ConceptUse(
        concept.slug,
        concept.name.en,
        concept.explanation.en,
        replace(concept, equations=equations_here(concept, bound)).printed,
        tuple(cited(citation) for citation in concept.citations),
        match.owner,
        match.place.span.line,
        match.place.file,
        proof.state if proof is not None else "matched",
        proof.error if proof is not None else None,
        match.guards,
        tuple(_symbols(concept, match, line, library, lines)),
    )


def _symbols(
    concept: Concept, match: Match, line: int | None, library: Library, lines: dict[str, list[str]]
) -> Iterable[SymbolUse]:
    meanings = {symbol.name: symbol for symbol in concept.symbols}
    for binding in match.bindings:
        tokens = [
            place
            for place in binding.tokens
            if line is None or (place.file == match.place.file and place.span.line == line)
        ]
        symbol = meanings.get(binding.symbol)
        if not tokens or symbol is None:
            continue
        for place in tokens:
            if place.file not in lines:
                lines[place.file] = library.tree(place.file).source.split("\n")
        written = tuple(dict.fromkeys((_text(lines[place.file], place.span), place.span.line) for place in tokens))
        yield SymbolUse(binding.symbol, symbol.latex, symbol.meaning.en, written, tokens[0].file)


def _text(lines: Sequence[str], span: Span) -> str:
    end = span.end_column if span.end_line == span.line else None
    return lines[span.line - 1][span.column : end].strip() + ("" if end is not None else " …")


def _role(slug: str, wiring: str | None) -> str:
    name = catalogue()[slug].name.en if slug in catalogue() else slug
    return f"{name}: {wiring}" if wiring else name


def _descendants(owner: str, survey: Survey | None) -> tuple[str, ...]:
    """Classes that name this one as a base or as what they were copied from."""
    if survey is None:
        return ()
    return tuple(
        one.qualified
        for one in survey.classes
        if owner in one.bases or (one.copied_from is not None and one.copied_from.split()[0] == owner)
    )


def _read_on(
    snapshot: Snapshot, library: Library, asked: Subject, uses: Sequence[ConceptUse], lineage: Lineage | None
) -> Iterable[tuple[str, str]]:
    """The paper, the nearest relative, and the parts."""
    for source in dict.fromkeys(one.sources[0] for one in uses if one.sources):
        yield "paper", source
    for relation in lineage.relations[:2] if lineage is not None else ():
        found = library.find_class(relation.relative)
        if found is not None:
            yield found[1].name, f"{found[0].file}:{found[1].name_span.line}"
    if asked.line is None and isinstance(asked.definition, ClassFacts):
        for part in library.submodules(asked.qualified):
            for name in part.classes:
                found = library.find_class(name) if name.startswith("transformers.models.") else None
                if found is not None:
                    yield f"{part.attribute}: {found[1].name}", f"{found[0].file}:{found[1].name_span.line}"


def _first_paragraph(docstring: str | None) -> str | None:
    text = (docstring or "").strip().split("\n\n")[0]
    return " ".join(text.split()) or None
