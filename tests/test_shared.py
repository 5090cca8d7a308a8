from hfreader.facts.analysis import Analysis
from hfreader.facts.code import FileFacts
from hfreader.facts.matches import Match, Proof
from hfreader.facts.places import Place, Span
from hfreader.facts.runs import FamilyRun
from hfreader.shared import merged, shared_families

FILE = "activations.py"
PLACE = Place(FILE, Span(3, 4, 3, 9))
MATCH = Match("gelu", "transformers.activations.A", "forward", PLACE, PLACE, (), ())
ANALYSIS = Analysis(FileFacts(FILE, "transformers.activations", ""), (MATCH,), (), ())


def proof(state, error=None, executions=0) -> Proof:
    return Proof(MATCH.key, state, error, executions, reason="never executed" if state == "matched" else None)


def run(family: str, *proofs: Proof) -> FamilyRun:
    return FamilyRun(family, (), proofs)


def test_a_file_is_shown_once_with_what_all_families_say():
    runs = [run("bert", proof("matched")), run("gpt2", proof("proven", 1e-16, 4))]
    (family,) = shared_families([ANALYSIS], runs)
    assert family.shared
    assert family.name == "activations"
    assert family.proof(MATCH).state == "proven"


def test_a_file_in_which_nothing_was_executed_is_not_shown():
    assert shared_families([ANALYSIS], [run("bert", proof("matched"))]) == ()


def test_proofs_add_up():
    (total,) = merged([MATCH.key], [proof("proven", 1e-16, 4), proof("proven", 3e-16, 2), proof("matched")])
    assert (total.state, total.error, total.executions, total.reason) == ("proven", 3e-16, 6, None)


def test_what_one_family_disproves_no_other_makes_good():
    (total,) = merged([MATCH.key], [proof("proven", 1e-16, 4), proof("disproven", 0.1, 1), proof("proven", 0.0, 9)])
    assert (total.state, total.error, total.executions) == ("disproven", 0.1, 1)


def test_other_matches_are_left_out():
    assert merged(["another"], [proof("proven", 0.0, 1)]) == ()
