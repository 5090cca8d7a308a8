"""One captured execution against one concept's reference: does the code compute the equation?

Both sides are float64. The comparison is made hard to pass by accident: values must be finite and not constant, and
the reference must change when any one of its inputs does.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from hfreader.concepts.model import Chosen, Concept, NotCovered, SwitchedOff
from hfreader.facts.phrases import Words, phrase
from hfreader.trace.module_views import ModuleView, view

LIKE = "like"
"""The parameter of a reference that receives the captured output, for its shape."""
NEVER = phrase("never executed in any run")
BROKEN = phrase("never executed in any run in which %(condition)s holds").message
ABSENT = phrase("never executed in any run: the code of %(symbol)s did not run").message
NOTICEABLE = 1e-9
TOLERANCE = 1e-10
GLIMPSE = 64
"""Entries that are looked at before all."""
MASKED = 1e30
"""Magnitudes above this stand for infinity: Transformers masks with the smallest float, not with -inf."""


@dataclass(frozen=True)
class Outcome:
    """What one execution says.

    error     max|code - equation| / max|equation|; None where the two could not be compared, `reason` says why.
    constant  input symbols whose captured tensor holds one value only, so that they were hardly tested.
    unused    input symbols that do not change the equation's result; None when not examined.
    missing   a symbol that the reference needs and that was not captured.
    chosen    whether the equation agrees only with a number of the configuration's own in the place of its own.
    """

    error: float | None = None
    reason: Words | None = None
    constant: frozenset[str] = frozenset()
    unused: frozenset[str] | None = None
    chosen: bool = False
    missing: str | None = None

    @property
    def differs(self) -> bool:
        """Whether code and equation were compared and do not agree."""
        return self.error is not None and not self.error <= TOLERANCE


def check(concept: Concept, captured: Mapping[str, object], examine: bool = False) -> Outcome:
    """Compare what was captured with what the concept's reference computes from it (see `Concept`).

    examine  also perturb every input once and see whether the equation notices.
    """
    if captured.get(concept.output) is None:
        return Outcome(reason=uncaptured(concept.output))
    try:
        arguments = _arguments(concept, captured)
        equations = _results(concept, arguments)
    except _MissingError as missing:
        return Outcome(reason=uncaptured(str(missing)), missing=str(missing))
    except SwitchedOff as switched:
        return Outcome(reason=phrase("%(never)s: %(why)s", never=NEVER, why=switched.why))
    except NotCovered as other:
        return Outcome(reason=phrase("the equation does not speak of this run: %(why)s", why=other.why))
    except Exception as error:  # a reference is other people's code, and what it is given may not be what it expects
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return Outcome(reason=phrase("the reference raised %(error)s", error=said))
    pairs: dict[str, tuple[Any, Any]] = {
        name: (captured[name], _folded(value, captured[name]))
        for name, value in equations.items()
        if captured.get(name) is not None
    }
    reasons = [reason for code, value in pairs.values() if (reason := _incomparable(code, value)) is not None]
    if reason := next(iter(reasons), None) or _not_finite(arguments):
        return Outcome(reason=reason)
    inputs = [name for name in arguments if name not in pairs and name != LIKE]
    felt = [name for name in inputs if name not in concept.hints]
    ignored = frozenset(name for name in felt if examine and not _notices(concept, arguments, name, equations))
    if examine and LIKE in arguments and _notices(concept, arguments, LIKE, equations):
        return Outcome(reason=phrase("the reference reads the values of the answer"))
    return Outcome(
        error=max(relative_error(code, value) for code, value in pairs.values()),
        constant=frozenset(name for name in inputs if _is_constant(arguments[name])),
        unused=ignored if examine else None,
        chosen=_takes_its_own(concept, arguments, equations),
    )


def _takes_its_own(concept: Concept, arguments: Mapping[str, Any], equations: Mapping[str, Any]) -> bool:
    """Whether the results would be others without the numbers that the configuration sets."""
    plain = {name: float(value) if isinstance(value, Chosen) else value for name, value in arguments.items()}
    if not any(isinstance(value, Chosen) for value in arguments.values()):
        return False
    try:
        without = _results(concept, plain)
    except Exception:  # see `check`
        return True
    return any(_differ(without.get(symbol), value) for symbol, value in equations.items())


def uncaptured(symbol: str) -> Words:
    """That the value of a symbol is not known."""
    return phrase("the value of %(symbol)s was not captured", symbol=symbol)


class _MissingError(Exception):
    """A symbol, by its name, that the reference needs was not captured."""


def _arguments(concept: Concept, captured: Mapping[str, object]) -> dict[str, Any]:
    """The captured symbols that the reference takes, as it expects them."""
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(concept.computation).parameters.items():
        if name == LIKE:
            arguments[name] = captured[concept.output]
        elif name in captured:
            arguments[name] = _argument(captured[name])
        elif parameter.default is parameter.empty:
            raise _MissingError(name)
    return arguments


def _argument(value: object) -> Any:
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    return view(value) if callable(value) else value


def _results(concept: Concept, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the reference computes, by symbol."""
    result = concept.computation(**arguments)
    if not isinstance(result, dict):
        return {concept.output: result}
    if concept.output not in result:
        raise NotCovered(phrase("it gives no %(symbol)s", symbol=concept.output))
    return result


def _folded(equation: Any, code: Any) -> Any:
    """A result with its dimensions folded as in the code: heads may lie in the batch, pairs in a dimension of their
    own. That leaves the numbers in their order."""
    if not (isinstance(equation, torch.Tensor) and isinstance(code, torch.Tensor)):
        return equation
    folded = equation.dim() != code.dim() and equation.numel() == code.numel()
    return equation.reshape(code.shape) if folded else equation


def _incomparable(code: Any, equation: Any) -> Words | None:
    """Why the two sides cannot be compared, or None."""
    for side, value in ((phrase("the code"), code), (phrase("the equation"), equation)):
        if not isinstance(value, torch.Tensor):
            return phrase("%(side)s gives a %(type)s, not a tensor", side=side, type=type(value).__name__)
        if value.numel() == 0 or not _is_finite(value):
            return phrase("%(side)s gives values that are not finite", side=side)
    if code.shape != equation.shape:
        shapes = {"code": str(tuple(code.shape)), "equation": str(tuple(equation.shape))}
        return phrase("the code gives shape %(code)s, the equation %(equation)s", **shapes)
    if _is_constant(code) and code.numel() > 1:
        return phrase("the code gives one constant value, which proves nothing")
    return None


def _not_finite(arguments: Mapping[str, Any]) -> Words | None:
    for name, value in arguments.items():
        if isinstance(value, torch.Tensor) and not _is_finite(value):
            return phrase("the captured %(symbol)s is not finite", symbol=name)
    return None


def _is_finite(value: torch.Tensor) -> bool:
    """Whether no entry is nan; infinities stand for masked positions."""
    if not (value.is_floating_point() or value.is_complex()):
        return True
    total = value.sum()  # nan where an entry is, and where infinities are of both signs
    return not bool(total.isnan()) or not bool(value.isnan().any())


def _is_constant(value: Any) -> bool:
    if not isinstance(value, torch.Tensor) or value.numel() < 2:
        return False
    flat = value.flatten()
    return not bool((flat[:GLIMPSE] != flat[0]).any()) and bool((flat == flat[0]).all())


def relative_error(code: torch.Tensor, equation: torch.Tensor) -> float:
    """max|code - equation| / max|equation| over two tensors of one shape.

    Masked entries (beyond `MASKED`) count as equal where both are masked with one sign, else the error is 1.
    """
    left, right = code.detach().double(), equation.detach().double()
    if right.numel() and not max(_greatest(left), _greatest(right)) < MASKED:
        left_masked, right_masked = left.abs() >= MASKED, right.abs() >= MASKED
        if not torch.equal(left_masked * left.sign(), right_masked * right.sign()):
            return 1.0
        left, right = left[~left_masked], right[~right_masked]
    if right.numel() == 0:
        return 0.0
    difference, scale = _greatest(left - right), _greatest(right)
    if difference == 0:
        return 0.0
    return difference / scale if scale > 0 else 1.0


def _greatest(value: torch.Tensor) -> float:
    """The greatest magnitude, nan where an entry is; in one pass over the numbers, for tensors can be large."""
    return float(torch.linalg.vector_norm(value, ord=torch.inf))


def _notices(concept: Concept, arguments: Mapping[str, Any], name: str, equations: Mapping[str, Any]) -> bool:
    """Whether the reference's results change with the symbol `name`; an argument it refuses counts as noticed."""
    with _perturbed(arguments[name]) as other:
        if other is None:
            return True
        try:
            changed = _results(concept, {**arguments, name: other})
        except Exception:  # see `check`
            return True
    return any(_differ(changed.get(symbol), value) for symbol, value in equations.items())


def _differ(left: Any, right: Any) -> bool:
    if isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor) and left.shape == right.shape:
        return relative_error(left, right) > NOTICEABLE
    return left is not right


@contextmanager
def _perturbed(value: Any) -> Iterator[Any]:
    """A different value of the same kind; a module's own parameters are changed meanwhile. None: cannot be changed."""
    if not isinstance(value, ModuleView):
        yield _other(value)
        return
    parameters = [] if value.owner is None else list(value.owner.parameters())
    if not parameters:
        yield ModuleView(_offset(value.module))
        return
    kept = [parameter.detach().clone() for parameter in parameters]
    try:
        with torch.no_grad():
            for parameter in parameters:
                parameter.copy_(_other(parameter))
        yield value
    finally:
        with torch.no_grad():
            for parameter, before in zip(parameters, kept, strict=True):
                parameter.copy_(before)


def _offset(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives something else than `function`."""

    def other(*arguments: Any, **keywords: Any) -> Any:
        result = function(*arguments, **keywords)
        return tuple(_other(part) for part in result) if isinstance(result, tuple) else _other(result)

    return other


def _other(value: Any) -> Any:
    """A number or tensor that differs from `value` in every unmasked entry; None for any other kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 1.25 + 0.125
    if not isinstance(value, torch.Tensor):
        return None
    if value.dtype == torch.bool:
        return ~value
    if not value.is_floating_point():
        return value.flip(-1) if value.ndim and value.shape[-1] > 1 else value + 1
    noise = torch.rand(value.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 0.5
    return torch.where(value.abs() >= MASKED, value, value * 1.25 + 0.125 * noise)
