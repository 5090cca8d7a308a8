"""Grouped-query attention without rotary positions: several heads of queries share one head of keys and values."""

from dataclasses import replace

from hfreader.concepts.attention_examples import WHOLE_TURN, mixer
from hfreader.concepts.attention_heads import HEAD_SYMBOLS, HINTS, MEMORY, ROTARY_SYMBOLS, heads, reference
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import GQA, MULTI_QUERY, at

# Heads of one group have one projection to keys and one to values.
SHARED = {"w_key": "W_{g(i)}^K", "w_value": "W_{g(i)}^V"}

CONCEPT = Concept(
    slug="grouped-query-attention",
    name=Text("Grouped-query attention", "分组查询注意力"),
    explanation=Text(
        (
            "Heads of queries come in groups, and each group shares one head of keys and values. With one "
            "group for all it is multi-query attention, with as many groups as heads multi-head attention. "
            "Keys and values, which a cache must hold, become fewer."
        ),
        (
            "查询头分成若干组，每组共享一个键值头。只有一组时即多查询注意力，组数等于头数时即多头注意力。"
            "需要缓存的键和值因此变少。"
        ),
    ),
    citations=(
        at(GQA, "§2.2"),
        MULTI_QUERY,
    ),
    equations=(
        r"\sym{output}=\mathrm{Concat}(\mathrm{head}_1,\dots,\mathrm{head}_H)\,\sym{w_o}",
        (
            r"\mathrm{head}_i=\mathrm{Attention}(\sym{x}\,\sym{w_query},\;\sym{x}\,\sym{w_key},\;\sym{x}\,"
            r"\sym{w_value}),\quad g(i)=\lfloor iG/H\rfloor"
        ),
    ),
    symbols=(
        *(replace(one, latex=SHARED.get(one.name, one.latex)) for one in HEAD_SYMBOLS),
        *ROTARY_SYMBOLS,
        Symbol("output", r"\mathrm{MultiHead}(X)", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=(*heads(rotary=False, grouped=True), *heads(rotary=False, grouped=True, source=MEMORY)),
    output="output",
    reference=reference,
    akin=("rope-grouped-query-attention", "multi-head-self-attention"),
    matches=(
        mixer(grouped=True),
        # Keys and values of another sequence.
        mixer(grouped=True, read="y"),
    ),
    rejects=(
        # Without groups; with a turn.
        mixer(),
        mixer(WHOLE_TURN, grouped=True),
    ),
    hints=HINTS,
)
