"""Grouped-query attention whose queries and keys are turned by their positions."""

from hfreader.concepts.attention_examples import PARTIAL_TURN, WHOLE_TURN, mixer
from hfreader.concepts.attention_heads import HEAD_SYMBOLS, HINTS, ROTARY_SYMBOLS, heads, reference
from hfreader.concepts.model import Concept, Symbol, Text
from hfreader.concepts.papers import GQA, LLAMA, ROFORMER, at

CONCEPT = Concept(
    slug="rope-grouped-query-attention",
    name=Text("Grouped-query attention with rotary embedding", "带旋转位置编码的分组查询注意力"),
    explanation=Text(
        (
            "The attention of most language models since LLaMA: queries and keys are turned by an angle that "
            "grows with their position, and each head of keys and values serves a group of heads of queries, "
            "which makes the cache smaller."
        ),
        "LLaMA 之后多数语言模型采用的注意力：查询和键按随位置增大的角度旋转，每个键值头服务一组查询头，从而缩小缓存。",
    ),
    citations=(
        at(ROFORMER, "§3.2.2, Eq. (16)"),
        at(GQA, "§2.2"),
        at(LLAMA, "§2.2"),
    ),
    equations=(
        (
            r"q_m=R^{d}_{\Theta,m}\,\sym{w_query}\,\sym{x}_m,\quad k_n=R^{d}_{\Theta,n}\,\sym{w_key}\,"
            r"\sym{x}_n,\quad v_n=\sym{w_value}\,\sym{x}_n"
        ),
        (
            r"\sym{output}_m=\sym{w_o}\,\mathrm{Concat}_i\sum_n\sym{softmax}_n\!\left(\frac{q_{m,"
            r"i}^{\top}k_{n,g(i)}}{\sym{scale}}+\sym{mask}_{mn}\right)v_{n,g(i)},\quad g(i)="
            r"\lfloor iG/H\rfloor"
        ),
    ),
    symbols=(
        *HEAD_SYMBOLS,
        *ROTARY_SYMBOLS,
        Symbol("output", r"\mathrm{MultiHead}(X)", Text("One vector per position", "每个位置一个向量")),
    ),
    patterns=heads(rotary=True, grouped=True),
    output="output",
    reference=reference,
    akin=("grouped-query-attention", "rope-multi-head-attention"),
    matches=(
        mixer(WHOLE_TURN, grouped=True),
        mixer(WHOLE_TURN, grouped=True, normed="before"),
        mixer(WHOLE_TURN, grouped=True, normed="after"),
        mixer(PARTIAL_TURN, grouped=True),
    ),
    rejects=(
        # Without a turn; without groups.
        mixer(grouped=True),
        mixer(WHOLE_TURN),
    ),
    hints=HINTS,
)
