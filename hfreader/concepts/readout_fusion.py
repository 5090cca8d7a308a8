"""The whole picture's token given to each patch."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import DPT, at
from hfreader.concepts.pattern import Anything, Bind, Number, Op

WHOLE = Op(("expand_as",), (Bind("cls", Op(("item",))),))
LAST = (("dim", Number(-1)),)


def reference(x: Any, cls: Any, like: Any) -> Any:
    """[x_i; c] for every patch i. Shapes: x (B, N, d), c (B, 1, d) or (B, d), the result (B, N, 2 d)."""
    both = like.new_zeros(like.shape)
    both[..., : x.shape[-1]] = x
    both[..., x.shape[-1] :] = cls.reshape(x.shape[0], 1, -1)
    return both


_READOUT = """
class {name}(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.w = nn.Sequential(nn.Linear(2 * c.d, c.d), nn.GELU())
        self.v = nn.Sequential(nn.Linear(c.d, c.d), nn.GELU())

    def forward(self, h):
        c, x = h[:, 0], h[:, 1:]
        {body}
"""

CONCEPT = Concept(
    slug="readout-fusion",
    name=Text("Readout token joined to the patches", "读出词元与图块拼接"),
    explanation=Text(
        "A vision transformer has one token that stands for the whole picture and belongs to no place. Before the "
        "tokens become a feature map again, it is put beside every patch, and a linear map makes one of the two.",
        "视觉 Transformer 有一个代表整幅图、不属于任何位置的词元。在词元重新成为特征图之前，把它拼到每个图块旁边，"
        "再由线性映射合为一个向量。",
    ),
    citations=(at(DPT, "§3.1"),),
    equations=(r"\sym{output}_i=[\sym{x}_i;\,\sym{cls}]",),
    symbols=(
        Symbol("x", "t", Text("Tokens of the patches", "图块的词元")),
        Symbol("cls", "t_0", Text("Token of the whole picture", "整幅图的词元")),
        Symbol("output", r"\mathrm{Read}(t)", Text("Both side by side", "两者并排")),
    ),
    patterns=(Bind("output", Op(("cat",), (Bind("x", Anything()), WHOLE), keywords=LAST)),),
    output="output",
    reference=reference,
    matches=(_READOUT.format(name="Norm", body="return self.w(torch.cat((x, c.unsqueeze(1).expand_as(x)), -1))"),),
    rejects=(
        # Added; the patches twice; put in front; something else beside the patches.
        _READOUT.format(name="Reassemble", body="return self.w(torch.cat((x, h.mean(1, True).expand_as(x)), -1))"),
        _READOUT.format(name="Reassemble", body="return self.v(x + c.unsqueeze(1).expand_as(x))"),
        _READOUT.format(name="Reassemble", body="return self.w(torch.cat((x, x), -1))"),
        _READOUT.format(name="Reassemble", body="return self.v(torch.cat((c.unsqueeze(1), x), 1))"),
    ),
)
