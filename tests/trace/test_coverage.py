import pytest

from hfreader.errors import HfreaderError
from hfreader.progress import silent
from hfreader.trace.coverage import Found, find_settings
from hfreader.trace.models import model_classes
from hfreader.trace.reach import reachable
from hfreader.trace.recording import record, recorder_for
from tests.trace.conftest import PACKAGE
from tests.trace.tiny import SNAPSHOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["bert", "gpt2"])
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def found(family: str) -> Found:
    return find_settings(family, SNAPSHOT, silent)


def test_every_class_runs(family: str, found: Found):
    assert found.problems == ()
    assert {each.model_class for each in found.settings} == set(model_classes(family))
    assert found.settings[0].name == "plain"


def test_hardly_a_statement_stays_idle(family: str, found: Found):
    file = f"models/{family}/modeling_{family}.py"
    recorder = recorder_for((file,), PACKAGE, lines=False, modules=False)
    names, ran, every = set(), set(), set()
    for one in found.settings:
        model = one.model()
        names |= {kind.__name__ for part in model.modules() for kind in type(part).__mro__}
        execution = record(one, model, SNAPSHOT, recorder).executions[0]
        ran |= {span.line for span in execution.ran}
        every |= {span.line for span in (*execution.ran, *execution.idle)}
    idle = (reachable(PACKAGE / file, names) & every) - ran
    assert len(idle) <= 5, sorted(idle)


def test_each_setting_is_needed(found: Found):
    names = [(each.model_class.__name__, each.name) for each in found.settings]
    assert len(set(names)) == len(names)
    assert len(names) < 25


def test_unknown_family():
    with pytest.raises(HfreaderError, match="unknown family 'bret'"):
        find_settings("bret", SNAPSHOT, silent)


def test_classes_that_read_no_text_run_on_what_they_read():
    found = find_settings("vit", SNAPSHOT, silent)
    assert found.problems == ()
    plain = found.settings[0]
    assert plain.model_class.__name__ == "ViTModel"
    assert plain.options.others == (("pixel_values", 0),)
    assert plain.options.textless
