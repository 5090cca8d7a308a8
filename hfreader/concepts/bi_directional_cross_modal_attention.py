"""Attention in both directions: an image looks at a text and the text at the image, by one table of scores."""

from typing import Any

from hfreader.concepts.attentions import LAST, transposed
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import LINEAR, Anything, Bind, Element, Itself, Layer, OneOf, Op, Pattern, Scalar

QUERY = Op(("mul", "div"), (Bind("query", Layer(LINEAR, (Anything(),))), Bind("scale", Scalar())))
KEY = Bind("key", Layer(LINEAR, (Anything(),)))
SCORES = Bind("scores", Op(("matmul",), (QUERY, transposed(KEY))))


def eased(raw: Pattern) -> Pattern:
    """Scores less their largest, and kept within bounds that they hardly reach."""
    largest = OneOf((Op(("amax",), (raw,)), Element(0, Op(("max",), (raw,))), Op(("max",), (raw,))))
    less = OneOf((Op(("sub",), (raw, largest)), raw))
    return OneOf((Op(("clamp",), (less,)), less))


def looking(raw: Pattern, name: str) -> Pattern:
    """The values of the other side under the softmax of the scores."""
    blotted = OneOf((Op(("masked_fill",), (raw, Bind(f"forbidden_{name}", Anything()))), raw))
    return Op(("matmul",), (Op(("softmax",), (blotted,), keywords=(("dim", LAST),)), Bind(f"value_{name}", Anything())))


def finished(one: Pattern) -> Pattern:
    """What one side takes in, among other things that are returned with it, mixed over the heads or not."""
    mixed = OneOf((Layer(LINEAR, (one,)), one))
    return OneOf((Op(("tuple",), (mixed,)), mixed))


BACK = transposed(eased(SCORES))


def reference(
    query: Any,
    key: Any,
    value_text: Any,
    value_image: Any,
    forbidden_text: Any = None,
    forbidden_image: Any = None,
    scale: Any = None,
) -> dict[str, Any]:
    """softmax(S) V_text and softmax(S^T) V_image of one table S = Q K^T / sqrt(d).

    Shapes: query (B, T, h d), the image's; key (B h, S, d), the text's; value_text (B h, S, d), value_image
    (B h, T, d); `forbidden_text` broadcasts to (B h, T, S), `forbidden_image` to (B h, S, T), true where no one looks.
    """
    heads = key.shape[0] // query.shape[0]
    rows = query.unflatten(-1, (heads, -1)).transpose(1, 2).flatten(0, 1)
    table = rows @ key.transpose(1, 2) * key.shape[-1] ** -0.5
    back = table.transpose(1, 2)
    table = table if forbidden_text is None else table.masked_fill(forbidden_text, float("-inf"))
    back = back if forbidden_image is None else back.masked_fill(forbidden_image, float("-inf"))
    return {"output": table.softmax(-1) @ value_text, "backward": back.softmax(-1) @ value_image}


CONCEPT = Concept(
    slug="bi-directional-cross-modal-attention",
    name=Text("Bi-directional cross-modal attention", "双向跨模态注意力"),
    explanation=Text(
        "The positions of an image and the words of a text are compared once. Read by rows, the scores tell every "
        "position which words matter to it; read by columns, they tell every word which positions do. Each side "
        "averages values of the other one under its own softmax.",
        "图像各位置与文本各词只比较一次。按行读，分数告诉每个位置哪些词重要；按列读，告诉每个词哪些位置重要。"
        "两边各用自己的 softmax 对另一边的值求平均。",
    ),
    citations=(
        Citation("Grounded Language-Image Pre-training", "Li et al.", 2021, "2112.03857", "§3.2"),
        Citation(
            "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection",
            "Liu et al.",
            2023,
            "2303.05499",
            "§3.2",
        ),
    ),
    equations=(
        r"\sym{scores}=\frac{\sym{query}\,\sym{key}^{\top}}{\sym{scale}}",
        r"\sym{output}=\mathrm{softmax}(\sym{scores})\,\sym{value_text},\quad"
        r"\sym{backward}=\mathrm{softmax}(\sym{scores}^{\top})\,\sym{value_image}",
    ),
    symbols=(
        Symbol("query", "Q_v", Text("The image's projection", "图像的投影")),
        Symbol("key", "Q_l", Text("The text's projection", "文本的投影")),
        Symbol("scale", r"\sqrt{d}", Text("Square root of the size of a head", "每个头维度的平方根")),
        Symbol("scores", "A", Text("One score per position and word", "每个位置与词一个分数")),
        Symbol("value_text", "V_l", Text("The text's values", "文本的值")),
        Symbol("value_image", "V_v", Text("The image's values", "图像的值")),
        Symbol("forbidden_text", r"M_l", Text("True for words that do not count", "不计入的词处为真")),
        Symbol("forbidden_image", r"M_v", Text("True for positions that do not count", "不计入的位置处为真")),
        Symbol("output", "O_v", Text("What each position takes from the text", "每个位置从文本取得的内容")),
        Symbol("backward", "O_l", Text("What each word takes from the image", "每个词从图像取得的内容")),
    ),
    patterns=(
        Op(
            ("tuple",),
            (
                finished(Itself(Bind("output", looking(eased(SCORES), "text")))),
                finished(Itself(Bind("backward", looking(eased(BACK), "image")))),
            ),
        ),
    ),
    output="output",
    reference=reference,
    matches=(
        """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.v, c.d), nn.Linear(c.l, c.d)
        self.c, self.e = nn.Linear(c.v, c.d), nn.Linear(c.l, c.d)
        self.y, self.z = nn.Linear(c.d, c.v), nn.Linear(c.d, c.l)
        self.h = c.h

    def cut(self, x):
        return x.view(x.shape[0], x.shape[1], self.h, -1).transpose(1, 2).flatten(0, 1)

    def forward(self, x, t, m=None):
        q, k = self.cut(self.a(x) * self.h ** -0.5), self.cut(self.b(t))
        s = torch.bmm(q, k.transpose(1, 2))
        s = torch.clamp(s - s.max(), min=-5e4, max=5e4)
        r = s.transpose(1, 2)
        r = (r - torch.max(r, dim=-1, keepdim=True)[0]).softmax(dim=-1)
        if m is not None:
            s = s.masked_fill(m, float("-inf"))
        s = s.softmax(dim=-1)
        return (self.y(torch.bmm(s, self.cut(self.e(t)))), s), (self.z(torch.bmm(r, self.cut(self.c(x)))), r)
""",
    ),
    rejects=(
        # Two attentions with scores of their own; one direction alone; both softmaxes over the words.
        """
class BiMultiHeadAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x, t, s):
        q, k = self.a(x) * s, self.b(t)
        r = self.b(x) * s
        first = (q @ k.transpose(1, 2)).softmax(-1) @ t
        return first, (r @ k.transpose(1, 2)).transpose(1, 2).softmax(-1) @ x
""",
        """
class BiMultiHeadAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x, t, s):
        w = (self.a(x) * s) @ self.b(t).transpose(1, 2)
        return w.softmax(-1) @ t, w
""",
        """
class BiMultiHeadAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.d)

    def forward(self, x, t, s):
        w = (self.a(x) * s) @ self.b(t).transpose(1, 2)
        return w.softmax(-1) @ t, w.softmax(-1) @ x
""",
    ),
    hints=frozenset({"scale"}),
)
