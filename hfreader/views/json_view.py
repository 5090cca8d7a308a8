"""A trace as JSON: the `Trace` record itself, described field by field in docs/trace-json.md."""

from hfreader.facts.codec import from_json, to_json
from hfreader.facts.traces import Trace


def render_json(trace: Trace) -> bytes:
    """One line of UTF-8 JSON, ended by a newline. `schema` is its first field."""
    return to_json(trace) + b"\n"


def read_json(data: bytes) -> Trace:
    """The trace that `render_json` wrote; HfreaderError where the data is not one."""
    return from_json(data, Trace)
