"""Normalisation over groups of channels, and global response normalisation."""

from typing import Any

from hfreader.concepts.linear_maps import LEARNED
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import LAST
from hfreader.concepts.pattern import Anything, Bind, Layer, Op, Pattern, Scalar

X = Bind("x", Anything())
SETTINGS: tuple[tuple[str, Pattern], ...] = tuple(
    (keyword, Bind(symbol, Anything()))
    for keyword, symbol in (("num_groups", "groups"), ("weight", "gamma"), ("bias", "beta"), ("eps", "eps"))
)
RESPONSE = Bind("response", Op(("norm", "vector_norm"), (X,)))
AVERAGE = Op(("add",), (Op(("mean",), (RESPONSE,), keywords=LAST), Bind("eps", Scalar())))
SCALED = Op(("mul",), (Bind("gamma", LEARNED), Op(("mul",), (X, Op(("div",), (RESPONSE, AVERAGE))))))


def reference(
    x: Any,
    norm: Any = None,
    groups: Any = None,
    gamma: Any = None,
    beta: Any = None,
    eps: Any = 1e-5,
    response: Any = None,
) -> Any:
    """(x - mean) / sqrt(variance + eps) * gamma + beta, statistics over each group of channels of a sample; or, where
    `response` is bound, gamma x N(x) + beta + x, N(x) the length of each channel over space by the mean of these.
    Shapes: x (B, C, ...), for the latter (B, H, W, C)."""
    if response is not None:
        length = (x**2).sum((1, 2), keepdim=True) ** 0.5
        return gamma * x * length / (length.mean(-1, keepdim=True) + eps) + beta + x
    if norm is not None:
        groups, gamma, beta, eps = norm.num_groups, norm.weight, norm.bias, norm.eps
    parts = x.reshape(x.shape[0], groups, -1)
    centred = parts - parts.mean(-1, keepdim=True)
    result = (centred / ((centred**2).mean(-1, keepdim=True) + eps) ** 0.5).reshape(x.shape)
    over = (1, -1, *(1 for _ in x.shape[2:]))
    result = result if gamma is None else result * gamma.reshape(over)
    return result if beta is None else result + beta.reshape(over)


_NORM = """
class {name}(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(n))
        self.g, self.l = nn.GroupNorm(4, n), nn.LayerNorm(n)

    def forward(self, x):
        {body}
"""

CONCEPT = Concept(
    slug="group-norm-family",
    name=Text("Group and global response normalization", "组归一化与全局响应归一化"),
    explanation=Text(
        "Group normalisation takes mean and variance over a group of channels of one image: batch size does not "
        "matter. Global response normalisation compares the strength of each channel over the image with that of the "
        "others, which keeps channels from doing the same.",
        "组归一化在一幅图像的一组通道上取均值和方差，因而与批次大小无关。全局响应归一化把每个通道在整幅图上的强度与其他通道相比，"
        "防止通道趋同。",
    ),
    citations=(
        Citation("Group Normalization", "Wu, He", 2018, "1803.08494", "Eq. (1), (2), (7)"),
        Citation(
            "ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders", "Woo et al.", 2023, "2301.00808"
        ),
    ),
    equations=(
        r"\sym{output}=\frac{\sym{x}-\mu_{\sym{groups}}}{\sqrt{\sigma^2_{\sym{groups}}+\sym{eps}}}\,\sym{gamma}+\sym{beta},"
        r"\qquad(\sym{groups},\sym{gamma},\sym{beta},\sym{eps})\in\sym{norm}",
        r"\sym{output}=\sym{gamma}\,\sym{x}\,\frac{\sym{response}}{\mathrm{mean}(\sym{response})+\sym{eps}}+\sym{beta}+\sym{x}",
    ),
    symbols=(
        Symbol("x", "x", Text("The input", "输入")),
        Symbol("groups", "G", Text("How many groups of channels there are", "通道组数"), ("norm",)),
        Symbol("response", r"\lVert x\rVert", Text("Length of each channel over the image", "各通道在图像上的长度")),
        Symbol("eps", r"\epsilon", Text("A small number against division by zero", "防止除以零的小数"), ("norm",)),
        Symbol("gamma", r"\gamma", Text("Learned scale", "可学习的缩放"), ("norm",)),
        Symbol("beta", r"\beta", Text("Learned shift", "可学习的平移"), ("norm",)),
        Symbol("norm", r"\mathrm{GN}", Text("The module that holds them", "持有它们的模块")),
        Symbol("output", "y", Text("The output, shaped like the input", "输出，形状同输入")),
    ),
    patterns=(
        Bind("output", Op(("add",), (SCALED, Bind("beta", LEARNED), X))),
        Bind("output", Op(("group_norm",), (X,), optional=SETTINGS)),
        Bind("output", Layer(("torch.nn.GroupNorm",), (X,), "norm")),
    ),
    output="output",
    reference=reference,
    matches=(
        _NORM.format(
            name="Batch",
            body="r = torch.linalg.vector_norm(x, ord=2, dim=(1, 2), keepdim=True)\n"
            "        r = r / (r.mean(-1, keepdim=True) + 1e-6)\n        return x + self.weight * (x * r) + self.bias",
        ),
        _NORM.format(name="Direct", body="return self.g(x)"),
        _NORM.format(name="Function", body="return F.group_norm(x, 4, self.weight, self.bias, 1e-5)"),
    ),
    rejects=(
        # Another norm; the response alone; no residual.
        _NORM.format(name="GroupNorm", body="return self.l(x)"),
        _NORM.format(
            name="GroupNorm",
            body="r = torch.linalg.vector_norm(x, ord=2, dim=(1, 2), keepdim=True)\n"
            "        return x * (r / (r.mean(dim=-1, keepdim=True) + 1e-6))",
        ),
        _NORM.format(name="GroupNorm", body="return F.batch_norm(x, self.weight, self.bias)"),
    ),
    hints=frozenset({"response"}),
)
