"""Tokens and features mixed by a Fourier transform."""

import math
from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Number, Op

LAST_TWO = Op(("tuple",), (Number(1), Number(2)))
TRANSFORMED = Op(("fftn",), (Bind("x", Anything()),), keywords=(("dim", LAST_TWO),))


def reference(x: Any) -> Any:
    """Re(F_T x F_d), F_n the matrix of exp(-2 pi i j k / n). Shapes: x and the result (B, T, d)."""
    if x.dim() != 3:
        raise NotCovered("a transform of other dimensions than sequence and features")
    (cos_t, sin_t), (cos_d, sin_d) = (_waves(x, size) for size in x.shape[1:])
    return cos_t @ x @ cos_d - sin_t @ x @ sin_d


def _waves(x: Any, size: int) -> tuple[Any, Any]:
    count = x.new_ones(size).cumsum(0) - 1
    turns = (count[:, None] * count % size) * (2 * math.pi / size)
    return turns.cos(), turns.sin()


_MIXER = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.f = functools.partial(torch.fft.fftn, dim={dims})

    def forward(self, x):
        return {body}
"""
_IMPORT = "import functools\n"

CONCEPT = Concept(
    slug="fourier-token-mixing",
    name=Text("Fourier token mixing", "傅里叶词元混合"),
    explanation=Text(
        "Instead of attention, tokens are mixed by a discrete Fourier transform along the sequence and another along "
        "the features, of which the real part is kept. Nothing is learned, and every output depends on every input.",
        "不用注意力，而用离散傅里叶变换混合词元：沿序列变换一次，沿特征再变换一次，取实部。没有可学习的参数，每个输出都依赖全部输入。",
    ),
    citations=(
        Citation(
            "FNet: Mixing Tokens with Fourier Transforms",
            "Lee-Thorp, Ainslie, Eckstein, Ontañón",
            2021,
            "2105.03824",
            "§3.2, Eq. (3)",
        ),
    ),
    equations=(
        r"\sym{output}=\Re\left(\mathcal{F}_{\mathrm{seq}}\left(\mathcal{F}_{\mathrm{h}}(\sym{x})\right)\right)",
    ),
    symbols=(
        Symbol("x", "x", Text("Hidden states", "隐状态")),
        Symbol("output", "y", Text("The real part of the transform", "变换的实部")),
    ),
    patterns=(Bind("output", Op(("attribute",), (TRANSFORMED,))),),
    output="output",
    reference=reference,
    matches=(
        _IMPORT + _MIXER.format(name="Attention", dims="(1, 2)", body="self.f(x).real"),
        _MIXER.format(name="Attention", dims="(1, 2)", body="torch.fft.fftn(x, dim=(1, 2)).real").replace(
            "functools.partial(torch.fft.fftn, dim=(1, 2))", "None"
        ),
    ),
    rejects=(
        # The sequence alone; the complex numbers themselves.
        _IMPORT + _MIXER.format(name="FourierTransform", dims="(1,)", body="self.f(x).real"),
        _IMPORT + _MIXER.format(name="FourierTransform", dims="(1, 2)", body="self.f(x).abs()"),
    ),
)
