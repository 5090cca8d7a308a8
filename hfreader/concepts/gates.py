"""Patterns and computations of gates: a product of two values, one of them behind a non-linearity."""

from typing import Any

from hfreader.concepts.linear_maps import clamped
from hfreader.concepts.model import Symbol, Text
from hfreader.concepts.pattern import Activation, Anything, Bind, Number, OneOf, Op, Pattern, Scalar


def softcapped(value: Pattern, cap: str) -> Pattern:
    """A value held between -cap and cap by a tanh, the cap named."""
    return Op(("mul",), (Op(("tanh",), (Op(("div",), (value, Bind(cap, Anything()))),)), Bind(cap, Anything())))


def gated(gate: Pattern, up: Pattern) -> Pattern:
    """phi(gate) times up. The gate may be scaled or held below a limit, before or after phi, and so may the other
    factor; phi may be written out as a steep SiLU; both may be softcapped."""
    low, high = clamped(gate, "gate_limit"), clamped(up, "up_limit")
    held = Op(("clamp",), (Activation(gate, "phi"),), keywords=(("max", Bind("activation_limit", Anything())),))
    scaled = Op(("mul",), (gate, Bind("gate_scale", Scalar())))
    steep = Bind("gate", low)
    opened = Op(("sigmoid",), (Op(("mul",), (steep, Bind("alpha", Scalar()))),))
    capped = (softcapped(gate, "gate_cap"), Op(("sigmoid",), (gate,)), softcapped(up, "up_cap"))
    return OneOf(
        (
            Op(("mul",), (Activation(low, "phi"), high)),
            Op(("mul",), (Activation(scaled, "phi"), up)),
            Op(("mul",), (held, high)),
            Op(("mul",), (Op(("add",), (high, Number(1))), Op(("mul",), (steep, opened)))),
            Op(("mul",), capped),
        )
    )


def gated_value(
    gate: Any,
    up: Any,
    phi: Any = None,
    alpha: Any = None,
    gate_limit: Any = None,
    up_limit: Any = None,
    activation_limit: Any = None,
    gate_scale: Any = None,
    gate_cap: Any = None,
    up_cap: Any = None,
) -> Any:
    """What `gated` matches. Shapes: all alike."""
    if gate_cap is not None:
        return gate_cap * (gate / gate_cap).tanh() * gate.sigmoid() * up_cap * (up / up_cap).tanh()
    gate = gate if gate_scale is None else gate * gate_scale
    gate = gate if gate_limit is None else gate.clamp(max=gate_limit)
    up = up if up_limit is None else up.clamp(-up_limit, up_limit)
    if alpha is not None:
        return (up + 1) * gate * (alpha * gate).sigmoid()
    opened = phi(gate)
    return (opened if activation_limit is None else opened.clamp(max=activation_limit)) * up


GATE_SYMBOLS = (
    Symbol("gate", "h_g", Text("The factor that opens and closes", "控制开合的因子")),
    Symbol("phi", r"\varphi", Text("Pointwise non-linearity", "逐元素非线性")),
    Symbol("alpha", r"\alpha", Text("How steep the gate is, if a constant says so", "门的陡度（若有常数）")),
    Symbol("gate_scale", r"\mu", Text("A constant factor of the gate, in some models", "门的常数倍数（某些模型）")),
    Symbol("gate_limit", "L", Text("Where the gate is cut off, in some models", "门的截断上限（某些模型）")),
    Symbol(
        "activation_limit", "L_\\varphi", Text("Where it is cut off after the non-linearity", "非线性之后的截断上限")
    ),
    Symbol("up_limit", "L'", Text("Where the other factor is cut off", "另一因子的截断上限")),
    Symbol("gate_cap", "c", Text("The softcap of the gate, in some models", "门的软上限（某些模型）")),
    Symbol("up_cap", "c'", Text("The softcap of the other factor", "另一因子的软上限")),
)
