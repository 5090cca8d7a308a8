"""Prove matches: run the classes small, in float64, with random weights, and compare the code with the equations."""

import inspect
import math
from collections import defaultdict
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from pathlib import Path

import torch

from hfreader.concepts.model import Chosen, Concept
from hfreader.facts.matches import Capture, Match, Proof
from hfreader.facts.phrases import Phrase, Words, phrase
from hfreader.facts.places import Place
from hfreader.progress import Report, silent
from hfreader.trace.captures import CaptureSession, Invocation
from hfreader.trace.configs import one_line
from hfreader.trace.holding import held
from hfreader.trace.precision import float64
from hfreader.trace.proof_equations import ABSENT, BROKEN, Outcome, check, uncaptured
from hfreader.trace.proof_guards import Guards, guards_of, only
from hfreader.trace.proof_runs import SmallRun, run_small
from hfreader.trace.proof_verdicts import Evidence, outline, verdict
from hfreader.trace.settings import Setting

SEEDS = (0, 1)
GUARD = "guard"
EXAMINED = 2
"""How many executions of each match are also examined for inputs that the equation ignores."""


def prove(
    matches: Sequence[Match],
    settings: Sequence[Setting],
    concepts: Mapping[str, Concept],
    package: Path,
    report: Report = silent,
) -> tuple[Proof, ...]:
    """A proof, or why there is none, for each match, in their order.

    settings  the ways to run the classes; each is run at small sizes with two seeds, and what it executes is compared.
    concepts  by slug.
    package   the folder `transformers` that is imported.
    """
    guards = {match.key: guards_of(match, package) for match in matches}
    session = _session(matches, guards, package)
    by_root: dict[Place, list[Match]] = defaultdict(list)
    for match in matches:
        if match.concept in concepts:
            by_root[match.root].append(match)
    evidence = {match.key: Evidence() for match in matches}
    failures: list[str] = []
    work = list(settings)
    with held(session.rewritten):
        for number, setting in enumerate(work):
            report("proof", f"{setting.model_class.__name__}, {setting.name}", number, len(work))
            try:
                for run in run_small(session, setting, SEEDS):
                    news = 0
                    for one in run.invocations:
                        for match in by_root[one.root]:
                            evidence[match.key].entered = True
                            news += _compare(
                                match, concepts[match.concept], guards[match.key], one, evidence[match.key], run
                            )
                    run.invocations.clear()  # their tensors take more memory than models do
                    if not news:
                        break  # other numbers in the same code show nothing new either
            except Exception as error:  # a class that does not run so proves nothing, and the others go on
                failures.append(one_line(error))
    missing = {key for _, key, _ in session.missing}
    return tuple(verdict(one.key, evidence[one.key], _lost(one, concepts, missing), failures) for one in matches)


def _session(matches: Sequence[Match], guards: Mapping[str, Guards], package: Path) -> CaptureSession:
    wanted: list[tuple[Place, Hashable, Capture]] = [
        (match.root, (match.key, one), one) for match in matches for one in match.captures
    ]
    also = [
        (match.root, (match.key, GUARD, one.symbol), one) for match in matches for one in guards[match.key].captures
    ]
    return CaptureSession([*wanted, *also], package)


def _lost(match: Match, concepts: Mapping[str, Concept], missing: Container[Hashable]) -> str | None:
    """The symbol of the output, where it cannot be captured."""
    output = concepts[match.concept].output if match.concept in concepts else None
    places = [one for one in match.captures if one.symbol == output]
    return output if all((match.key, one) in missing for one in places) else None


def _compare(
    match: Match, concept: Concept, guards: Guards, invocation: Invocation, evidence: Evidence, run: SmallRun
) -> int:
    """Check the executions of a match in one invocation of its root, and say how many; those like others before, in
    whatever run, are left out."""
    checked = 0
    seen = {one.symbol: invocation.values.get((match.key, GUARD, one.symbol), []) for one in guards.captures}
    broken = guards.broken(invocation.instance, seen)
    runs = _readings(match, invocation)
    count = len(runs[0].get(concept.output, []))
    holding = guards.holding(invocation.instance, seen, count) if count > 1 else ()
    if 0 < len(holding) < count:
        runs, count = [only(holding, each, count) for each in runs], len(holding)
    for number, readings in enumerate(_executions(runs, concept.output, count)):
        if isinstance(readings, Phrase):
            evidence.add(Outcome(reason=readings), run.words)
            continue
        if not evidence.takes((run.kind, invocation.module, broken, outline(readings[0])), len(SEEDS)):
            continue
        checked += 1
        captured, outcome = _best(readings, concept, run, examine=evidence.compared < EXAMINED)
        entered = _before(runs[0], concept, count) if number and outcome.differs else None
        why = _no_evidence(outcome, match, concept, guards, captured, broken, entered)
        evidence.add(outcome if why is None else Outcome(reason=why), run.words)
    return checked


def _no_evidence(
    outcome: Outcome,
    match: Match,
    concept: Concept,
    guards: Guards,
    captured: Mapping[str, object],
    broken: str | None,
    entered: str | None,
) -> Words | None:
    """Why what came out of an execution says nothing of the match; None where it does.

    broken   a condition of the match that did not hold.
    entered  a symbol whose value is known of the first pass of a loop alone, where a later one does not agree.
    """
    differs = outcome.differs
    if broken and (differs or outcome.error is None):
        return phrase(BROKEN, condition=broken)
    if any(one.symbol == outcome.missing for one in match.captures):
        return phrase(ABSENT, symbol=str(outcome.missing))
    if differs and (unseen := _unseen(match, concept, captured)):
        return uncaptured(unseen)
    if differs and guards.chosen:
        return phrase("whether a run took %(choice)s is not seen, and none agrees", choice=guards.chosen[0])
    if entered:
        return phrase("later passes of the loop take another %(symbol)s than the first", symbol=entered)
    return None


def _before(readings: Mapping[str, Sequence[object]], concept: Concept, count: int) -> str | None:
    """A symbol whose tensor was captured once for all of several executions: before the loop that these are in."""
    taken = inspect.signature(concept.computation).parameters
    once = (name for name, values in readings.items() if len(values) == 1 < count and name in taken)
    return next((name for name in once if isinstance(readings[name][0], torch.Tensor)), None)


def _best(
    readings: Sequence[Mapping[str, object]], concept: Concept, run: SmallRun, examine: bool
) -> tuple[Mapping[str, object], Outcome]:
    """The first reading of an execution with which code and equation agree, or the first of all; and what it says."""
    # The reference may call modules, and they must compute as they did in the run.
    with float64(disguised=True):
        tried = [(readings[0], check(concept, _marked(readings[0], run.chosen), examine))]
        for other in readings[1:]:
            if not tried[-1][1].differs:
                break
            tried.append((other, check(concept, _marked(other, run.chosen), examine)))
    agreeing = [each for each in tried if each[1].error is not None and not each[1].differs]
    return (agreeing or tried)[0]


def _marked(captured: Mapping[str, object], chosen: frozenset[float]) -> dict[str, object]:
    """What was captured, with the numbers marked that a scale of the configuration sets."""
    return {
        name: Chosen(value) if type(value) is float and any(math.isclose(value, one) for one in chosen) else value
        for name, value in captured.items()
    }


def _unseen(match: Match, concept: Concept, captured: Mapping[str, object]) -> str | None:
    """A symbol that the reference takes and the match found, but this execution did not show, so that the reference
    computed with its default: an argument bound in an `__init__`, or code that another branch or class stood for."""
    taken = inspect.signature(concept.computation).parameters
    return next((one.symbol for one in match.bindings if one.symbol in taken and one.symbol not in captured), None)


def _executions(
    readings: Sequence[Mapping[str, list[object]]], output: str, count: int
) -> Iterator[list[dict[str, object]] | Phrase]:
    """The captured symbols of each of `count` executions of the output, or why they cannot be told apart.

    A symbol captured once serves all executions (a mask made before a loop); one captured as often as the output goes
    with it in order. Of an execution there are several readings where a symbol stands for values of several branches,
    more than one of which ran.
    """
    for symbol, seen in readings[0].items():
        if count and len(seen) not in (0, 1, count):
            yield phrase(
                "%(symbol)s was captured %(times)s times for %(values)s values of %(output)s",
                symbol=symbol,
                times=len(seen),
                values=count,
                output=output,
            )
            return
    fitting = [each for each in readings if all(len(seen) in (0, 1, count) for seen in each.values())]
    for number in range(count):
        yield [
            {symbol: seen[number if len(seen) > 1 else 0] for symbol, seen in each.items() if seen} for each in fitting
        ]


def _readings(match: Match, invocation: Invocation) -> list[dict[str, list[object]]]:
    """The values of each symbol: those of the first of its places that ran; then, where several ran, of each place."""
    places: dict[str, list[Capture]] = defaultdict(list)
    for one in match.captures:
        places[one.symbol].append(one)
    ran = {
        symbol: [seen for one in several if (seen := invocation.values.get((match.key, one), []))]
        for symbol, several in places.items()
    }
    most = max((len(seen) for seen in ran.values()), default=1)
    return [
        {symbol: seen[min(number, len(seen) - 1)] if seen else [] for symbol, seen in ran.items()}
        for number in range(max(most, 1))
    ]
