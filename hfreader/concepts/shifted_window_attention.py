"""Attention in windows of an image that is shifted before and shifted back after."""

from typing import Any

from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import SWIN, SWIN_V2, at
from hfreader.concepts.pattern import Anything, Bind, Both, Branch, Element, OneOf, Op

SHIFTED = Op(("roll",), (Bind("x", Anything()),))
CALL = Op(("module",), (Bind("windows", SHIFTED),))
# Somewhere between the two shifts positions are weighed against each other.
WEIGHED = Branch(Op(("roll",)), applies=("softmax",))
ATTENDED = Bind("attended", Both(OneOf((Element(0, CALL), CALL)), WEIGHED))


def reference(x: Any, attended: Any, shift: Any, windows: Any) -> dict[str, Any]:
    """The image rolled by -s and cut into windows; what attention makes of them, put together, rolled by s.

    Shapes: x and attended (B, H, W, C); windows (n, w w, C), row by row; shift (s, s); the result (B, H, W, C).
    """
    size = round(windows.shape[1] ** 0.5)
    turned = x.roll((-shift[0], -shift[1]), (1, 2))
    cut = turned.new_zeros(windows.shape)
    number = 0
    for image in range(x.shape[0]):
        for top in range(0, x.shape[1], size):
            for left in range(0, x.shape[2], size):
                area = turned[image, top : top + size, left : left + size]
                cut[number] = area.reshape(size * size, -1)
                number += 1
    return {"windows": cut, "output": attended.roll(tuple(shift), (1, 2))}


CONCEPT = Concept(
    slug="shifted-window-attention",
    name=Text("Shifted-window attention", "移位窗口注意力"),
    explanation=Text(
        "An image is cut into windows, and positions look at their own window alone. In every other layer the image "
        "is first shifted by half a window, round its edges, and shifted back afterwards, so that what was apart in "
        "one layer is together in the next.",
        "图像被切成窗口，各位置只看自己的窗口。每隔一层先把图像循环移位半个窗口，注意力之后再移回，"
        "使上一层分属不同窗口的位置在下一层处于同一窗口。",
    ),
    citations=(at(SWIN, "§3.2, Eq. (3); the cyclic shift: Fig. 4"), SWIN_V2),
    equations=(
        r"\sym{windows}=\mathrm{cut}\big(\mathrm{roll}(\sym{x},-\sym{shift})\big),\quad"
        r"\sym{attended}=\mathrm{cut}^{-1}\big(\text{W-MSA}(\sym{windows})\big)",
        r"\sym{output}=\mathrm{roll}(\sym{attended},\sym{shift})",
    ),
    symbols=(
        Symbol("x", "z", Text("The image, row by row", "图像，逐行")),
        Symbol("shift", "s", Text("How far the image is shifted, down and to the right", "向下与向右的移位量")),
        Symbol("windows", "w", Text("The windows of the shifted image", "移位后图像的窗口")),
        Symbol(
            "attended",
            r"\hat w",
            Text("What attention makes of the windows, put together again", "各窗口经注意力的结果，重新拼合"),
        ),
        Symbol("output", r"\hat z", Text("The image again, shifted back", "移回后的图像")),
    ),
    patterns=(Bind("output", Op(("roll",), (ATTENDED,), keywords=(("shifts", Bind("shift", Anything())),))),),
    output="output",
    reference=reference,
    matches=(
        """
class Inner(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q = nn.Linear(d, d)

    def forward(self, x):
        w = F.softmax(self.q(x) @ x.transpose(-1, -2), dim=-1)
        return w @ x, w

class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.s, self.w = Inner(c.d), c.s, c.w

    def forward(self, x):
        b, h, w, c = x.shape
        y = torch.roll(x, shifts=(-self.s, -self.s), dims=(1, 2))
        y = y.view(b, h // self.w, self.w, w // self.w, self.w, c).transpose(2, 3).reshape(-1, self.w * self.w, c)
        y, _ = self.a(y)
        y = y.view(b, h // self.w, w // self.w, self.w, self.w, c).transpose(2, 3).reshape(b, h, w, c)
        return x + torch.roll(y, shifts=(self.s, self.s), dims=(1, 2))
""",
    ),
    rejects=(
        # Windows that are not shifted; a shift around a linear map; a shift that is not turned back.
        """
class Inner(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q = nn.Linear(d, d)

    def forward(self, x):
        return F.softmax(self.q(x) @ x.transpose(-1, -2), dim=-1) @ x

class WindowAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.w = Inner(c.d), c.w

    def forward(self, x):
        b, h, w, c = x.shape
        return self.a(x.view(b, h // self.w, self.w, w // self.w, self.w, c).transpose(2, 3).reshape(-1, c, c))
""",
        """
class ShiftedWindow(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)

    def forward(self, x):
        return torch.roll(self.a(torch.roll(x, shifts=(-1, -1), dims=(1, 2))), shifts=(1, 1), dims=(1, 2))
""",
        """
class Inner(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q = nn.Linear(d, d)

    def forward(self, x):
        return F.softmax(self.q(x) @ x.transpose(-1, -2), dim=-1) @ x

class ShiftedWindow(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = Inner(c.d)

    def forward(self, x):
        return self.a(torch.roll(x, shifts=(-1, -1), dims=(1, 2)))
""",
    ),
)
