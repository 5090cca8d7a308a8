"""What every kind of recording shares: rewritten files, put under the live functions for this context alone."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import Any

from hfreader.errors import HfreaderError
from hfreader.trace.holding import placed
from hfreader.trace.rewrite import Rewritten, rewrite
from hfreader.trace.rewrite_plan import Plan

# The recording of the running thread or task; helpers compare it with their own and do nothing elsewhere.
active: ContextVar[object | None] = ContextVar("recording", default=None)
_one_at_a_time = Lock()


@contextmanager
def instrumented(
    files: Sequence[Rewritten], recording: object, helpers: dict[str, Callable[..., Any]]
) -> Iterator[None]:
    """Run rewritten code inside the block, in this context alone; HfreaderError where a recording is under way."""
    if not _one_at_a_time.acquire(blocking=False):
        raise HfreaderError("a recording is already under way in this process: end it before beginning another")
    with ExitStack() as stack:
        stack.callback(_one_at_a_time.release)
        stack.enter_context(placed(files, helpers))
        token = active.set(recording)
        stack.callback(active.reset, token)
        yield


@contextmanager
def unrecorded() -> Iterator[None]:
    """Inside, this context runs as if nothing were recorded: for what hfreader itself asks of a model."""
    token = active.set(None)
    try:
        yield
    finally:
        active.reset(token)


def rewrite_files(plans: Mapping[str, Plan], package: Path) -> list[Rewritten]:
    """Rewrite files given relative to `package`; sites and statements are numbered through.

    HfreaderError where a file cannot be read or its module comes from another copy of the package.
    """
    done: list[Rewritten] = []
    for file, plan in plans.items():
        name = ".".join([package.name, *Path(file).with_suffix("").parts]).removesuffix(".__init__")
        try:
            module = importlib.import_module(name)
            text = (package / file).read_text(encoding="utf-8")
        except (ImportError, OSError, UnicodeDecodeError) as error:
            raise HfreaderError(f"cannot record {package / file}: {error}") from error
        if not module.__file__ or not (package / file).samefile(module.__file__):
            raise HfreaderError(f"cannot record {package / file}: {name} was imported from {module.__file__}")
        sites = sum(len(item.sites) for item in done)
        statements = sum(len(item.statements) for item in done)
        done.append(rewrite(text, module.__file__, plan, sites, statements))
    return done
