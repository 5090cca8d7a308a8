"""Layer normalization."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.norms import LEARNED, centred, divided_by_root, layer_normalised, mean, squared
from hfreader.concepts.papers import LAYER_NORM_PAPER, at
from hfreader.concepts.pattern import LAYER_NORM, Anything, Bind, Layer, Number, OneOf, Op, Scalar

X = Bind("x", Anything())
SECOND = (("dim", Number(1)),)
NORMALISED = layer_normalised(X, Bind("mean", mean(X)), Bind("eps", Scalar()))
SCALED = OneOf((Op(("mul",), (NORMALISED, Bind("gamma", Op(("attribute",))))), NORMALISED))
# The features of an image stand in the second dimension.
CHANNEL_MEAN = Op(("mean",), (X,), keywords=SECOND)
CENTRED = centred(X, Bind("channel_mean", CHANNEL_MEAN))
VARIANCE = Op(("mean",), (squared(CENTRED),), keywords=SECOND)
CHANNELS = Op(("mul",), (divided_by_root(CENTRED, VARIANCE, Bind("eps", Scalar())), Bind("gamma", LEARNED)))
SETTINGS = tuple(
    (keyword, Bind(symbol, Anything()))
    for keyword, symbol in (("normalized_shape", "shape"), ("weight", "gamma"), ("bias", "beta"), ("eps", "eps"))
)


def reference(
    x: Any,
    norm: Any = None,
    gamma: Any = None,
    beta: Any = None,
    eps: Any = 1e-5,
    shape: Any = None,
    channel_mean: Any = None,
) -> Any:
    """(x - E[x]) / sqrt(Var[x] + eps) * gamma + beta over the last dimension, or over as many as `shape` or the module
    of torch has; over the second one where `channel_mean` is bound."""
    counted = len(shape) if isinstance(shape, (tuple, list)) else 1
    if norm is not None:
        gamma, beta, eps = norm.weight, norm.bias, norm.eps
        counted = 1 if gamma is None else gamma.dim()
    over = (1,) if channel_mean is not None else tuple(range(-counted, 0))
    centred = x - x.mean(over, keepdim=True)
    result = centred / ((centred**2).mean(over, keepdim=True) + eps) ** 0.5
    if gamma is not None:
        result = result * gamma
    return result if beta is None else result + beta


_NORM = """
class {name}(nn.Module):
    def __init__(self, n, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.bias = nn.Parameter(torch.zeros(n))
        self.eps = eps

    def forward(self, x):
        m = x.float().mean(-1, keepdim=True)
        {body}
"""

CONCEPT = Concept(
    slug="layer-norm",
    name=Text("Layer normalization", "层归一化"),
    explanation=Text(
        "The features of each position are shifted to mean 0 and scaled to variance 1, by statistics of that position "
        "alone. A learned scale and shift for each feature follow, so that nothing expressible before is lost.",
        "用每个位置自身的统计量，把它的特征平移到均值 0、缩放到方差 1。随后每个特征有可学习的缩放和平移，"
        "因而不损失表达力。",
    ),
    citations=(at(LAYER_NORM_PAPER, "Eq. (3), (4)"),),
    equations=(
        r"\sym{output}=\frac{\sym{x}-\sym{mean}}{\sqrt{\mathrm{Var}[\sym{x}]+\sym{eps}}}\odot\sym{gamma}+\sym{beta}",
        r"(\sym{gamma},\sym{beta},\sym{eps})\in\sym{norm}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input; statistics are over its features", "输入，统计量在其特征上计算")),
        Symbol(
            "mean", r"\mathrm{E}[x]", Text("Mean over the features of one position", "一个位置特征的均值"), ("norm",)
        ),
        Symbol(
            "norm", r"\mathrm{LN}", Text("The module that holds scale, shift and epsilon", "持有缩放、平移与 ε 的模块")
        ),
        Symbol("gamma", r"\gamma", Text("Learned scale", "可学习的缩放"), ("norm",)),
        Symbol("beta", r"\beta", Text("Learned shift", "可学习的平移"), ("norm",)),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数"), ("norm",)),
        Symbol(
            "channel_mean",
            r"\mathrm{E}[x]",
            Text("The same over the channels of an image", "同上，在图像的通道上"),
            ("mean",),
        ),
        Symbol("shape", "n", Text("The size of the features", "特征的大小")),
        Symbol("output", "y", Text("The output, shaped like the input", "输出，形状同输入")),
    ),
    patterns=(
        Bind("output", Op(("add",), (SCALED, Bind("beta", Op(("attribute",)))))),
        Bind("output", SCALED),
        Bind("output", Op(("add",), (CHANNELS, Bind("beta", LEARNED)))),
        Bind("output", Layer(LAYER_NORM, (X,), "norm")),
        Bind("output", Op(("layer_norm",), (X,), optional=SETTINGS)),
    ),
    output="output",
    reference=reference,
    akin=("rms-norm",),
    matches=(
        _NORM.format(
            name="RMSNorm",
            body="v = (x - m).pow(2).mean(-1, keepdim=True)\n"
            "        return self.weight * ((x - m) * torch.rsqrt(v + self.eps)).to(x.dtype)",
        ),
        _NORM.format(
            name="Scale",
            body="v = x.var(-1, unbiased=False, keepdim=True)\n"
            "        return (x - m) / torch.sqrt(v + self.eps) * self.weight + self.bias",
        ),
        _NORM.format(
            name="Channels",
            body="u = x.mean(1, keepdim=True)\n        s = (x - u).pow(2).mean(1, keepdim=True)\n"
            "        x = (x - u) / torch.sqrt(s + self.eps)\n"
            "        return self.weight[:, None, None] * x + self.bias[:, None, None]",
        ),
        """
class Silent(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.z = nn.LayerNorm(c.d)

    def forward(self, y):
        return self.z(y)
""",
        """
def plain(h, n):
    return F.layer_norm(h, (n,), None, None, eps=1e-5)
""",
    ),
    rejects=(
        # The variance of a sample, larger by n/(n - 1); RMS norms, whatever their name; a mean never subtracted;
        # a mean over positions.
        _NORM.format(
            name="LayerNorm",
            body="return (x - m) / torch.sqrt(x.var(-1, keepdim=True) + self.eps) * self.weight + self.bias",
        ),
        _NORM.format(
            name="LayerNorm", body="return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))"
        ),
        _NORM.format(
            name="LayerNorm",
            body="return self.weight * (x * torch.rsqrt((x - m).pow(2).mean(-1, keepdim=True) + self.eps)) + self.bias",
        ),
        """
class LayerNorm(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = nn.RMSNorm(c.d)

    def forward(self, x):
        return self.norm(x) - self.norm(x).mean(1, keepdim=True)
""",
        """
class LayerNorm(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = nn.BatchNorm1d(c.d)

    def forward(self, x):
        return self.norm(x)
""",
    ),
)
