"""What a reader may write for a class, a function or a line, and what a mistake is answered with."""

import pytest

from hfreader.analyzers.library import Library
from hfreader.ask.names import subject
from hfreader.errors import HfreaderError


@pytest.mark.parametrize(
    "target",
    [
        "AshNorm",
        "ash.AshNorm",
        "modeling_ash.AshNorm",
        "transformers.models.ash.modeling_ash.AshNorm",
        "modeling_ash.py:11",
        "models/ash/modeling_ash.py:14",
        "src/transformers/models/ash/modeling_ash.py:11",
        "ash:11",
    ],
)
def test_ways_to_name_a_class(snapshot, target):
    found = subject(snapshot, Library(snapshot), target)
    assert found.qualified == "transformers.models.ash.modeling_ash.AshNorm"
    assert found.line == (int(target.partition(":")[2]) if ":" in target else None)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("AshNrm", "did you mean AshNorm"),
        ("oak.AshNorm", "no class or function"),
        ("modeling_ahs.py:3", "did you mean modeling_ash.py"),
        ("modeling_ash.py:999", "lines, not 999"),
        ("modeling_ash.py:2", "stands in no class"),
    ],
)
def test_mistakes(snapshot, target, words):
    with pytest.raises(HfreaderError, match=words):
        subject(snapshot, Library(snapshot), target)


def test_a_name_in_several_files(snapshot):
    for family in ("ash", "birch"):
        file = snapshot.path(f"models/{family}/modeling_{family}.py")
        file.write_text(file.read_text(encoding="utf-8") + "\ndef both(x):\n    return x\n", encoding="utf-8")
    with pytest.raises(HfreaderError, match=r"2 files.*ash\.both, birch\.both"):
        subject(snapshot, Library(snapshot), "both")
    assert subject(snapshot, Library(snapshot), "birch.both").facts.file == "models/birch/modeling_birch.py"
