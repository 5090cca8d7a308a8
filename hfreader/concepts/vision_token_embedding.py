"""What a vision Transformer starts from: patches, a class token, positions."""

from typing import Any

from hfreader.concepts.convolutions import FLATTENED, convolution, normalisation
from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.papers import VIT, at
from hfreader.concepts.pattern import EMBEDDING, LINEAR, Anything, Bind, Both, DerivedFrom, Layer, OneOf, Op, Pattern

REGISTERS = Citation(
    "Vision Transformers Need Registers", "Darcet, Oquab, Mairal, Bojanowski", 2023, "2309.16588", "§2.2"
)
LEARNED = DerivedFrom(("learned",), through=("interpolate", "cat", "item", "unpack", "repeat", "add"))
POSITIONS = Bind("positions", OneOf((LEARNED, Layer(EMBEDDING, (Anything(),)))))
CONVOLVED = convolution(Anything())
EMBEDDED = OneOf((CONVOLVED, normalisation(CONVOLVED, "norm"), Layer(LINEAR, (Anything(),))))
PATCHES = Bind("patches", EMBEDDED)
CLASS, MORE = Bind("class_token", LEARNED), Bind("registers", LEARNED)


# A vector for the row of each patch, and one for its column.
COORDINATE = DerivedFrom(("item",), through=("long", "int"))
ROW, COLUMN = (Bind(one, Layer(EMBEDDING, (COORDINATE,))) for one in ("positions", "columns"))


def _joined(patches: Pattern) -> Pattern:
    """The class token, perhaps further learned tokens, and the patches, in one sequence."""
    return OneOf((Op(("cat",), (CLASS, patches)), Op(("cat",), (CLASS, MORE, patches))))


def reference(patches: Any, positions: Any, class_token: Any = None, registers: Any = None, columns: Any = None) -> Any:
    """[class; registers; patches] + positions [+ columns]. Shapes: tokens (B, n, D), positions (1, n, D) or (n, D)."""
    parts = [one for one in (class_token, registers, patches) if one is not None]
    size = sum(one.shape[1] for one in parts)
    tokens = patches.new_zeros(patches.shape[0], size, *patches.shape[2:])
    start = 0
    for one in parts:
        tokens[:, start : start + one.shape[1]] = one
        start += one.shape[1]
    return tokens + positions if columns is None else tokens + positions + columns


_VIT = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(3, c.d, c.p, c.p)
        self.k = nn.Parameter(torch.zeros(1, 1, c.d))
        self.r = nn.Parameter(torch.zeros(1, 4, c.d))
        self.p = nn.Parameter(torch.zeros(1, c.n, c.d))
        self.e = nn.Embedding(c.n, c.d)
        self.l = nn.Linear(c.d, c.d)

    def forward(self, x, i):
        v = self.a(x).flatten(2).transpose(1, 2)
        k = self.k.expand(x.shape[0], -1, -1)
        return {body}
"""

CONCEPT = Concept(
    slug="vision-token-embedding",
    name=Text("Vision token embedding", "视觉词元嵌入"),
    explanation=Text(
        "A vision Transformer starts from the tokens of the patches with a learned class token before them, and adds a "
        "learned vector for each position. Some models have further learned tokens, some no class token.",
        "视觉 Transformer 的输入是图块词元，前面加一个可学习的类别词元，再加上每个位置的可学习向量。"
        "有的模型还有其他可学习词元，有的没有类别词元。",
    ),
    citations=(at(VIT, "§3.1, Eq. (1)"), REGISTERS),
    equations=(
        r"\sym{output}=\left[\sym{class_token};\,\sym{registers};\,\sym{patches}\right]+\sym{positions}+\sym{columns}",
    ),
    symbols=(
        Symbol("patches", "x_pE", Text("The embedded patches", "嵌入后的图块")),
        Symbol("norm", r"\mathrm{LN}", Text("The norm of the patches, where there is one", "图块的归一化（若有）")),
        Symbol(
            "class_token", r"x_{\mathrm{class}}", Text("Learned class token, where there is one", "类别词元（若有）")
        ),
        Symbol("registers", "r", Text("Further learned tokens, where there are some", "其他可学习词元（若有）")),
        Symbol("positions", r"E_{\mathrm{pos}}", Text("A learned vector for each position", "每个位置的可学习向量")),
        Symbol(
            "columns",
            r"E_{\mathrm{col}}",
            Text("A vector for each column, where rows have their own", "每列的向量（行另有向量时）"),
        ),
        Symbol("output", "z_0", Text("What enters the first layer", "进入第一层的向量")),
    ),
    patterns=(
        Bind("output", Op(("add",), (_joined(PATCHES), POSITIONS))),
        Bind("output", Op(("add",), (Bind("patches", Both(EMBEDDED, FLATTENED)), POSITIONS))),
        Bind("output", Op(("add",), (Bind("patches", Layer(LINEAR, (Anything(),))), ROW, COLUMN))),
    ),
    output="output",
    reference=reference,
    matches=(
        _VIT.format(name="Text", body="torch.cat((k, v), dim=1) + self.p"),
        _VIT.format(name="Other", body="self.e(i) + v"),
        _VIT.format(name="Cut", body="self.l(x[:, :, 2:]) + self.e(x[:, :, 0].long()) + self.e(x[:, :, 1].long())"),
        _VIT.format(name="More", body="torch.cat((k, self.r.expand(2, -1, -1), v), 1) + self.p"),
    ),
    rejects=(
        # Patches alone, no positions, positions that are not learned, a bias, a sequence without patches.
        _VIT.format(name="ViTEmbeddings", body="v"),
        _VIT.format(name="ViTEmbeddings", body="torch.cat((k, v), dim=1)"),
        _VIT.format(name="ViTEmbeddings", body="v + torch.arange(4)"),
        _VIT.format(name="ViTEmbeddings", body="self.l(x) + self.p"),
        _VIT.format(name="ViTEmbeddings", body="torch.cat((k, self.r), dim=1) + self.p"),
    ),
)
