"""Vector quantization by the largest logit, trained with Gumbel noise."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, DerivedFrom, Layer, Op

WAV2VEC_2 = Citation(
    "wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations",
    "Baevski, Zhou, Mohamed, Auli",
    2020,
    "2006.11477",
    "§2, Eq. (1)",
)
LOGITS = Bind("logits", Layer(LINEAR, (Bind("x", Anything()),), "w"))
CHOSEN = Bind("index", Op(("argmax",), (LOGITS,)))
ONE_HOT = Op(("scatter",), (Anything(),), keywords=(("index", CHOSEN),))
CODES = Bind("codebook", DerivedFrom(("learned",)))


def reference(x: Any, w: Any, logits: Any, index: Any, codebook: Any, like: Any) -> dict[str, Any]:
    """e_k of each group, k the place of the largest logit. Shapes: x (B, T, d), W (d, G V), logits (B T G, V), the
    codebook (1, G V, d'), the result (B, T, G d')."""
    scores = (x @ w.weight + w.bias).reshape(logits.shape)
    best = scores.argmax(-1)
    groups = codebook.shape[1] // scores.shape[-1]
    vectors = codebook.reshape(groups, scores.shape[-1], -1)
    chosen = vectors[best.new_ones(best.shape).cumsum(0).sub(1) % groups, best]
    return {"logits": scores, "index": best.reshape(index.shape), "output": chosen.reshape(like.shape)}


_GUMBEL = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.l = nn.Linear(c.d, c.g * c.v)
        self.c = nn.Parameter(torch.zeros(1, c.g * c.v, c.e))
        self.g, self.v = c.g, c.v

    def forward(self, x):
        b, t, _ = x.shape
        h = self.l(x).view(b * t * self.g, -1)
        if self.training:
            p = F.gumbel_softmax(h, tau=2, hard=True)
        else:
            p = {body}
        e = p.view(b * t, -1).unsqueeze(-1) * self.c
        return e.view(b * t, self.g, self.v, -1).{end}.view(b, t, -1)
"""
ONE = "h.new_zeros(h.shape).scatter_(-1, h.argmax(dim=-1).view(-1, 1), 1.0)"

CONCEPT = Concept(
    slug="gumbel-vector-quantization",
    name=Text("Gumbel vector quantization", "Gumbel 向量量化"),
    explanation=Text(
        "A linear map scores every vector of the codebook, and the one with the largest score is taken, in each of "
        "several groups. In training, Gumbel noise and a softmax make the choice differentiable.",
        "线性映射给码本中的每个向量打分，在每个组里取分数最大的一个。训练时用 Gumbel 噪声和 softmax 使选择可微。",
    ),
    citations=(WAV2VEC_2,),
    equations=(
        r"\sym{output}=\left[\sym{codebook}_{1,\sym{index}_1};\cdots;\sym{codebook}_{G,\sym{index}_G}\right],\quad"
        r"\sym{index}_g=\arg\max_v\sym{logits}_{g,v},\quad\sym{logits}=\sym{x}\,\sym{w}+b",
        r"p_{g,v}=\frac{\exp\left((\sym{logits}_{g,v}+n_v)/\tau\right)}"
        r"{\sum_k\exp\left((\sym{logits}_{g,k}+n_k)/\tau\right)}\ \text{(training)}",
    ),
    symbols=(
        Symbol("x", "x", Text("The vectors, one per position", "向量，每个位置一个")),
        Symbol("w", "W", Text("Linear map to a score for each vector", "给每个向量打分的线性映射")),
        Symbol("logits", "l", Text("Scores", "分数")),
        Symbol("index", "k", Text("Place of the largest score", "最大分数的位置")),
        Symbol("codebook", "e", Text("The vectors, by group", "各组的码本向量")),
        Symbol("output", "q", Text("The chosen vectors, side by side", "选出的向量，并排拼接")),
    ),
    patterns=(Bind("output", Op(("sum",), (Op(("mul",), (ONE_HOT, CODES)),))),),
    output="output",
    reference=reference,
    matches=(_GUMBEL.format(name="Head", body=ONE, end="sum(-2)"),),
    rejects=(
        # A mixture of all vectors; the product alone; an average.
        _GUMBEL.format(name="GumbelVectorQuantizer", body="h.softmax(-1)", end="sum(-2)"),
        _GUMBEL.format(name="GumbelVectorQuantizer", body=ONE, end="contiguous()"),
        _GUMBEL.format(name="GumbelVectorQuantizer", body=ONE, end="mean(-2)"),
    ),
)
