"""How much is done at a time."""

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    begin: Callable[..., None],
    given: tuple[object, ...],
) -> Iterator[Result]:
    """What `work` gives for each item, as it comes: from as many processes as there are jobs, each made ready with
    `begin(*given)`, or from this process where one is enough. Functions are those of modules, and all can be pickled.
    """
    if not items:
        return
    if jobs == 1 or len(items) == 1:
        begin(*given)
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(items)), context, initializer=ready, initargs=(begin, given)) as pool:
        for task in as_completed([pool.submit(work, item) for item in items]):
            yield task.result()


def ready(begin: Callable[..., None], given: tuple[object, ...]) -> None:
    """Make a process ready for its work; it ends when the one that started it has ended, killed even: nobody waits for
    its results any more."""
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    begin(*given)


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
