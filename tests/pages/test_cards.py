from hfreader.facts.matches import Proof
from hfreader.pages.cards import proof_badge
from tests.pages.html import parse


def badge(**known):
    return parse(proof_badge(Proof("m", **known)))


def test_a_proof_says_how_far_the_code_is_from_the_equation():
    assert (
        "proven (max rel. error 3e-16; 12 executions in float64)"
        in badge(state="proven", error=3e-16, executions=12).text
    )
    assert "proven (exactly equal; 1 execution in float64)" in badge(state="proven", error=0.0, executions=1).text


def test_a_remark_on_a_proof_is_folded_away():
    shown = badge(state="proven", error=0.0, executions=4, reason="`x < 1` does not hold")
    (details,) = shown.all("details", "hf-proven")
    assert "4 executions" in details.all("summary")[0].text and "does not hold" not in details.all("summary")[0].text
    assert "`x < 1` does not hold" in details.text


def test_what_is_wrong_or_unchecked_says_why_at_once():
    wrong = badge(state="disproven", error=0.5, executions=2, reason="scaled twice")
    assert (
        "DISPROVEN" in wrong.text
        and "max rel. error 5e-01; 2 executions" in wrong.text
        and "scaled twice" in wrong.text
    )
    assert "matched, not proven: never executed" in badge(state="matched", reason="never executed").text
    assert not wrong.all("details")
