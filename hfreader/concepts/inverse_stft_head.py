"""The head of a vocoder that writes a spectrum, and has it turned into sound."""

from typing import Any

from hfreader.concepts.linear_maps import affine, half
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Layer, Op

SPECTRUM = Layer(LINEAR, (Bind("x", Anything()),), "w")
LOUD = Op(("clamp",), (Op(("exp",), (half(0, SPECTRUM),)),), keywords=(("max", Bind("limit", Anything())),))
POLAR = Op(("polar",), (Bind("magnitude", LOUD), half(1, SPECTRUM)))


def reference(x: Any, w: Any, limit: Any, like: Any) -> dict[str, Any]:
    """The frames whose spectrum is min(exp(a), limit) exp(i p), [a, p] = x W, by the sums that define them.

    Shapes: x (B, n, d), W (d, N + 2), the result (B, n, N), N even."""
    magnitude, phase = affine(x, w).chunk(2, -1)
    magnitude = magnitude.exp().clamp(max=limit)
    bins = magnitude.shape[-1]
    steps = magnitude.new_ones(2 * bins - 2).cumsum(0) - 1
    turns = steps[:bins, None] * steps[None] * (3.141592653589793 / (bins - 1))
    weight = magnitude.new_full((bins,), 2.0)
    weight[0] = weight[-1] = 1.0
    real, imaginary = magnitude * phase.cos() * weight, magnitude * phase.sin() * weight
    # The first and the last frequency are real numbers.
    imaginary[..., 0] = imaginary[..., -1] = 0.0
    frames = (real @ turns.cos() - imaginary @ turns.sin()) / (2 * bins - 2)
    return {"magnitude": magnitude, "output": frames if frames.shape == like.shape else frames.transpose(1, 2)}


_HEAD = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n = c.n
        self.l = nn.Linear(c.d, c.n + 2)

    def forward(self, x):
        a, p = self.l(x).chunk(2, dim=-1)
        {body}
"""

CONCEPT = Concept(
    slug="inverse-stft-head",
    name=Text("Inverse short-time Fourier transform head", "短时傅里叶逆变换头"),
    explanation=Text(
        "Instead of raising features step by step to the rate of sound, the head predicts, for each frame, how loud "
        "each frequency is and where in its turn it stands. An inverse Fourier transform makes the frame of it; frames "
        "are added where they overlap.",
        "不逐级上采样到音频采样率，而是为每一帧预测各频率的幅度与相位，由傅里叶逆变换得到该帧的波形，重叠处相加。",
    ),
    citations=(
        Citation(
            "Vocos: Closing the gap between time-domain and Fourier-based neural vocoders for high-quality audio "
            "synthesis",
            "Siuzdak",
            2023,
            "2306.00814",
            "§3.1",
        ),
    ),
    equations=(
        r"\sym{output}=\mathrm{IFFT}\big(\sym{magnitude}\,e^{ip}\big),\qquad\sym{magnitude}=\min(e^{a},\sym{limit}),"
        r"\qquad[a,p]=\sym{x}\,\sym{w}+b",
    ),
    symbols=(
        Symbol("x", "x", Text("One row of features per frame", "每帧一行特征")),
        Symbol("w", "W", Text("The map to magnitudes and phases", "到幅度与相位的映射")),
        Symbol("limit", "L", Text("The greatest magnitude", "最大幅度")),
        Symbol("magnitude", "m", Text("How loud each frequency is", "各频率的幅度")),
        Symbol("output", "y", Text("The sound of each frame", "各帧的波形")),
    ),
    patterns=(Bind("output", Op(("irfft",), (POLAR,))),),
    output="output",
    reference=reference,
    matches=(
        _HEAD.format(
            name="Vocoder",
            body="s = torch.polar(torch.exp(a.float()).clamp(max=100.0), p)\n"
            '        return torch.fft.irfft(s, self.n, dim=-1, norm="backward").transpose(1, 2)',
        ),
    ),
    rejects=(
        # Magnitudes that are not exponentials; a spectrum that is not predicted; no transform.
        _HEAD.format(
            name="ISTFTHead", body="return torch.fft.irfft(torch.polar(a.clamp(max=100.0), p), self.n, dim=-1)"
        ),
        _HEAD.format(
            name="ISTFTHead", body="return torch.fft.irfft(torch.polar(torch.exp(x).clamp(max=100.0), x), self.n)"
        ),
        _HEAD.format(name="ISTFTHead", body="return torch.polar(torch.exp(a).clamp(max=100.0), p).real"),
    ),
)
