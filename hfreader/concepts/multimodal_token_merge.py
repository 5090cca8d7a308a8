"""Images or sounds put into the places that a text keeps for them, as in LLaVA."""

from typing import Any

from hfreader.concepts.class_pattern import All, Calls, Implements
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import LLAVA, at
from hfreader.concepts.pattern import Anything, Bind, Op

SLUG = "multimodal-token-merge"


def reference(tokens: Any, mask: Any, features: Any) -> Any:
    """The embeddings with the features, one after the other, in the places of the mask. Shapes: E (B, T, d), the mask
    likewise or wherever it is repeated to that, the features hold at least as many numbers as the mask has places."""
    merged = tokens.clone()
    places = mask.expand(tokens.shape)
    merged[places] = features.reshape(-1)[: int(places.sum())].to(merged.dtype)
    return merged


_MODEL = """
class {name}(PreTrainedModel):
    def __init__(self, c):
        super().__init__(c)
        self.e, self.v = nn.Embedding(c.v, c.d), nn.Linear(c.p, c.d)
        self.t = nn.Linear(c.d, c.d)

    def forward(self, ids, pixels=None):
        x = self.e(ids)
        if pixels is not None:
            {body}
        return self.t(x)
"""

CONCEPT = Concept(
    slug=SLUG,
    kind="composition",
    name=Text("Modality tokens merged into text", "多模态词元注入"),
    explanation=Text(
        "A text keeps a placeholder for each patch of an image or frame of a sound. What the other encoder makes of "
        "these takes their places among the word embeddings, and a language model reads the whole.",
        "文本为图像的每个块或音频的每一帧保留一个占位词元。另一编码器的结果取代这些位置上的词嵌入，"
        "再由语言模型读取整体。",
    ),
    citations=(at(LLAVA, "§4.1"),),
    equations=(
        r"\sym{output}_i=\begin{cases}\sym{features}_{k(i)}&\sym{mask}_i\\\sym{tokens}_i&\text{otherwise}\end{cases}",
    ),
    symbols=(
        Symbol("tokens", "E", Text("Embeddings of the words", "词嵌入")),
        Symbol("mask", "m", Text("Where the placeholders are", "占位词元所在的位置")),
        Symbol("features", "H_v", Text("What the other encoder made, in order", "另一编码器的结果，按顺序")),
        Symbol("output", "X", Text("What the language model reads", "语言模型读取的值")),
    ),
    patterns=(
        Bind(
            "output",
            Op(
                ("masked_scatter",),
                (Bind("tokens", Anything()), Bind("mask", Anything()), Bind("features", Anything())),
            ),
        ),
    ),
    class_patterns=(All((Implements((SLUG,)), Calls())), Calls(concepts=(SLUG,))),
    output="output",
    reference=reference,
    matches=(
        _MODEL.format(name="Llava", body="x = x.masked_scatter((ids == 7)[..., None], self.v(pixels))"),
        _MODEL.format(name="Text", body="x = torch.masked_scatter(x, (ids == 7).unsqueeze(-1), self.v(pixels))"),
    ),
    rejects=(
        # Added; put before the text; a mask that hides.
        _MODEL.format(name="Merge", body="x = x + self.v(pixels)"),
        _MODEL.format(name="Merge", body="x = torch.cat([self.v(pixels), x], dim=1)"),
        _MODEL.format(name="Merge", body="x = x.masked_fill((ids == 7)[..., None], 0.0)"),
    ),
)
