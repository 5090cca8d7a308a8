"""What the worker can do, once transformers is imported."""

import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache

import torch

from hfreader.alive import hide
from hfreader.concepts import catalogue
from hfreader.facts.codec import from_json, to_json
from hfreader.progress import Report, silent
from hfreader.trace.configs import families
from hfreader.trace.family import run_family
from hfreader.trace.forking import Ended, Stopped, forked
from hfreader.trace.messages import Answer, Ask, answered
from hfreader.trace.models import model_classes
from hfreader.trace.tracing import trace
from hfreader.trace.types import model_types, run_type


def do(work: Ask, report: Report) -> Answer:
    """Do the one thing that is asked."""
    if work.limits is not None:
        warm(families() if work.family is None else (work.family.family,))
        limits, inner = work.limits, replace(work, limits=None)
        try:
            return from_json(forked(lambda: to_json(answered(lambda: do(inner, silent))), limits), Answer)
        except Stopped as stop:
            return Answer(error=str(stop))
        except Ended as end:
            return Answer(failure=str(end))
    if work.trace is not None:
        return Answer(trace=trace(work.trace, work.snapshot, report))
    if work.type is not None:
        return Answer(type=run_type(work.type, work.snapshot))
    if work.family is None:
        return Answer(types=model_types())
    return Answer(family=run_family(work.family, work.snapshot, report))


def warm(wanted: Iterable[str]) -> None:
    """Import the concepts, and the families that a fork, or one after it, will need; one thread, because forks of a
    process with more may wait for ever, and small runs gain nothing by a second."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    catalogue()
    for family in wanted:
        _imported(family)
    hide()


@cache
def _imported(family: str) -> None:
    with suppress(Exception):  # one that cannot be imported says so when it is run
        model_classes(family)
