"""What the worker can do, once transformers is imported."""

import torch

from hfreader.progress import Report
from hfreader.trace.family import run_family
from hfreader.trace.messages import Answer, Ask
from hfreader.trace.tracing import trace


def do(work: Ask, report: Report) -> Answer:
    """Do the one thing that is asked."""
    if work.trace is not None:
        return Answer(trace=trace(work.trace, work.snapshot, report))
    assert work.family is not None
    # The runs of a family are small: a second thread brings them nothing, and waiting for it costs much.
    torch.set_num_threads(1)
    return Answer(family=run_family(work.family, work.snapshot, report))
