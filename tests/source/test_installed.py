from importlib.metadata import version
from pathlib import Path

from hfreader.source.installed import installed_snapshot, version_of


def test_the_version_is_read_without_executing_the_package(tmp_path: Path):
    (tmp_path / "__init__.py").write_text('raise SystemExit\n__version__ = "5.1.0.dev0"\n')
    assert version_of(tmp_path) == "5.1.0.dev0"
    (tmp_path / "__init__.py").write_text("__version__ = compute()\n")
    assert version_of(tmp_path) == "unknown"


def test_the_installed_package_agrees_with_its_metadata():
    snapshot = installed_snapshot("why")
    assert snapshot.note == "why"
    assert version_of(Path(snapshot.package)) == snapshot.version == version("transformers")
