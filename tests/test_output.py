from pathlib import Path

import pytest

from hfreader.errors import HfreaderError
from hfreader.output import MARKER, asked_for, check_output, replace_site


def site_of(text: str):
    def write(folder):
        (folder / "models").mkdir()
        (folder / "models" / "bert.html").write_text(text)
        (folder / "index.html").write_text(text)
        return text

    return write


def test_a_new_site_replaces_the_old_one_whole(tmp_path):
    out = tmp_path / "deep" / "site"
    replace_site(out, site_of("old"))
    (out / "models" / "gone.html").write_text("left over")
    assert replace_site(out, site_of("new")) == "new"
    assert (out / "index.html").read_text() == "new"
    assert sorted(path.name for path in out.iterdir()) == [MARKER, "index.html", "models"]
    assert [path.name for path in (out / "models").iterdir()] == ["bert.html"]


def test_a_site_tells_what_was_asked_for(tmp_path):
    assert asked_for(tmp_path) is None
    check_output(tmp_path)
    assert asked_for(tmp_path) is None
    replace_site(tmp_path, site_of("new"), ("--models", "bert"))
    assert asked_for(tmp_path) == ("--models", "bert")


def test_the_mark_changes_with_the_site_and_not_before(tmp_path):
    replace_site(tmp_path, site_of("old"), ("--offline",))
    before = (tmp_path / MARKER).stat()

    def write(folder):
        check_output(tmp_path)
        assert (tmp_path / MARKER).stat() == before
        return site_of("new")(folder)

    replace_site(tmp_path, write, ("--offline",))
    assert (tmp_path / MARKER).stat() != before and (tmp_path / "index.html").read_text() == "new"


def test_what_git_keeps_in_the_folder_stays(tmp_path):
    (tmp_path / ".gitignore").write_text("*")
    check_output(tmp_path)
    replace_site(tmp_path, site_of("new"))
    assert (tmp_path / ".gitignore").read_text() == "*"


def test_a_failure_leaves_the_old_site(tmp_path):
    replace_site(tmp_path, site_of("old"))

    def fail(folder):
        (folder / "index.html").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_site(tmp_path, fail)
    assert (tmp_path / "index.html").read_text() == "old"
    replace_site(tmp_path, site_of("new"))
    assert (tmp_path / "index.html").read_text() == "new"


def test_other_peoples_files_are_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(HfreaderError, match=r"did not write.*--out"):
        check_output(tmp_path)


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HfreaderError, match="file is not a folder"):
        check_output(tmp_path / "file" / "site")


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(HfreaderError, match=r"cannot write to .*site: Permission denied; .*--out"):
        check_output(tmp_path / "site")


def test_the_folder_is_made_before_any_work(tmp_path):
    check_output(tmp_path / "deep" / "site")
    assert [entry.name for entry in (tmp_path / "deep" / "site").iterdir()] == [".hfreader"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that makes no folders")
def test_a_folder_that_only_making_it_shows_to_be_refused():
    with pytest.raises(HfreaderError, match="cannot write to /proc/hfreader"):
        check_output(Path("/proc/hfreader"))


def test_a_disk_that_refuses_is_one_clear_error(tmp_path):
    def full(folder):
        raise OSError(28, "No space left on device")

    with pytest.raises(HfreaderError, match="No space left"):
        replace_site(tmp_path, full)
