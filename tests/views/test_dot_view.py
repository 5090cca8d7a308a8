import pytest

from hfreader.errors import HfreaderError
from hfreader.pages.layout import layout_many
from hfreader.views.dot_view import render_dot
from tests.facts_builder import make_trace


def test_dot_names_modules_with_their_shapes():
    source = render_dot(make_trace(layers=12))
    assert "layers.0-11\nToyLayer ×12\n(B, T, hidden)\n(1, 4, 8)" in source
    assert 'model -> embed [label="(B, T)"]' in source


def test_graphviz_accepts_it():
    (drawn,) = layout_many([render_dot(make_trace())])
    assert len(drawn.boxes) == 5 and len(drawn.curves) == 4


def test_without_modules_there_is_nothing_to_draw():
    with pytest.raises(HfreaderError, match="no modules"):
        render_dot(make_trace(modules=()))
