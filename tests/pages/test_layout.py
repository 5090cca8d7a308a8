import stat
from pathlib import Path

import pytest

from hfreader.errors import HfreaderError
from hfreader.pages import layout
from hfreader.pages.layout import layout_many

CHAIN = "digraph { rankdir=LR; a -> b -> c }"
PLAIN = 'graph 1 3 1\nnode a 1 0.25 0.75 0.5 "l o\\\nng" solid box black white\nstop\n'


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def fake_dot(monkeypatch, tmp_path):
    """Puts a `dot` on the path that prints what the test wants."""

    def install(output, code=0):
        program = tmp_path / "dot"
        program.write_text(f"#!/bin/sh\n/bin/cat > {tmp_path}/seen\n/bin/cat <<'END'\n{output}END\nexit {code}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        return tmp_path / "seen"

    return install


def test_without_dot_the_graph_is_laid_out_in_this_process(no_dot):
    (drawn,) = layout_many([CHAIN])
    assert list(drawn.boxes) == ["a", "b", "c"]
    assert drawn.boxes["a"].x < drawn.boxes["b"].x < drawn.boxes["c"].x <= drawn.width
    assert [(curve.source, curve.target) for curve in drawn.curves] == [("a", "b"), ("b", "c")]
    assert all(len(curve.points) % 3 == 1 for curve in drawn.curves)


def test_y_points_downwards(no_dot):
    (drawn,) = layout_many(["digraph { a -> b }"])
    assert drawn.boxes["a"].y < drawn.boxes["b"].y


def test_layouts_come_in_the_order_of_their_sources(no_dot):
    first, second = layout_many(["digraph { x }", CHAIN])
    assert list(first.boxes) == ["x"] and len(second.boxes) == 3
    assert layout_many([]) == []


def test_what_is_not_dot_is_said(no_dot):
    with pytest.raises(HfreaderError, match="Graphviz cannot lay out"):
        layout_many(["digraph { a -> }"])


def test_a_native_dot_draws_all_graphs_in_one_process(fake_dot):
    seen = fake_dot(PLAIN + PLAIN)
    drawn = layout_many([CHAIN, CHAIN])
    assert [graph.boxes["a"].width for graph in drawn] == [54.0, 54.0]
    assert seen.read_text() == f"{CHAIN}\n{CHAIN}"


@pytest.mark.parametrize(("output", "code"), [(PLAIN, 0), ("", 1), (PLAIN + PLAIN, 1)])
def test_a_native_dot_that_fails_is_replaced(fake_dot, output, code):
    fake_dot(output, code)
    assert [len(graph.boxes) for graph in layout_many([CHAIN, CHAIN])] == [3, 3]


@pytest.fixture
def fresh_backend(monkeypatch, tmp_path):
    monkeypatch.setenv("HFREADER_CACHE", str(tmp_path / "cache"))
    layout._backend.cache_clear()
    yield tmp_path / "cache"
    layout._backend.cache_clear()


def compiled(cache: Path) -> list[Path]:
    return list(cache.rglob("*.cwasm"))


@pytest.mark.slow
def test_the_compiled_module_is_kept_and_a_damaged_one_replaced(no_dot, fresh_backend):
    layout_many([CHAIN])
    (module,) = compiled(fresh_backend)
    size = module.stat().st_size
    module.write_bytes(b"damaged")
    layout._backend.cache_clear()
    assert len(layout_many([CHAIN])[0].boxes) == 3
    assert module.stat().st_size == size


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_no_failure(no_dot, monkeypatch, tmp_path, fresh_backend):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("HFREADER_CACHE", str(blocked))
    assert len(layout_many([CHAIN])[0].boxes) == 3
