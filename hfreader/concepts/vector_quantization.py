"""Vector quantization: the nearest vector of a codebook."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, NotCovered, Symbol, Text
from hfreader.concepts.norms import squared
from hfreader.concepts.pattern import EMBEDDING, Anything, Bind, Element, Layer, Number, OneOf, Op, Pattern

VQ_VAE = Citation(
    "Neural Discrete Representation Learning",
    "van den Oord, Vinyals, Kavukcuoglu",
    2017,
    "1711.00937",
    "§3.1, Eq. (1), (2)",
)
Z, CODES = Bind("z", Anything()), Bind("codebook", Anything())
ZZ, EE = Op(("sum",), (squared(Z),)), Op(("sum",), (squared(CODES),))


def _product(z: Pattern) -> Pattern:
    return OneOf((Op(("matmul",), (z, CODES)), Op(("einsum",), (Anything(), z, CODES))))


TWICE = OneOf((Op(("mul",), (Number(2), _product(Z))), _product(Op(("mul",), (Number(2), Z)))))
BATCHED = Op(("item",), (Op(("cdist",), (Op(("item",), (Z,)), Op(("item",), (CODES,)))),))
DISTANCE = OneOf(
    (
        BATCHED,
        Op(("cdist",), (Z, CODES)),
        Op(("add",), (Op(("sub",), (ZZ, TWICE)), EE)),
        Op(("sub",), (Op(("add",), (ZZ, EE)), TWICE)),
    )
)
# On a codebook of unit vectors the sign of its squares is of no account.
CLOSENESS = OneOf((Op(("neg",), (DISTANCE,)), Op(("add",), (Op(("neg",), (Op(("sub",), (ZZ, TWICE)),)), EE))))


def _largest(of: Pattern) -> Pattern:
    """The index of the largest entry."""
    return OneOf((Op(("argmax",), (of,)), Element(1, Op(("max",), (of,)))))


INDEX = Bind("output", OneOf((Op(("argmin",), (DISTANCE,)), _largest(CLOSENESS))))
# Where distances are taken between unit vectors, what is looked up may be the vectors as they were before.
LOOKED_UP = OneOf(
    (Layer(EMBEDDING, (INDEX,), "table"), Op(("embedding",), (INDEX, CODES)), Op(("item",), (CODES, INDEX)))
)


def reference(z: Any, codebook: Any, like: Any, quantized: Any = None, table: Any = None) -> dict[str, Any]:
    """k = argmin_j |z - e_j|, and e_k. Shapes: z (..., d), codebook (K, d) or (d, K), the index (...,)."""
    vectors = codebook.reshape(codebook.shape[-2:])
    if vectors.shape[0] == vectors.shape[1]:
        raise NotCovered("whether the codebook has its vectors in rows or columns cannot be told by the sizes")
    vectors = vectors if vectors.shape[-1] == z.shape[-1] else vectors.t()
    flat = z.reshape(-1, 1, z.shape[-1])
    index = ((flat - vectors) ** 2).sum(-1).argmin(-1)
    results = {"output": index.reshape(like.shape)}
    if quantized is None:
        return results
    return {**results, "quantized": (vectors if table is None else table.weight)[index].reshape(quantized.shape)}


_VQ = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.e = nn.Embedding(c.k, c.d)
        self.l = nn.Linear(c.d, c.k)
        self.b = nn.Buffer(torch.zeros(c.k, c.d))

    def {method}(self, z):
        {body}
"""

CONCEPT = Concept(
    slug="vector-quantization",
    name=Text("Vector quantization", "向量量化"),
    explanation=Text(
        "A vector is replaced by the nearest vector of a learned codebook, so that it can be written as one number: "
        "the place in the codebook. Pictures and sound become tokens this way.",
        "把一个向量换成可学习码本中离它最近的向量，于是它可以写成一个数：码本中的序号。图像和声音由此变成词元。",
    ),
    citations=(VQ_VAE,),
    equations=(
        r"\sym{output}=\arg\min_j\lVert\sym{z}-e_j\rVert_2,\quad e_j\in\sym{codebook}",
        r"\sym{quantized}=e_{\sym{output}}",
    ),
    symbols=(
        Symbol("z", "z", Text("The vectors, one per position", "向量，每个位置一个")),
        Symbol("codebook", "E", Text("The vectors that can stand for them", "可代替它们的向量")),
        Symbol("table", "T", Text("The table that holds them", "存放它们的表"), ("codebook",)),
        Symbol("output", "k", Text("Place of the nearest vector in the codebook", "最近向量在码本中的序号")),
        Symbol("quantized", "z_q", Text("The nearest vector", "最近的向量")),
    ),
    patterns=(Bind("quantized", LOOKED_UP), INDEX),
    output="output",
    reference=reference,
    matches=(
        _VQ.format(
            name="Router",
            method="forward",
            body="d = (z**2).sum(1, keepdim=True) + (self.e.weight**2).sum(1) - 2 * z @ self.e.weight.t()\n"
            "        return self.e(torch.argmin(d, dim=1))",
        ),
        _VQ.format(
            name="Codes",
            method="encode",
            body="e = self.b.t()\n"
            "        d = -(z.pow(2).sum(1, keepdim=True) - 2 * z @ e + e.pow(2).sum(0, keepdim=True))\n"
            "        return d.max(dim=-1).indices",
        ),
        _VQ.format(name="Far", method="encode", body="return torch.cdist(z, self.b).argmin(-1)"),
        _VQ.format(name="Row", method="encode", body="return torch.cdist(z[None], self.b[None])[0].argmin(-1)"),
        _VQ.format(
            name="Sum",
            method="forward",
            body="e = F.normalize(self.e.weight)\n"
            "        d = (z**2).sum(1, keepdim=True) + torch.sum(e**2, dim=1)\n"
            "        return self.e((d - 2 * torch.einsum('bd,dn->bn', z, e.t())).argmin(1))",
        ),
    ),
    rejects=(
        # The largest of some scores, as a router has it; the farthest; a nearest direction; an embedding of tokens.
        _VQ.format(name="VectorQuantizer", method="forward", body="return self.e(self.l(z).argmax(-1))"),
        _VQ.format(name="VectorQuantizer", method="forward", body="return torch.cdist(z, self.b).argmax(-1)"),
        _VQ.format(name="VectorQuantizer", method="forward", body="return (z @ self.b.t()).argmax(-1)"),
        _VQ.format(name="VectorQuantizer", method="forward", body="return self.e(z)"),
    ),
)
