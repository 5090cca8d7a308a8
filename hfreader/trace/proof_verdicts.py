"""From what all executions of a match say to one verdict."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from hfreader.facts.matches import Proof
from hfreader.facts.phrases import Phrase, Words, joined, phrase
from hfreader.trace.proof_equations import ABSENT, BROKEN, NEVER, TOLERANCE, Outcome

# Characters of what kept settings from running.
LONGEST = 370


@dataclass
class Evidence:
    """The outcomes of all executions of one match, and the runs they come from.

    entered  whether the function in which the match is was called in any run.
    alike    how many executions of each kind were taken.
    """

    errors: list[float] = field(default_factory=list)
    reasons: Counter[Words] = field(default_factory=Counter)
    runs: dict[str, None] = field(default_factory=dict)
    constant: frozenset[str] | None = None
    unused: frozenset[str] | None = None
    chosen: bool = False
    entered: bool = False
    alike: Counter[Hashable] = field(default_factory=Counter)

    @property
    def compared(self) -> int:
        """How many executions could be compared."""
        return len(self.errors)

    def takes(self, kind: Hashable, most: int) -> bool:
        """Whether another execution of this kind can show anything; `most` of them do."""
        self.alike[kind] += 1
        return self.alike[kind] <= most

    def add(self, outcome: Outcome, run: str) -> None:
        """Take one execution in."""
        if outcome.error is None:
            self.reasons[outcome.reason or phrase("could not be compared")] += 1
            return
        self.errors.append(outcome.error)
        self.runs[run] = None
        self.chosen |= outcome.chosen
        self.constant = outcome.constant if self.constant is None else self.constant & outcome.constant
        if outcome.unused is not None:
            self.unused = outcome.unused if self.unused is None else self.unused & outcome.unused


def outline(captured: Mapping[str, object]) -> Hashable:
    """What was captured, without the numbers of tensors: executions of the same code that differ in no more than these
    differ in nothing that an equation speaks of."""
    return tuple((symbol, _outlined(value)) for symbol, value in captured.items())


def _outlined(value: object) -> Hashable:
    if isinstance(value, torch.Tensor):
        return value.dim(), str(value.dtype)
    return value if isinstance(value, bool | int | float | str) else type(value).__name__


def verdict(match: str, evidence: Evidence, lost: str | None, failures: Sequence[str]) -> Proof:
    """The proof of a match by its key.

    lost      the symbol of the output, where nothing in the source stands at its place.
    failures  what kept settings from running, for matches that were not executed.
    """
    if not evidence.compared:
        return Proof(match, "matched", reason=_why_not(evidence, lost, failures), ran=_ran(evidence, lost, failures))
    error, setting = max(evidence.errors), _settings(list(evidence.runs))
    wrong = sum(not each <= TOLERANCE for each in evidence.errors)
    doubt = _doubt(evidence)
    if wrong:
        reason = phrase(
            "code and equation differ in %(wrong)s of %(all)s executions", **{"wrong": wrong, "all": evidence.compared}
        )
        return Proof(match, "disproven", error, evidence.compared, setting, reason, True)
    if doubt is not None:
        return Proof(match, "matched", error, evidence.compared, setting, doubt, True)
    return Proof(match, "proven", error, evidence.compared, setting, _remark(evidence), True)


def _ran(evidence: Evidence, lost: str | None, failures: Sequence[str]) -> bool | None:
    """Whether a match that was not compared ran; None where what was captured cannot tell: its output has no place
    that can be recorded, or a run failed that might have reached it."""
    if any(not str(reason).startswith(str(NEVER)) for reason in evidence.reasons):
        return True
    return None if failures or (lost is not None and evidence.entered) else False


def _why_not(evidence: Evidence, lost: str | None, failures: Sequence[str]) -> Words:
    if lost is not None:
        return phrase("the place of %(symbol)s cannot be recorded", symbol=lost)
    if evidence.reasons:
        return evidence.reasons.most_common(1)[0][0]
    why = "; ".join(dict.fromkeys(failures))[:LONGEST]
    return phrase("never executed in any run; not run: %(why)s", why=why) if failures else NEVER


def _doubt(evidence: Evidence) -> Words | None:
    """Why agreement says little, or None."""
    if evidence.constant:
        symbols = _listed(evidence.constant)
        return phrase("agrees, but %(symbols)s held one value only in every execution", symbols=symbols)
    return None


def _remark(evidence: Evidence) -> Words | None:
    """What a proof leaves open, or None."""
    remarks: list[Words] = []
    if evidence.chosen:
        remarks.append(phrase("with a scale that the configuration sets, where the equation has one of its own"))
    if evidence.unused:
        symbols = _listed(evidence.unused)
        remarks.append(phrase("the equation's result does not depend on %(symbols)s, as captured", symbols=symbols))
    if evidence.reasons:
        remarks.append(_left(evidence.reasons.most_common(1)[0][0], evidence.reasons.total()))
    return joined(remarks, "; ") or None


def _left(reason: Words, number: int) -> Words:
    """How many executions were not compared, and why; that something did not run is said of these executions alone."""
    if isinstance(reason, Phrase):
        told = dict(reason.arguments)
        if reason.message == BROKEN:
            return phrase("in %(number)s further executions %(condition)s did not hold", number=number, **told)
        if reason.message == ABSENT:
            return phrase("in %(number)s further executions the code of %(symbol)s did not run", number=number, **told)
    return phrase("%(number)s further executions not compared: %(reason)s", number=number, reason=reason)


def _listed(symbols: frozenset[str]) -> str:
    return ", ".join(sorted(symbols))


def _settings(runs: Sequence[str]) -> str:
    more = f"; and {len(runs) - 2} more runs" if len(runs) > 2 else ""
    return "; ".join(runs[:2]) + more
