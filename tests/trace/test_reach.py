import textwrap
from pathlib import Path

import pytest

from hfreader.trace.reach import compared_constants, reachable

SOURCE = textwrap.dedent(
    """
    def helper(x):
        return x + 1

    def unused(x):
        return x

    class Base:
        def shared(self, x):
            logger.warning("no")
            return helper(x)

    class Model(Base):
        def __init__(self):
            self.kind = "a"

        def forward(self, x):
            if self.kind == "a" or self.mode in ("b", "c"):
                raise ValueError("no")
            return self.shared(x)

        def get_embeddings(self):
            return 1

    class Other:
        def forward(self, x):
            return x
    """
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "code.py").write_text(SOURCE)
    return tmp_path / "code.py"


def lines(file: Path, found: frozenset[int]) -> list[str]:
    return [file.read_text().splitlines()[line - 1].strip() for line in sorted(found)]


def test_reachable_from_forward(file: Path):
    assert lines(file, reachable(file, {"Model", "Base"})) == [
        "return x + 1",
        "return helper(x)",
        'if self.kind == "a" or self.mode in ("b", "c"):',
        "return self.shared(x)",
    ]
    assert lines(file, reachable(file, {"Other"})) == ["return x"]
    assert reachable(file, set()) == frozenset()


def test_constants_that_fields_are_compared_with(file: Path):
    assert compared_constants([file], {"mode": "", "kind": ""}) == {
        "kind": frozenset("a"),
        "mode": frozenset("bc"),
    }
    assert compared_constants([file], {"other": ""}) == {}
