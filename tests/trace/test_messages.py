import io

import pytest

from hfreader.errors import HfreaderError
from hfreader.facts.runs import FamilyRequest, TraceRequest
from hfreader.trace.messages import Answer, Ask, Step, receive, send
from tests.trace.tiny import SNAPSHOT


@pytest.mark.parametrize(
    "message",
    [
        Ask(SNAPSHOT, trace=TraceRequest("bert", text="two\nlines", overrides=(("a", "b"),))),
        Ask(SNAPSHOT, family=FamilyRequest("gpt2", ())),
        Answer(step=Step("trace", "running", 1, 2)),
        Answer(error="one line"),
    ],
)
def test_messages_go_there_and_back(message: object):
    stream = io.BytesIO()
    send(stream, message)
    send(stream, message)
    assert stream.getvalue().count(b"\n") == 2
    stream.seek(0)
    assert receive(stream, type(message)) == message
    assert receive(stream, type(message)) == message
    assert receive(stream, type(message)) is None


def test_half_a_line_is_the_end():
    assert receive(io.BytesIO(b'{"error": "cut o'), Answer) is None


def test_a_whole_line_of_something_else_is_an_error():
    with pytest.raises(HfreaderError, match="not a valid"):
        receive(io.BytesIO(b"hello\n"), Answer)
