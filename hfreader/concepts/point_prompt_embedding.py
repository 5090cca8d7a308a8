"""Points that a user clicks on, as tokens."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import EMBEDDING, Anything, Bind, Layer, Number, OneOf, Op, Pattern

SEGMENT_ANYTHING = Citation("Segment Anything", "Kirillov et al.", 2023, "2304.02643", "§3, App. A")
LABEL = Bind("label", Anything())


def _is(name: str, number: int) -> Pattern:
    """Which labels are, or are not, a number, perhaps with dimensions put in before or after."""
    labels = OneOf((LABEL, Op(("item",), (LABEL,))))
    compared = Op((name,), (labels, Number(number)))
    return OneOf((compared, Op(("item",), (compared,))))


PLACED = Op(("where",), (_is("eq", -1), Bind("none", Anything()), Bind("place", Anything())))
KNOWN = Op(("where",), (_is("ne", -10), PLACED, Op(("zeros_like",))))
BACKGROUND = Op(("where",), (_is("eq", 0), Op(("add",), (KNOWN, Bind("background", Anything()))), KNOWN))
FOREGROUND = Op(("where",), (_is("eq", 1), Op(("add",), (BACKGROUND, Bind("foreground", Anything()))), BACKGROUND))
ROW = Layer(EMBEDDING, (Op(("clamp",), (LABEL,), keywords=(("min", Number(0)),)),), "table")
OF_LABEL = Op(("mul",), (ROW, Op(("ge",), (LABEL, Number(0)))))


def reference(
    place: Any, label: Any, none: Any, background: Any = None, foreground: Any = None, table: Any = None
) -> Any:
    """gamma(p) + E_l; the vector for no point where l = -1, and zero where l = -10. Shapes: gamma(p) and the result
    (B, P, N, d), l (B, P, N), the vectors (..., d)."""
    kind = label[..., None]
    value = place.where(kind != -1, none.to(place)).where(kind != -10, 0 * place)
    if table is not None:
        return value + table.weight[label.clamp(min=0).long()] * (kind >= 0)
    return value + background * (kind == 0) + foreground * (kind == 1)


_PROMPT = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n, self.t = nn.Embedding(1, c.d), nn.Embedding(4, c.d)
        self.k = nn.ModuleList([nn.Embedding(1, c.d) for _ in range(4)])

    def forward(self, p, l):
        e = torch.where(l[..., None] == -1, self.n.weight, p)
        {body}
"""
_ZERO = "e = torch.where(l[..., None] != -10, e, torch.zeros_like(e))\n        "

CONCEPT = Concept(
    slug="point-prompt-embedding",
    name=Text("Point prompts", "点提示嵌入"),
    explanation=Text(
        "A clicked point becomes a token: the encoding of where it is, plus a learned vector that says whether it "
        "stands on the object or on the background. Places that are filled up get a learned vector of their own.",
        "用户点击的点成为一个词元：位置的编码，加上表示它在目标上还是背景上的可学习向量。补齐的空位有自己的可学习向量。",
    ),
    citations=(SEGMENT_ANYTHING,),
    equations=(
        r"\sym{output}=\sym{place}+\sym{table}[\sym{label}],\quad"
        r"\sym{table}[0]=\sym{background},\ \sym{table}[1]=\sym{foreground}",
        r"\sym{output}=\sym{none}\ \text{where }\sym{label}=-1,\quad 0\ \text{where }\sym{label}=-10",
    ),
    symbols=(
        Symbol("place", r"\gamma(p)", Text("Encoding of where the point is", "点所在位置的编码")),
        Symbol("label", "l", Text("1 on the object, 0 on the background", "1 为目标，0 为背景")),
        Symbol("none", r"e_{\varnothing}", Text("Learned vector for no point", "表示无点的可学习向量")),
        Symbol("background", "e_0", Text("Learned vector of the background", "背景的可学习向量"), ("table",)),
        Symbol("foreground", "e_1", Text("Learned vector of the object", "目标的可学习向量"), ("table",)),
        Symbol("table", "E", Text("Both vectors, where one table holds them", "两者（同在一张表时）")),
        Symbol("output", "e", Text("The token of the point", "点的词元")),
    ),
    patterns=(Bind("output", FOREGROUND), Bind("output", Op(("add",), (KNOWN, OF_LABEL)))),
    output="output",
    reference=reference,
    matches=(
        _PROMPT.format(name="Norm", body=_ZERO + "return e + self.t(l.clamp(min=0)) * (l >= 0).unsqueeze(-1)"),
        _PROMPT.format(
            name="Other",
            body=_ZERO + "e = torch.where((l == 0)[:, :, :, None], e + self.k[0].weight[None, None, :, :], e)\n"
            "        return torch.where((l == 1)[:, :, :, None], e + self.k[1].weight[None, None, :, :], e)",
        ),
    ),
    rejects=(
        # No vector of the kind of point; nothing put to zero; one kind alone.
        _PROMPT.format(name="PromptEncoder", body=_ZERO + "return e"),
        _PROMPT.format(name="PromptEncoder", body="return e + self.t(l.clamp(min=0)) * (l >= 0).unsqueeze(-1)"),
        _PROMPT.format(
            name="PromptEncoder", body=_ZERO + "return torch.where((l == 0)[..., None], e + self.k[0].weight, e)"
        ),
    ),
)
