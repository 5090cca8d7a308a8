"""Which matches ran, told from the statements of the traces where the proof could not see it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hfreader.facts.matches import Match, Proof
from hfreader.facts.places import Place, Span
from hfreader.facts.traces import Execution, Trace


def with_ran(proofs: Sequence[Proof], matches: Sequence[Match], traces: Iterable[Trace]) -> tuple[Proof, ...]:
    """The proofs, none of which leaves open whether its match ran: a statement of its root function, the one that
    holds its output, and those that call towards it did in one trace."""
    known = {match.key: match for match in matches}
    runs = [_statements(trace.executions) for trace in traces]
    return tuple(
        proof if proof.ran is not None else replace(proof, ran=any(_ran(known[proof.match], run) for run in runs))
        for proof in proofs
    )


def _statements(executions: Iterable[Execution]) -> dict[str, tuple[Span, ...]]:
    return {each.file: each.ran for each in executions}


def _ran(match: Match, run: Mapping[str, tuple[Span, ...]]) -> bool:
    ways = {capture.sites for capture in match.captures if capture.place == match.place} or {()}
    called = any(map(match.root.span.holds, run.get(match.root.file, ())))
    return called and any(all(_in_statement(place, run) for place in (match.place, *sites)) for sites in ways)


def _in_statement(place: Place, run: Mapping[str, tuple[Span, ...]]) -> bool:
    """Whether a statement ran that holds the place."""
    return any(span.holds(place.span) for span in run.get(place.file, ()))
