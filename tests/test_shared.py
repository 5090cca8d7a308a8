from hfreader.analyzers.surveying import surveyed
from hfreader.facts.analysis import Analysis
from hfreader.facts.code import ClassFacts, FileFacts
from hfreader.facts.matches import Match, Proof
from hfreader.facts.places import Place, Span
from hfreader.facts.runs import Reached, RunSummary
from hfreader.facts.survey import FileSurvey
from hfreader.shared import merged, reaching, shared_chapter

FILE = "activations.py"
PLACE = Place(FILE, Span(3, 4, 3, 9))
MATCH = Match("gelu", "transformers.activations.A", "forward", PLACE, PLACE, (), ())
CODE = ClassFacts("A", MATCH.owner, "module", PLACE.span, PLACE.span, ())
SURVEY = surveyed(Analysis(FileFacts(FILE, "transformers.activations", "", (CODE,)), (MATCH,), (), ()))


def proof(state, error=None, executions=0) -> Proof:
    return Proof(MATCH.key, state, error, executions, reason="never executed" if state == "matched" else None)


def run(family: str, *proofs: Proof, ran: tuple[int, ...] = ()) -> RunSummary:
    spans = tuple(Span(line, 0, line, 9) for line in ran)
    return RunSummary(family, (), proofs, runs=2, reached=(Reached(FILE, 9, len(spans), spans),), stored=family)


def test_a_file_is_shown_once_with_what_all_families_say():
    runs = [run("bert", proof("matched")), run("gpt2", proof("proven", 1e-16, 4), ran=(3,))]
    chapter = shared_chapter(SURVEY, runs)
    assert chapter is not None and chapter.shared
    assert chapter.name == "activations"
    assert chapter.proof(MATCH.key).state == "proven"
    assert chapter.run is not None and chapter.run.runs == 2, "those of the family that reached it"
    assert chapter.run.reached == (Reached(FILE, 9, 1),)


def test_a_file_in_which_nothing_was_executed_is_not_shown():
    assert shared_chapter(SURVEY, [run("bert", proof("matched"))]) is None


def test_a_file_is_shown_where_no_model_was_run_at_all():
    chapter = shared_chapter(SURVEY, [])
    assert chapter is not None and chapter.run is None
    assert shared_chapter(FileSurvey(FILE), []) is None, "it holds nothing to show"


def test_a_file_is_shown_by_those_families_that_add_to_it():
    runs = [run("a", ran=(1, 2)), run("b", ran=(2,)), run("c", ran=(2, 3)), run("d")]
    assert [one.family for one in reaching(FILE, runs)] == ["a", "c"]


def test_proofs_add_up():
    (total,) = merged([MATCH.key], [proof("proven", 1e-16, 4), proof("proven", 3e-16, 2), proof("matched")])
    assert (total.state, total.error, total.executions, total.reason) == ("proven", 3e-16, 6, None)


def test_what_one_family_disproves_no_other_makes_good():
    (total,) = merged([MATCH.key], [proof("proven", 1e-16, 4), proof("disproven", 0.1, 1), proof("proven", 0.0, 9)])
    assert (total.state, total.error, total.executions) == ("disproven", 0.1, 1)


def test_other_matches_are_left_out():
    assert merged(["another"], [proof("proven", 0.0, 1)]) == ()
