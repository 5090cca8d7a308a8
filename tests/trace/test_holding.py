import pytest

from hfreader.trace.holding import held, placed
from hfreader.trace.instrument import rewrite_files
from hfreader.trace.rewrite import Plan

SOURCE = """
def double(x):
    y = 2 * x
    return y

def later():
    return lambda x: double(x)
"""


@pytest.fixture
def sample(written):
    module, folder = written(SOURCE)
    return module, rewrite_files({"code.py": Plan(lines=True, statements=True)}, folder)


def recorder(rows: list[object]):
    def record(site, value):
        rows.append(value)
        return value

    return {"record": record, "hit": lambda statement: None}


def test_held_code_does_nothing_between_recordings(sample):
    module, files = sample
    original = module.double.__code__
    rows: list[object] = []
    with held(files):
        assert module.double(1) == 2
        inside = module.double.__code__
        assert inside is not original
        with placed(files, recorder(rows)):
            assert module.double(3) == 6
            assert module.double.__code__ is inside
        assert module.double(4) == 8
    assert rows == [3, 6, 6]
    assert module.double.__code__ is original


def test_without_holding_code_is_swapped(sample):
    module, files = sample
    rows: list[object] = []
    with placed(files, recorder(rows)):
        module.double(3)
    module.double(4)
    assert rows == [3, 6, 6]


def test_other_files_are_not_held(sample):
    module, files = sample
    rows: list[object] = []
    with held(list(files)), placed(files, recorder(rows)):
        pass
    module.double(1)
    assert rows == []


def test_the_original_code_returns_after_an_error(sample):
    module, files = sample
    original = module.double.__code__
    rows: list[object] = []
    with pytest.raises(TypeError), held(files), placed(files, recorder(rows)):
        module.double(None)
    assert module.double.__code__ is original
    assert module.double(1) == 2
    assert rows == [None]
