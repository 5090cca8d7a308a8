"""What the worker can do, once transformers is imported."""

import warnings
from contextlib import suppress
from dataclasses import replace
from functools import cache

import torch

from hfreader.facts.codec import from_json, to_json
from hfreader.progress import Report, silent
from hfreader.trace.configs import families
from hfreader.trace.family import run_family
from hfreader.trace.forking import Ended, forked
from hfreader.trace.messages import Answer, Ask
from hfreader.trace.models import model_classes
from hfreader.trace.tracing import trace
from hfreader.trace.types import model_types, run_type


def do(work: Ask, report: Report) -> Answer:
    """Do the one thing that is asked."""
    if work.limits is not None:
        warm()
        limits, inner = work.limits, replace(work, limits=None)
        try:
            return from_json(forked(lambda: to_json(do(inner, silent)), limits), Answer)
        except Ended as end:
            return Answer(error=str(end))
    if work.trace is not None:
        return Answer(trace=trace(work.trace, work.snapshot, report))
    if work.type is not None:
        return Answer(type=run_type(work.type, work.snapshot))
    if work.family is None:
        return Answer(types=model_types())
    # The runs of a family are small: a second thread brings them nothing, and waiting for it costs much.
    torch.set_num_threads(1)
    return Answer(family=run_family(work.family, work.snapshot, report))


@cache
def warm() -> None:
    """Import whatever a fork will need; one thread, because forks of a process with more may wait for ever."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for family in families():
        with suppress(Exception):  # one that cannot be imported says so when it is run
            model_classes(family)
