"""Spatial-reduction attention: keys and values come from a coarser grid than the queries."""

from typing import Any

from hfreader.concepts import attentions
from hfreader.concepts.attention_heads import mapped
from hfreader.concepts.attentions import DETAIL_SYMBOLS, DETAILS
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.norms import norm
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Equation, Layer

X = Bind("x", Anything())
MERGED = Layer(("torch.nn.Conv2d",), (Bind("grid", X),), "reduction", equal=(("kernel_size", "stride"),))
COARSE = Bind("coarse", norm(MERGED, "coarse_norm"))
SOURCES = (("query", X), ("key", COARSE), ("value", COARSE))
WHERE = tuple((name, Bind(name, Layer(LINEAR, (source,), f"w_{name}"))) for name, source in SOURCES)


def reference(
    x: Any,
    grid: Any,
    reduction: Any,
    coarse_norm: Any,
    key: Any,
    w_query: Any,
    w_key: Any,
    w_value: Any,
    coarse: Any = None,
    mask: Any = None,
    bias: Any = None,
    visible: Any = None,
    forbidden: Any = None,
    is_causal: Any = False,
    scale: Any = None,
    softcap: Any = None,
    sinks: Any = None,
) -> dict[str, Any]:
    """Attention(x W^Q, SR(x) W^K, SR(x) W^V) with SR(x) = Norm(Reshape(x, R) W^S).

    Shapes: x (B, N, C), rows of an image one after the other; the captured `grid` (B, C, H, W) tells its height and
    width, and `key` (B, h, N / R^2, d) the size of a head. R is the kernel and stride of the reduction.
    """
    ratio = reduction.weight.shape[-1]
    image = x.transpose(1, 2).reshape(grid.shape)
    patches = image.unfold(2, ratio, ratio).unfold(3, ratio, ratio).permute(0, 2, 3, 1, 4, 5)
    merged = patches.flatten(3).flatten(1, 2) @ reduction.weight.flatten(1).t()
    small = coarse_norm(merged if reduction.bias is None else merged + reduction.bias)
    q, k, v = (
        mapped(source, w).unflatten(-1, (-1, key.shape[-1])).transpose(1, 2)
        for source, w in ((x, w_query), (small, w_key), (small, w_value))
    )
    details = (mask, bias, visible, forbidden, is_causal, scale, softcap, sinks)
    output = attentions.reference(q, k, v, *details)["output"]
    return {"coarse": small if coarse is None else small.reshape(coarse.shape), "key": k, "output": output}


CONCEPT = Concept(
    slug="spatial-reduction-attention",
    name=Text("Spatial-reduction attention", "空间缩减注意力"),
    explanation=Text(
        "In a large image every position asks, but not every position is looked at: squares of R times R positions "
        "are merged into one by a convolution that steps as far as it is wide, and keys and values are made of these. "
        "There are R squared times fewer scores.",
        "在大图像中每个位置都提问，但并非每个位置都被查看：用步长等于核宽的卷积把 R×R 的方块合并为一个位置，"
        "再由它们得到键和值。分数的数量减少为 R 平方分之一。",
    ),
    citations=(
        Citation(
            "Pyramid Vision Transformer: A Versatile Backbone for Dense Prediction without Convolutions",
            "Wang et al.",
            2021,
            "2102.12122",
            "spatial-reduction attention",
        ),
        Citation(
            "SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers",
            "Xie, Wang, Yu, Anandkumar, Alvarez, Luo",
            2021,
            "2105.15203",
            "Eq. (2)",
        ),
    ),
    equations=(
        r"\sym{output}=\mathrm{Attention}\!\left(\sym{x}\,\sym{w_query},\;\sym{coarse}\,\sym{w_key},\;"
        r"\sym{coarse}\,\sym{w_value}\right)",
        r"\sym{coarse}=\sym{coarse_norm}\!\left(\mathrm{Reshape}(\sym{x},R)\,\sym{reduction}\right)",
        r"\mathrm{Attention}(\sym{query},\sym{key},\sym{value})=\sym{softmax}\!\left("
        r"\frac{\sym{query}\,\sym{key}^{\top}}{\sym{scale}}\right)\sym{value}",
    ),
    symbols=(
        Symbol("x", "X", Text("The input, one row per position of the image", "输入，图像每个位置一行")),
        Symbol("grid", r"X_{H\times W}", Text("The same by rows and columns", "按行列排列的输入")),
        Symbol("reduction", "W^S", Text("The convolution that merges squares", "合并方块的卷积")),
        Symbol("coarse_norm", r"\mathrm{Norm}", Text("Normalisation of the merged positions", "合并后位置的归一化")),
        Symbol("coarse", r"\mathrm{SR}(X)", Text("The coarser grid, one row per square", "粗网格，每个方块一行")),
        Symbol("w_query", "W^Q", Text("Projection to queries", "查询投影")),
        Symbol("w_key", "W^K", Text("Projection to keys", "键投影")),
        Symbol("w_value", "W^V", Text("Projection to values", "值投影")),
        Symbol("query", "Q", Text("Queries, in heads", "分头后的查询")),
        Symbol("key", "K", Text("Keys, in heads", "分头后的键")),
        Symbol("value", "V", Text("Values, in heads", "分头后的值")),
        *DETAIL_SYMBOLS,
        Symbol("output", r"\mathrm{SRA}(X)", Text("One mixture of values per query", "每个查询得到的值的混合")),
    ),
    patterns=(Bind("output", Equation("scaled-dot-product-attention", where=WHERE, keep=DETAILS)),),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c, d, h, r):
        super().__init__()
        self.h, self.r = h, r
        self.a, self.b, self.e = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        if r > 1:
            self.s = nn.Conv2d(d, d, kernel_size=r, stride=r)
            self.n = nn.LayerNorm(d)

    def forward(self, x, height, width):
        q = self.a(x).unflatten(-1, (self.h, -1)).transpose(1, 2)
        if self.r > 1:
            b, t, d = x.shape
            x = self.s(x.permute(0, 2, 1).reshape(b, d, height, width))
            x = self.n(x.reshape(b, d, -1).permute(0, 2, 1))
        k = self.b(x).unflatten(-1, (self.h, -1)).transpose(1, 2)
        v = self.e(x).unflatten(-1, (self.h, -1)).transpose(1, 2)
        return F.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1) @ v
""",
    ),
    rejects=(
        # Full resolution; a convolution with overlaps; queries from the coarse grid, too.
        """
class EfficientAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        return F.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1) @ v
""",
        """
class SpatialReduction(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.sr, self.norm = nn.Conv2d(d, d, kernel_size=3, stride=2), nn.LayerNorm(d)

    def forward(self, x, shape):
        y = self.norm(self.sr(x.permute(0, 2, 1).reshape(shape)).flatten(2).permute(0, 2, 1))
        q, k, v = self.query(x), self.key(y), self.value(y)
        return F.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1) @ v
""",
        """
class SpatialReduction(nn.Module):
    def __init__(self, d, r):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.sr, self.norm = nn.Conv2d(d, d, kernel_size=r, stride=r), nn.LayerNorm(d)

    def forward(self, x, shape):
        y = self.norm(self.sr(x.permute(0, 2, 1).reshape(shape)).flatten(2).permute(0, 2, 1))
        q, k, v = self.query(y), self.key(y), self.value(y)
        return F.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1) @ v
""",
    ),
    hints=frozenset({"scale", "grid"}),
)
