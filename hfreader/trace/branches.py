"""What a recording notes of conditions, and the facts made of it."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch

from hfreader.facts.branches import Branch, Outcome
from hfreader.facts.places import Place
from hfreader.facts.traces import Value
from hfreader.trace.hooks import ModuleStack
from hfreader.trace.rewrite_plan import Site
from hfreader.trace.values import Shot, TextShot, safe_snapshot, value_of


@dataclass
class _Seen:
    """One outcome of one condition."""

    module: str
    values: list[tuple[int, Shot]]
    count: int = 1


@dataclass
class Conditions:
    """The conditions that were looked at.

    Operands wait until the condition that they belong to comes out: conditions within called functions come and go
    in between.
    """

    stack: ModuleStack
    seen: dict[tuple[int, bool], _Seen] = field(default_factory=dict)
    waiting: list[tuple[int, int, Any]] = field(default_factory=list)

    def helpers(self, active: ContextVar[object | None], recording: object) -> dict[str, Callable[..., Any]]:
        """What rewritten code calls for operands and for whole conditions."""
        waiting, seen, get = self.waiting, self.seen, active.get

        def operand(owner: int, site: int, value: Any) -> Any:
            if get() is recording:
                waiting.append((owner, site, value))
            return value

        def branch(site: int, value: Any) -> Any:
            if get() is not recording:
                return value
            holds = bool(value)
            values = []
            while waiting and waiting[-1][0] == site:
                values.append(waiting.pop()[1:])
            known = seen.get((site, holds))
            if known is None:
                shots = [(number, _shot(each)) for number, each in reversed(values)]
                seen[site, holds] = _Seen(self.stack.top.path, shots)
            else:
                known.count += 1
            return holds

        return {"operand": operand, "branch": branch}

    def facts(self, sites: list[tuple[str, str, Site]]) -> tuple[Branch, ...]:
        """Every condition that came out, in the order of the source; `sites` are those of the recording, each with its
        file and its module."""
        found: dict[int, list[Outcome]] = {}
        for (number, holds), each in sorted(self.seen.items(), key=lambda item: (item[0][0], not item[0][1])):
            values = tuple((sites[site][2].name, _text(value_of(shot))) for site, shot in each.values)
            found.setdefault(number, []).append(Outcome(holds, each.count, each.module, values))
        branches = []
        for number, outcomes in found.items():
            file, module, site = sites[number]
            kind = "expression" if site.kind == "choice" else "statement"
            place = Place(file, site.span)
            branches.append(Branch(place, site.name, f"{module}.{site.function}", kind, tuple(outcomes)))
        return tuple(sorted(branches, key=lambda branch: branch.place))


def _shot(value: Any) -> Shot:
    """A snapshot; of a tensor with one number, the number."""
    if type(value) is torch.Tensor and value.numel() == 1:
        try:
            return TextShot("Tensor", str(value.item()))
        except Exception:  # one without numbers
            return safe_snapshot(value)
    return safe_snapshot(value)


def _text(value: Value) -> str:
    if value.tensor is not None:
        return f"{value.type} {value.tensor.shape}"
    if value.items or value.text is None:
        return f"{value.type} of {len(value.items)}" if value.items else value.type
    return value.text
