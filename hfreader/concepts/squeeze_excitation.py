"""Squeeze-and-excitation."""

from typing import Any

from hfreader.concepts.convnext_block import POINTWISE, linear
from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Activation, Anything, Bind, Both, DerivedFrom, Layer, OneOf, Op, Pattern

SQUEEZE_EXCITATION = Citation(
    "Squeeze-and-Excitation Networks", "Hu, Shen, Albanie, Sun, Wu", 2017, "1709.01507", "§3, Eq. (2)-(4)"
)
X = Bind("x", Anything())
POOLS = tuple(f"torch.nn.AdaptiveAvgPool{n}d" for n in (1, 2, 3))
MEANS = ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "mean")
SQUEEZED = Bind("squeezed", OneOf((Layer(POOLS, (X,)), Op(MEANS, (X,)))))
HIDDEN = Bind("v", Activation(Bind("u", Layer(POINTWISE, (SQUEEZED,), "w_1")), "delta"))
SCORES = Bind("scores", Layer(POINTWISE, (HIDDEN,), "w_2"))
GATES = ("torch.nn.Sigmoid", "torch.nn.Hardsigmoid")


def _gate(inner: Pattern) -> Pattern:
    """A squashing function, as a function or a layer, or the non-linearity that the config names."""
    return OneOf(
        (Op(("sigmoid", "hardsigmoid"), (inner,)), Layer(GATES, (inner,), "sigma"), Activation(inner, "sigma"))
    )


# Maps and non-linearities one after another in a loop, a squashing function among them.
CHAIN = Layer((*POINTWISE, *GATES, "torch.nn.ReLU"), (Anything(),))
LOOPED = Op(("loop",), (SQUEEZED, Both(DerivedFrom(GATES), CHAIN)))


def reference(
    x: Any,
    squeezed: Any,
    gate: Any,
    w_1: Any = None,
    u: Any = None,
    delta: Any = None,
    v: Any = None,
    w_2: Any = None,
    scores: Any = None,
    sigma: Any = None,
) -> dict[str, Any]:
    """s x with s = sigma(W_2 delta(W_1 z)), z the mean of each channel. Shapes: x and the result (B, C, *sizes), the
    mean, the scores and the gate (B, C, 1, ...), or (B, C) where linear maps compute them. The gate is taken as it is
    where a loop over layers computes it."""
    mean = x.flatten(2).mean(-1).reshape(squeezed.shape)
    if w_1 is None:
        return {"squeezed": mean, "output": x * gate}
    squashed = scores.sigmoid() if sigma is None else sigma(scores)
    if gate.numel() != squashed.numel() or gate.numel() != x.shape[0] * x.shape[1]:
        raise NotCovered("the gate has not one number for each channel")
    return {
        "squeezed": mean,
        "u": linear(squeezed, w_1, u),
        "v": delta(u),
        "scores": linear(v, w_2, scores),
        "gate": squashed.reshape(gate.shape),
        "output": x * squashed.reshape(*x.shape[:2], *(1 for _ in x.shape[2:])),
    }


_SE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.p = nn.AdaptiveAvgPool2d(1)
        self.a, self.b = nn.Conv2d(c.d, c.e, 1), nn.Conv2d(c.e, c.d, 1)
        self.g = nn.Sequential(nn.Conv2d(c.d, c.e, 1), nn.ReLU(), nn.Conv2d(c.e, c.d, 1), nn.Sigmoid())

        self.l, self.m = nn.ModuleList(), nn.ModuleList()
        for width, act in c.maps:
            self.l.append(nn.Conv2d(width, width, 1))
            self.l.append(nn.Sigmoid() if act else nn.ReLU())
            self.m.append(nn.Conv2d(width, width, 1))
            self.m.append(nn.ReLU())

    def forward(self, x):
        z = self.p(x)
        for one in self.{loop}:
            z = one(z)
        return {body}
"""

CONCEPT = Concept(
    slug="squeeze-excitation",
    name=Text("Squeeze-and-excitation", "压缩激励"),
    explanation=Text(
        "Each channel is averaged over all positions, two small linear maps turn the averages into a number between "
        "0 and 1 for each channel, and the channels are multiplied by these. The network can so favour channels by "
        "what the whole picture holds.",
        "对每个通道在所有位置上取平均，由两个小的线性映射把平均值变为每个通道一个 0 到 1 之间的数，再乘回各通道。"
        "网络由此能按整幅图的内容突出某些通道。",
    ),
    citations=(SQUEEZE_EXCITATION,),
    equations=(
        r"\sym{output}=\sym{gate}\odot\sym{x},\quad\sym{gate}=\sym{sigma}(\sym{scores})",
        r"\sym{scores}=\sym{w_2}\,\sym{v},\quad\sym{v}=\sym{delta}(\sym{u}),\quad\sym{u}=\sym{w_1}\,\sym{squeezed},\quad"
        r"\sym{squeezed}_c=\frac{1}{HW}\sum_{i,j}\sym{x}_{c,i,j}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input, channels and positions", "输入，含通道与位置")),
        Symbol("squeezed", "z", Text("Mean of each channel", "每个通道的均值")),
        Symbol("w_1", "W_1", Text("Map to fewer channels", "降维映射")),
        Symbol("u", "u", Text("The few channels", "降维后的通道")),
        Symbol("delta", r"\delta", Text("Pointwise non-linearity, ReLU in the paper", "逐元素非线性，论文中为 ReLU")),
        Symbol("v", "v", Text("What the non-linearity gives", "非线性的结果")),
        Symbol("w_2", "W_2", Text("Map back to all channels", "升维映射")),
        Symbol("scores", "q", Text("A number for each channel", "每个通道一个数")),
        Symbol("sigma", r"\sigma", Text("Sigmoid, or a function like it", "sigmoid 或类似函数")),
        Symbol("gate", "s", Text("How much of each channel passes", "每个通道通过的比例")),
        Symbol("output", r"\tilde{x}", Text("The output", "输出")),
    ),
    patterns=(
        Bind("output", Op(("mul",), (X, Bind("gate", _gate(SCORES))))),
        Bind("output", Op(("mul",), (X, Bind("gate", LOOPED)))),
    ),
    output="output",
    reference=reference,
    matches=(
        _SE.format(name="Attention", loop="l", body="x * torch.sigmoid(self.b(F.relu(self.a(self.p(x)))))"),
        _SE.format(name="Norm", loop="l", body="x * z"),
        _SE.format(name="Gate", loop="l", body="self.g(x.mean((2, 3), keepdim=True)).mul(x)"),
    ),
    rejects=(
        # Nothing squeezed; no gate, also in a loop; a gate that is added; a gate on something else.
        _SE.format(name="SqueezeExcite", loop="m", body="x * z"),
        _SE.format(name="SqueezeExcite", loop="l", body="x * torch.sigmoid(self.b(F.relu(self.a(x))))"),
        _SE.format(name="SqueezeExcite", loop="l", body="x * self.b(F.relu(self.a(self.p(x))))"),
        _SE.format(name="SqueezeExcite", loop="l", body="x + torch.sigmoid(self.b(F.relu(self.a(self.p(x)))))"),
        _SE.format(name="SqueezeExcite", loop="l", body="self.p(x) * torch.sigmoid(self.b(F.relu(self.a(self.p(x)))))"),
    ),
)
