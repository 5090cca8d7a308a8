from dataclasses import replace

import pytest

from hfreader.facts.matches import Capture, Match, Proof
from hfreader.facts.places import Place, Span
from hfreader.facts.traces import Execution
from hfreader.trace.executed import with_ran

FILE, SHARED = "modeling_a.py", "shared.py"
ROOT = Place(FILE, Span(10, 4, 20, 30))
SITE = Place(FILE, Span(14, 12, 14, 40))
OUTPUT = Place(SHARED, Span(3, 11, 3, 20))
MATCH = Match("x", "a.A", "forward", ROOT, OUTPUT, (), (Capture("output", "value", (SITE,), OUTPUT),))
CALLS, COMPUTES, OTHER = Span(14, 8, 14, 41), Span(3, 4, 3, 21), Span(12, 8, 12, 20)


class Run:
    """What counts of a trace here."""

    def __init__(self, own: tuple[Span, ...], shared: tuple[Span, ...]) -> None:
        self.executions = (Execution(FILE, own, ()), Execution(SHARED, shared, ()))


def ran(*runs, match: Match = MATCH) -> bool | None:
    return with_ran([Proof(match.key, "matched")], [match], runs)[0].ran


def test_output_and_calls_ran_in_one_run():
    assert ran(Run((CALLS,), (COMPUTES,)))
    assert not ran()


def test_a_helper_that_others_called_is_no_execution():
    assert not ran(Run((OTHER,), (COMPUTES,)), Run((CALLS,), ()))


def test_the_root_itself_must_have_run():
    elsewhere = replace(MATCH, root=Place(FILE, Span(30, 4, 40, 0)))
    assert not ran(Run((CALLS,), (COMPUTES,)), match=elsewhere)


@pytest.mark.parametrize("known", [True, False])
def test_what_the_proof_saw_stays(known: bool):
    (proof,) = with_ran([Proof(MATCH.key, "matched", ran=known)], [MATCH], [Run((CALLS,), (COMPUTES,))])
    assert proof.ran is known
