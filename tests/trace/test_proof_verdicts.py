import torch

from hfreader.trace.proof_equations import Outcome
from hfreader.trace.proof_verdicts import NEVER, Evidence, outline, verdict

GOOD = Outcome(error=1e-15, unused=frozenset())


def judge(*outcomes: Outcome, lost: str | None = None, failures: tuple[str, ...] = ()):
    evidence = Evidence()
    for outcome in outcomes:
        evidence.add(outcome, "run")
    return verdict("key", evidence, lost, failures)


def test_agreement_is_a_proof_with_its_largest_error():
    proof = judge(GOOD, Outcome(error=3e-15))
    assert (proof.state, proof.error, proof.executions, proof.reason) == ("proven", 3e-15, 2, None)


def test_one_execution_that_differs_disproves():
    proof = judge(GOOD, Outcome(error=0.25), GOOD)
    assert (proof.state, proof.error) == ("disproven", 0.25)
    assert str(proof.reason) == "code and equation differ in 1 of 3 executions"


def test_what_did_not_run_says_why():
    assert judge().reason == NEVER
    assert str(judge(failures=("no positions", "no positions")).reason) == f"{NEVER}; not run: no positions"
    assert str(judge(lost="output").reason) == "the place of output cannot be recorded"
    assert judge(Outcome(reason="x is missing")).reason == "x is missing"


def test_an_input_that_never_varied_is_no_proof():
    constant = Outcome(error=0.0, constant=frozenset({"mask"}))
    assert judge(constant, constant).state == "matched"
    assert judge(constant, GOOD).state == "proven"


def test_whether_it_ran_is_told_or_left_open():
    assert judge(GOOD).ran and judge(Outcome(error=0.5)).ran and judge(Outcome(reason="x is missing")).ran
    assert judge().ran is False
    assert judge(Outcome(reason=f"{NEVER} in which `x` holds")).ran is False
    assert judge(failures=("no positions",)).ran is None


def test_what_a_proof_leaves_open_is_said():
    proof = judge(Outcome(error=0.0, unused=frozenset({"key"})), Outcome(reason="not covered"))
    assert proof.state == "proven"
    assert proof.reason is not None
    assert "key" in str(proof.reason) and "1 further executions not compared: not covered" in str(proof.reason)


def test_executions_that_differ_in_numbers_alone_are_alike():
    one, other = ({"x": torch.randn(2, 3), "scale": 0.5, "mask": None} for _ in range(2))
    assert outline(one) == outline(other)
    assert outline({**one, "scale": 2.0}) != outline(one)
    assert outline({**one, "x": torch.randn(3)}) != outline(one)
    assert outline({**one, "mask": torch.ones(2)}) != outline(one)


def test_of_a_kind_of_executions_only_so_many_are_taken():
    evidence = Evidence()
    assert [evidence.takes("one", 2) for _ in range(4)] == [True, True, False, False]
    assert evidence.takes("other", 2)
