"""Helpers that stand beside the computation: caches, autograd functions, automatic classes, identity and padding."""

from hfreader.concepts.class_pattern import All, Any, Calls, Computes, Extends, Has, IsKind, Not, Uses
from hfreader.concepts.model import Concept, Text

LAYERS = Extends(
    (
        "torch.nn.Linear",
        "torch.nn.Embedding",
        "torch.nn.LayerNorm",
        "torch.nn.GroupNorm",
        "torch.nn.Conv1d",
        "torch.nn.Conv2d",
        "torch.nn.ConvTranspose1d",
        "torch.nn.MultiheadAttention",
    )
)
# A learned table that is read, and code that could not be followed.
UNKNOWN = ("learned", "call", "opaque")
MODULE = IsKind(("module",))

CONCEPT = Concept(
    slug="utility-module",
    kind="structure",
    name=Text("Utility", "工具模块"),
    explanation=Text(
        "A helper without an equation of its own: a cache, an autograd function, a class that finds the right model "
        "for a configuration, a layer of torch under another name, or a module that only pads, crops, reorders or "
        "passes on what it is given.",
        "没有自己方程的辅助类：缓存、自动求导函数、根据配置寻找模型的类、换了名字的 torch 层，或只对输入做填充、"
        "裁剪、重排、原样传递的模块。",
    ),
    citations=(),
    class_patterns=(
        # What is no module, and no record of a model's outputs.
        IsKind(("other",)),
        # A layer of torch under a name of its own, perhaps with other defaults.
        All((LAYERS, Not(Has(("forward",))))),
        # A module that computes nothing and calls nothing: it moves or passes on what it is given.
        All((MODULE, Has(("forward",)), Not(Any((Computes(), Calls(), Uses(UNKNOWN)))))),
    ),
    matches=(
        """
class Memory(DynamicCache):
    pass
""",
        """
class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()
""",
        """
class Wide(nn.Conv1d):
    def __init__(self, n):
        super().__init__(n, n, 7, padding=3)
""",
        """
class Trim(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.n = 1 if k % 2 == 0 else 0

    def forward(self, h):
        return h[:, :, : -self.n] if self.n > 0 else h
""",
    ),
    rejects=(
        """
class Table(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.t = nn.Parameter(torch.zeros(c.n, c.h))
        self.i = nn.Buffer(torch.arange(c.n))

    def forward(self):
        return self.t[self.i].permute(1, 0).unsqueeze(0)
""",
        """
class Stages(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.s = nn.ModuleList([])
        self.s.add_module("0", nn.Linear(c.d, c.d))

    def forward(self, h):
        for one in self.s:
            h = one(h)
        return h
""",
        """
class Layer(nn.Linear):
    def forward(self, h):
        return F.linear(h, self.weight) * 2
""",
        """
class Cache(nn.Module):
    def forward(self, h):
        return torch.tanh(h)
""",
        """
class Utility(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Linear(c.d, c.d)

    def forward(self, h):
        return self.a(h)
""",
    ),
)
