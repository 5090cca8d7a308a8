"""A sample of a normal distribution that the network describes."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

VAE = Citation("Auto-Encoding Variational Bayes", "Kingma, Welling", 2013, "1312.6114", "§2.4")
NOISE = Bind("noise", Op(("randn_like", "randn")))
SPREAD = Bind("spread", Op(("exp",), (Bind("log", Anything()),)))
MEAN = Bind("mean", Anything())


def reference(mean: Any, noise: Any, log: Any, spread: Any) -> dict[str, Any]:
    """mu + epsilon exp(l). Shapes: all alike."""
    return {"spread": log.exp(), "output": mean + noise * spread}


_SAMPLE = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv1d(c.d, 2 * c.d, 1)

    def forward(self, x):
        m, l = torch.chunk(self.a(x), 2, dim=1)
        return {body}
"""

CONCEPT = Concept(
    slug="reparameterized-sample",
    name=Text("Reparameterised sample", "重参数化采样"),
    explanation=Text(
        "The network gives a mean and the logarithm of a standard deviation. A sample is the mean plus noise times the "
        "deviation, so that gradients reach both.",
        "网络给出均值与标准差的对数。样本等于均值加上噪声乘以标准差，因而梯度可以传到两者。",
    ),
    citations=(VAE,),
    equations=(r"\sym{output}=\sym{mean}+\sym{noise}\odot\sym{spread},\quad\sym{spread}=e^{\sym{log}}",),
    symbols=(
        Symbol("mean", r"\mu", Text("Mean", "均值")),
        Symbol("log", r"\log\sigma", Text("Logarithm of the standard deviation", "标准差的对数")),
        Symbol("spread", r"\sigma", Text("Standard deviation", "标准差")),
        Symbol("noise", r"\epsilon", Text("Normal noise", "正态噪声")),
        Symbol("output", "z", Text("The sample", "样本")),
    ),
    patterns=(Bind("output", Op(("add",), (MEAN, Op(("mul",), (NOISE, SPREAD))))),),
    output="output",
    reference=reference,
    matches=(
        _SAMPLE.format(name="Norm", body="m + torch.randn_like(m) * torch.exp(l)"),
        _SAMPLE.format(name="Other", body="l.exp() * torch.randn_like(m) + m, m, l"),
    ),
    rejects=(
        # Noise alone; a deviation that is not positive; no noise.
        _SAMPLE.format(name="Sample", body="m + torch.randn_like(m)"),
        _SAMPLE.format(name="Sample", body="m + torch.randn_like(m) * l"),
        _SAMPLE.format(name="Sample", body="m + x * torch.exp(l)"),
    ),
)
