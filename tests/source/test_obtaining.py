import shutil
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from hfreader.errors import HfreaderError
from hfreader.facts.snapshot import Snapshot
from hfreader.source import obtain, obtaining, remotes
from tests.conftest import commit_all, git, installed_package


def said(messages: list[str]):
    return lambda stage, message, done=None, total=None: messages.append(message)


def read(snapshot: Snapshot, file: str = "models/bert/modeling_bert.py") -> bytes:
    return snapshot.path(file).read_bytes()


@pytest.mark.parametrize("server", ["daemon", "web"])
def test_a_tag_from_a_server_is_pinned_and_whole(server: str, repository: Path, request: pytest.FixtureRequest):
    url = str(request.getfixturevalue(server))
    messages: list[str] = []
    snapshot = obtain(url, "v5.0.0", report=said(messages))
    assert {"receiving objects", "unpacking"} & set(messages)
    assert snapshot.commit == git(repository, "rev-parse", "HEAD")
    assert (snapshot.origin, snapshot.repository, snapshot.ref) == ("repository", url, "v5.0.0")
    assert snapshot.version == version("transformers")
    ours = {path.relative_to(snapshot.package) for path in Path(snapshot.package).rglob("*") if path.is_file()}
    theirs = repository / "src" / "transformers"
    assert ours == {path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file()}
    assert read(snapshot) == (installed_package() / "models/bert/modeling_bert.py").read_bytes()


@pytest.mark.parametrize("form", ["path", "address", "bare"])
def test_a_repository_on_this_disk(form: str, repository: Path, tmp_path: Path):
    name = str(repository)
    if form == "address":
        name = repository.as_uri()
    if form == "bare":
        name = str(tmp_path / "bare.git")
        git(tmp_path, "clone", "--quiet", "--bare", str(repository), name)
    snapshot = obtain(name)
    assert (snapshot.repository, snapshot.ref, snapshot.commit) == (name, "HEAD", git(repository, "rev-parse", "HEAD"))
    assert snapshot.link("models/bert/modeling_bert.py") is None


def test_a_pinned_ref_is_read_again_without_a_network(daemon: str, repository: Path):
    first = obtain(daemon, "v5.0.0")
    shutil.rmtree(repository)
    assert obtain(daemon, "v5.0.0") == first
    assert obtain(daemon, first.commit).package == first.package
    assert obtain(daemon, "v5.0.0", offline=True) == first


def test_a_branch_is_asked_for_again_and_followed(daemon: str, repository: Path):
    first = obtain(daemon, "main")
    (repository / "src/transformers/activations.py").write_text("# changed\n")
    moved = commit_all(repository, "change")
    assert obtain(daemon, "main", offline=True) == first
    second = obtain(daemon, "main")
    assert second.commit == moved != first.commit
    assert read(second, "activations.py") == b"# changed\n" != read(first, "activations.py")


def test_a_branch_whose_server_is_gone_is_read_as_last_known(daemon: str, repository: Path):
    first = obtain(daemon, "main")
    shutil.rmtree(repository)
    messages: list[str] = []
    second = obtain(daemon, "main", report=said(messages))
    assert second.commit == first.commit
    assert second.note is not None and second.note in messages and "as it was when last fetched" in second.note


def test_a_commit_in_full_and_abbreviated(daemon: str, repository: Path):
    old = git(repository, "rev-parse", "HEAD")
    (repository / "src/transformers/activations.py").write_text("# changed\n")
    commit_all(repository, "change")
    assert obtain(daemon, old).commit == old
    assert obtain(daemon, old[:10]).commit == old
    assert obtain(str(repository), old[:10]).commit == old
    assert obtain(str(repository), "HEAD~1").commit == old


@pytest.mark.parametrize(
    ("ref", "hint"), [("mian", "did you mean main?"), ("5.0.0", "did you mean v5.0.0?"), ("0" * 40, "no commit 000")]
)
def test_an_unknown_ref_is_named_with_near_ones(daemon: str, repository: Path, ref: str, hint: str):
    with pytest.raises(HfreaderError, match="has no") as raised:
        obtain(daemon, ref)
    assert hint in str(raised.value) and ref[:10] in str(raised.value)
    with pytest.raises(HfreaderError, match="has no"):
        obtain(str(repository), ref)


def test_uncommitted_changes_are_refused_unless_the_commit_is_asked_for(repository: Path):
    (repository / "README.md").write_text("elsewhere: no matter\n")
    clean = obtain(str(repository))
    (repository / "src/transformers/activations.py").write_text("# changed\n")
    (repository / "src/transformers/new.py").write_text("")
    with pytest.raises(HfreaderError, match=r"uncommitted changes .*activations\.py and 1 more.*--ref HEAD"):
        obtain(str(repository))
    assert obtain(str(repository), "HEAD") == clean


def test_what_is_no_repository_of_transformers(tmp_path: Path):
    folder = tmp_path / "other"
    with pytest.raises(HfreaderError, match="no such folder"):
        obtain(str(folder))
    folder.mkdir()
    with pytest.raises(HfreaderError, match="is not a git repository"):
        obtain(str(folder))
    git(folder, "init", "--quiet")
    with pytest.raises(HfreaderError, match="has no commit yet"):
        obtain(str(folder))
    (folder / "file.py").write_text("")
    with pytest.raises(HfreaderError, match="is not a git repository"):
        obtain(str(folder / "file.py"))
    commit_all(folder, "other")
    with pytest.raises(HfreaderError, match="is not transformers"):
        obtain(str(folder))


@pytest.mark.parametrize("given", ["", " ", "--upload-pack=touch x", "-x"])
def test_what_would_be_an_option_of_git_is_refused(given: str):
    with pytest.raises(HfreaderError, match="names no repository"):
        obtain(given)
    with pytest.raises(HfreaderError, match="names no repository"):
        obtain(None, given)


@pytest.mark.parametrize("scheme", ["git", "http"])
def test_a_named_remote_that_refuses_is_an_error(scheme: str, closed_port: int):
    with pytest.raises(HfreaderError, match=r"cannot be reached: .*check the address and the network"):
        obtain(f"{scheme}://127.0.0.1:{closed_port}/transformers")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["git", "http"])
def test_a_mute_remote_is_given_up_within_ten_seconds(scheme: str, mute_port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(obtaining, "OFFICIAL", f"{scheme}://127.0.0.1:{mute_port}/transformers")
    start = time.monotonic()
    snapshot = obtain()
    assert time.monotonic() - start < 10
    assert snapshot.origin == "installed" and snapshot.note is not None
    assert "no answer within 8 s" in snapshot.note


def test_a_remote_that_falls_silent_while_sending(faltering_port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remotes, "STALL", 0.5)
    with pytest.raises(HfreaderError, match="broke off while sending"):
        obtain(f"git://127.0.0.1:{faltering_port}/transformers", "main")


def test_nothing_named_and_no_network_reads_the_installed_package(closed_port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(obtaining, "OFFICIAL", f"http://127.0.0.1:{closed_port}/transformers")
    messages: list[str] = []
    snapshot = obtain(report=said(messages))
    assert (snapshot.origin, snapshot.commit, snapshot.version) == ("installed", None, version("transformers"))
    assert Path(snapshot.package) == installed_package()
    assert snapshot.note == messages[-1] and "\n" not in messages[-1] and "cannot be reached" in messages[-1]


def test_nothing_named_takes_the_tag_of_the_installed_version(
    daemon: str, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(obtaining, "OFFICIAL", daemon)
    without_tag = obtain()
    assert without_tag.origin == "installed" and "has no tag" in (without_tag.note or "")
    git(repository, "tag", f"v{version('transformers')}")
    snapshot = obtain()
    assert (snapshot.origin, snapshot.ref, snapshot.note) == ("official", f"v{version('transformers')}", None)
    assert obtain(offline=True) == snapshot


def test_offline_asks_nobody(daemon: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(obtaining, "OFFICIAL", daemon)
    assert obtain(offline=True).origin == "installed"
    with pytest.raises(HfreaderError, match="not in the cache"):
        obtain(daemon, "main", offline=True)


def test_without_a_git_program(repository: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    snapshot = obtain()
    assert snapshot.origin == "installed" and "install git" in (snapshot.note or "")
    with pytest.raises(HfreaderError, match="install git"):
        obtain(str(repository))


def test_a_cache_that_cannot_be_written(repository: Path, cache: Path):
    cache.write_text("a file where the folder should be")
    with pytest.raises(HfreaderError, match="HFREADER_CACHE"):
        obtain(str(repository))


def test_a_password_in_an_address_is_never_shown(closed_port: int):
    with pytest.raises(HfreaderError) as raised:
        obtain(f"http://me:secret@127.0.0.1:{closed_port}/transformers")
    assert "secret" not in str(raised.value)


def test_run_from_a_git_hook_it_leaves_the_repository_of_the_hook_alone(
    daemon: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    git(tmp_path, "init", "--quiet", "hooked")
    before = {path: path.read_bytes() for path in (tmp_path / "hooked").rglob("*") if path.is_file()}
    commit = git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "hooked" / ".git"))
    assert obtain(daemon, "main").commit == obtain(str(repository)).commit == commit
    assert before == {path: path.read_bytes() for path in (tmp_path / "hooked").rglob("*") if path.is_file()}
