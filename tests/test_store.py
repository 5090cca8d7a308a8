from dataclasses import dataclass

import pytest

from hfreader.store import cache_folder, digest, digest_files, recall, remember, remembered


@dataclass(frozen=True)
class Fact:
    number: int


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path))
    return tmp_path


def test_the_folder_can_be_chosen(own_cache):
    assert cache_folder() == own_cache


def test_computes_once_and_remembers():
    calls = []

    def compute() -> Fact:
        calls.append(1)
        return Fact(7)

    assert remembered("facts", "key", Fact, compute) == Fact(7)
    assert remembered("facts", "key", Fact, compute) == Fact(7)
    assert len(calls) == 1


def test_a_damaged_file_is_computed_anew(own_cache):
    remember("facts", "key", Fact(1))
    (own_cache / "facts" / "key.json").write_bytes(b'{"number": "no')
    assert recall("facts", "key", Fact) is None
    assert remembered("facts", "key", Fact, lambda: Fact(2)) == Fact(2)


def test_digest_knows_where_parts_end():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab") == digest(b"ab")


def test_digest_of_files_sees_names_and_contents(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("x")
    two.write_text("y")
    before = digest_files([one, two])
    assert digest_files([two, one]) == before
    two.write_text("z")
    assert digest_files([one, two]) != before
