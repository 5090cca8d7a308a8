"""Capture the values that an equation needs, per invocation of the function in which it was found.

session = CaptureSession([(match.root, key, capture), ...], package)
with session.building() as made:
    model = ...
with session.recording(model, made) as invocations:
    model(**inputs)
for invocation in invocations: invocation.root, invocation.values[key] -> list of values
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from hfreader.errors import HfreaderError
from hfreader.facts.matches import Capture
from hfreader.facts.places import Place, Span
from hfreader.trace.holding import IDLE
from hfreader.trace.hooks import ModuleStack, module_calls
from hfreader.trace.instrument import active, instrumented, rewrite_files
from hfreader.trace.rewrite_plan import Plan, Site
from hfreader.trace.spans import SourceText

Made = dict[nn.Module, int]
"""Modules by the number of the expression that made them."""


@dataclass(eq=False)
class Invocation:
    """One call of a root function.

    instance  its `self`, None for a plain function.
    module    path of the module whose forward was running when it was called.
    values    per key what the place held, once for each time it was reached through the capture's call sites, in
              order. Tensors are detached clones, modules the objects themselves.
    finished  False when the call raised.
    """

    root: Place
    instance: object | None
    module: str
    values: dict[Hashable, list[Any]] = field(default_factory=dict)
    finished: bool = False


@dataclass(eq=False)
class _Running:
    """An invocation under way; `depth` is the length of the chain of call sites when it began."""

    invocation: Invocation
    depth: int


MOST_KEPT = 1 << 30
"""Bytes of values that one recording keeps: how long a run's tensors become may depend on its random numbers."""


@dataclass(frozen=True)
class _Request:
    root: Place
    key: Hashable
    chain: tuple[int, ...]
    is_module: bool


class CaptureSession:
    """Captures for any number of roots in one run.

    captures  (root function, key, capture); the root as in `Match.root`. Each root's captures are independent of
              all others; the same key may be used in several roots.
    missing   what cannot be captured because nothing in the source stands at its place, a site or its root.
    """

    def __init__(self, captures: Iterable[tuple[Place, Hashable, Capture]], package: Path) -> None:
        wanted = list(dict.fromkeys(captures))
        self._literals: dict[Place, dict[Hashable, object]] = defaultdict(dict)
        for root, key, capture in wanted:
            if capture.kind == "literal":
                self._literals[root][key] = literal(package / capture.place.file, capture.place.span)
        wanted = [each for each in wanted if each[2].kind != "literal"]
        plans = _plans(wanted)
        self.rewritten = rewrite_files(plans, package)
        sites = [(file, site) for file, code in zip(plans, self.rewritten, strict=True) for site in code.sites]
        self._numbers: dict[tuple[str, Place], int] = {}
        self._requests: dict[int, list[_Request]] = defaultdict(list)
        self._calls: dict[int, list[_Request]] = defaultdict(list)
        self._roots: dict[int, Place] = {}
        self._sites_of_root: dict[Place, set[int]] = defaultdict(set)
        self.missing: list[tuple[Place, Hashable, Capture]] = []
        self._number(sites, {root for root, _, _ in wanted})
        for root, key, capture in wanted:
            self._request(root, key, capture)

    def _number(self, sites: list[tuple[str, Site]], roots: set[Place]) -> None:
        begins = {(root.file, root.span.line, root.span.column): root for root in roots}
        for number, (file, site) in enumerate(sites):
            role = site.kind if site.kind in ("call", "root") else "value"
            self._numbers.setdefault((role, Place(file, site.span)), number)
            if role == "root":
                self._roots[number] = begins[file, site.span.line, site.span.column]

    def _request(self, root: Place, key: Hashable, capture: Capture) -> None:
        place = self._numbers.get(("value", capture.place))
        chain = [self._numbers.get(("call", site)) for site in capture.sites]
        if place is None or None in chain or root not in self._roots.values():
            self.missing.append((root, key, capture))
            return
        numbers = tuple(number for number in chain if number is not None)
        self._sites_of_root[root].update(numbers)
        requests = self._calls if capture.kind in ("made", "result") else self._requests
        requests[place].append(_Request(root, key, numbers, capture.kind in ("module", "made")))

    @contextmanager
    def building(self) -> Iterator[Made]:
        """Note the modules that captured expressions make inside the block, for the recordings of their model."""
        made: Made = {}

        def record(site: int, value: Any) -> Any:
            if active.get() is made and site in self._calls and isinstance(value, nn.Module):
                made[value] = site
            return value

        with instrumented(self.rewritten, made, {**IDLE, "record": record}):
            yield made

    @contextmanager
    def recording(self, model: nn.Module, made: Mapping[nn.Module, int] | None = None) -> Iterator[list[Invocation]]:
        """Capture what this thread runs inside the block; the list holds the invocations in order of their start.

        made  as `building` gave it. HfreaderError where another recording is under way.
        """
        invocations: list[Invocation] = []
        recording = _Capturing(self, ModuleStack(model, values=False), invocations)
        with ExitStack() as stack:
            stack.enter_context(instrumented(self.rewritten, recording, recording.helpers()))
            stack.enter_context(module_calls(recording.stack, recording))
            for module, site in (made or {}).items():
                stack.callback(module.register_forward_hook(recording.called(site)).remove)
            yield invocations


class _Capturing:
    """The state of one recording: the call sites and invocations that are under way."""

    def __init__(self, session: CaptureSession, stack: ModuleStack, invocations: list[Invocation]) -> None:
        self.session, self.stack, self.invocations = session, stack, invocations
        self.chain: list[int] = []
        self.running: dict[Place, list[_Running]] = defaultdict(list)
        self.left = MOST_KEPT

    def helpers(self) -> dict[str, Callable[..., Any]]:
        return {name: getattr(self, name) for name in ("record", "element", "call", "enter")}

    def record(self, site: int, value: Any) -> Any:
        if active.get() is self and (requests := self.session._requests.get(site)):
            self.keep(requests, value, value)
        return value

    def called(self, site: int) -> Callable[[nn.Module, Any, Any], None]:
        """A hook on the modules that the expression makes."""

        def hook(module: nn.Module, _: Any, result: Any) -> None:
            if active.get() is self:
                self.keep(self.session._calls[site], module, result)

        return hook

    def keep(self, requests: Iterable[_Request], module: Any, value: Any) -> None:
        """Keep the module, or a copy of the value, for every invocation that asks for it. HfreaderError where that
        would be more than MOST_KEPT in all."""
        copies: dict[bool, Any] = {}
        for request in requests:
            for running in self.running[request.root]:
                if self.chain_since(running, request.root) == request.chain:
                    if request.is_module not in copies:
                        copies[request.is_module] = module if request.is_module else self.copied(value)
                    running.invocation.values.setdefault(request.key, []).append(copies[request.is_module])

    def copied(self, value: Any) -> Any:
        """A copy of the value, as long as there is room for it."""
        self.left -= sum(each.nbytes for each in tree_leaves(value) if isinstance(each, torch.Tensor))
        if self.left < 0:
            raise HfreaderError(f"its run has more than {MOST_KEPT >> 30} GiB of values to compare")
        return copied(value)

    def chain_since(self, running: _Running, root: Place) -> tuple[int, ...]:
        """The call sites since the invocation began, those alone that its own captures name."""
        own = self.session._sites_of_root[root]
        return tuple(site for site in self.chain[running.depth :] if site in own)

    def element(self, site: int, value: Any) -> bool:
        self.record(site, value)
        return True

    def call(self, site: int, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if active.get() is not self:
            return function(*args, **kwargs)
        self.chain.append(site)
        try:
            return function(*args, **kwargs)
        finally:
            self.chain.pop()

    def enter(self, site: int, instance: object | None) -> AbstractContextManager[None]:
        return self.invocation(self.session._roots[site], instance) if active.get() is self else nullcontext()

    @contextmanager
    def invocation(self, root: Place, instance: object | None) -> Iterator[None]:
        running = _Running(Invocation(root, instance, self.stack.top.path), len(self.chain))
        written = self.session._literals.get(root, {})
        running.invocation.values.update((key, [value]) for key, value in written.items())
        self.invocations.append(running.invocation)
        self.running[root].append(running)
        try:
            yield
            running.invocation.finished = True
        finally:
            self.running[root].remove(running)


def literal(file: Path, span: Span) -> object:
    """The constant that is written there."""
    return ast.literal_eval(SourceText(file.read_text(encoding="utf-8")).text(span).strip())


def copied(value: Any) -> Any:
    """`value` with every tensor in it detached and cloned, so that nothing that runs later can change it."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if type(value) in (tuple, list):
        return type(value)(copied(item) for item in value)
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


def _plans(captures: Iterable[tuple[Place, Hashable, Capture]]) -> dict[str, Plan]:
    values: dict[str, set[Span]] = defaultdict(set)
    calls: dict[str, set[Span]] = defaultdict(set)
    roots: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for root, _, capture in captures:
        roots[root.file].add((root.span.line, root.span.column))
        values[capture.place.file].add(capture.place.span)
        for site in capture.sites:
            calls[site.file].add(site.span)
    return {
        file: Plan(values=frozenset(values[file]), calls=frozenset(calls[file]), roots=frozenset(roots[file]))
        for file in sorted({*values, *calls, *roots})
    }
