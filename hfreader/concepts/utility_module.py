"""Helpers that stand beside the computation: caches, autograd functions, automatic classes, identity and padding."""

from hfreader.concepts.class_pattern import All, Any, Calls, Computes, Extends, Has, IsKind, Not
from hfreader.concepts.model import Concept, Text

HELPERS = Extends(
    (
        "torch.autograd.Function",
        "torch.autograd.function.Function",
        "transformers.cache_utils.",
        "transformers.generation.",
        "transformers.models.auto.auto_factory.",
        "transformers.image_processing_utils.",
        "enum.Enum",
        "typing.TypedDict",
        "typing_extensions.TypedDict",
        "typing.NamedTuple",
        "abc.ABC",
        "dict",
        "list",
    )
)
MODULE = IsKind(("module",))

CONCEPT = Concept(
    slug="utility-module",
    kind="structure",
    name=Text("Utility", "工具模块"),
    explanation=Text(
        "A helper without an equation of its own: a cache, an autograd function, a class that finds the right model "
        "for a configuration, or a module that only pads, crops, reorders or passes on what it is given.",
        "没有自己方程的辅助类:缓存、自动求导函数、根据配置寻找模型的类,或只对输入做填充、裁剪、重排、原样传递的模块。",
    ),
    citations=(),
    class_patterns=(
        All((HELPERS, Not(IsKind(("module", "model", "output"))))),
        # A module that computes nothing and calls nothing: it moves or passes on what it is given.
        All((MODULE, Has(("forward",)), Not(Any((Computes(), Calls()))))),
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
