"""What stays the same for which files when one file of a source changes."""

from pathlib import Path

import pytest

from hfreader.analyzers.library import Library, modeling_files_of, snapshot_reader
from hfreader.facts.snapshot import Snapshot
from hfreader.sources import Sources
from tests.two_families import two_families

ASH, BIRCH = (f"models/{name}/modeling_{name}.py" for name in ("ash", "birch"))


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    found = two_families(tmp_path)
    (tmp_path / "transformers/activations.py").write_text("ACT2FN = {}\n")
    return found


def changed(snapshot: Snapshot, file: str, text: str) -> set[str]:
    """Which of both modeling files are others after some text was added to a file."""
    before = Sources(snapshot)
    path = snapshot.path(file)
    path.write_text((path.read_text() if path.is_file() else "") + text)
    after = Sources(snapshot)
    assert before.whole != after.whole
    return {one.split("/")[1] for one in (ASH, BIRCH) if before.of(one) != after.of(one)}


def test_a_file_changes_with_itself_and_with_what_it_imports(snapshot: Snapshot):
    assert changed(snapshot, ASH, "# a remark\n") == {"ash"}
    assert changed(snapshot, "models/ash/configuration_ash.py", "# a remark\n") == {"ash"}
    assert changed(snapshot, "activations.py", "# a remark\n") == {"ash", "birch"}, "it lies outside models/"
    assert changed(snapshot, BIRCH, "from ..ash import AshModel\n") == {"birch"}
    assert changed(snapshot, ASH, "# another\n") == {"ash", "birch"}
    assert changed(snapshot, "models/ash/tokenization_ash.py", "x = 1\n") == set()


@pytest.mark.parametrize(
    "line",
    [
        "from ..ash.modeling_ash import AshModel",
        "from .. import ash",
        "    from transformers.models.ash.modeling_ash import AshModel",
        "import transformers.models.ash.modeling_ash",
        "from ..ash.modeling_ash import (",
    ],
)
def test_every_way_to_import_counts(snapshot: Snapshot, line: str):
    changed(snapshot, BIRCH, f"{line}\n")
    assert changed(snapshot, ASH, "# a remark\n") == {"ash", "birch"}


def test_a_family_is_all_its_files(snapshot: Snapshot):
    before = Sources(snapshot)
    snapshot.path("models/ash/tokenization_ash.py").write_text("x = 1\n")
    after = Sources(snapshot)
    assert before.family("ash") != after.family("ash") and before.family("birch") == after.family("birch")
    changed(snapshot, ASH, "# a remark\n")
    assert Sources(snapshot).family("birch") == after.family("birch")
    assert Sources(snapshot).written("birch") != after.written("birch"), "it is generated from Ash"


def test_what_the_analyzers_read_of_other_families_is_what_counts(snapshot: Snapshot):
    changed(snapshot, BIRCH, "from ..ash.modeling_ash import AshFeed\nclass Last(AshFeed):\n    pass\n")
    read, given = [], snapshot_reader(snapshot)
    library = Library(snapshot)
    library._open(snapshot, lambda file: (read.append(file), given(file))[1], lambda: modeling_files_of(snapshot))
    library.ancestors("transformers.models.birch.modeling_birch.Last")
    library.submodules("transformers.models.birch.modeling_birch.Last")
    inside = {file for file in read if file.startswith("models/") and snapshot.path(file).is_file()}
    assert inside <= Sources(snapshot)._reach([BIRCH]) and ASH in inside
