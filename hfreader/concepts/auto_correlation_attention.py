"""Auto-correlation: a series compared with itself at every delay, by the Fourier transform."""

from typing import Any

from hfreader.concepts.model import Citation, Concept, Symbol, Text
from hfreader.concepts.pattern import Anything, Bind, Op

QUERY = Op(("rfft",), (Bind("query", Anything()),))
KEY = Op(("conj",), (Op(("rfft",), (Bind("key", Anything()),)),))


def reference(query: Any, key: Any, like: Any) -> Any:
    """R(tau) = sum over t of q_t k_{t - tau}, round and round, for each channel: the sum itself, with no transform.

    Shapes: query (B, T, d), key (B, S, d), cut or filled with zeros to T; the result (B, T, d).
    """
    length = like.shape[1]
    query, key = (_of_length(one, length) for one in (query, key))
    result = query.new_zeros(query.shape)
    for delay in range(length):
        result[:, delay] = (query * key.roll(delay, 1)).sum(1)
    return result


def _of_length(series: Any, length: int) -> Any:
    """A series cut, or filled with zeros, to a length."""
    short = series[:, :length]
    filled = short.new_zeros(short.shape[0], length, short.shape[2])
    filled[:, : short.shape[1]] = short
    return filled


CONCEPT = Concept(
    slug="auto-correlation-attention",
    name=Text("Auto-correlation", "自相关机制"),
    explanation=Text(
        "Instead of comparing positions, whole series are compared with each other, shifted by every delay. By the "
        "theorem of Wiener and Khinchin all delays cost one Fourier transform each way. The values, shifted by the few "
        "delays that agree best, are then averaged, so that periods are lined up.",
        "不比较单个位置，而是把整个序列与错开各种时延的序列比较。由维纳-辛钦定理，全部时延只需一次正反傅里叶变换。"
        "随后取最吻合的几个时延，把错开的值加权平均，使周期对齐。",
    ),
    citations=(
        Citation(
            "Autoformer: Decomposition Transformers with Auto-Correlation for Long-Term Series Forecasting",
            "Wu, Xu, Wang, Long",
            2021,
            "2106.13008",
            "§3.2, period-based dependencies and their efficient computation",
        ),
    ),
    equations=(
        r"\sym{output}(\tau)=\sum_{t}\sym{query}_t\,\sym{key}_{t-\tau}"
        r"=\mathcal F^{-1}\big(\mathcal F(\sym{query})\,\overline{\mathcal F(\sym{key})}\big)(\tau)",
    ),
    symbols=(
        Symbol("query", "Q", Text("Queries, a series per channel", "查询，每个通道一个序列")),
        Symbol("key", "K", Text("Keys, a series per channel", "键，每个通道一个序列")),
        Symbol("output", r"\mathcal R_{QK}", Text("How well the two agree at each delay", "两者在各时延下的吻合程度")),
    ),
    patterns=(Bind("output", Op(("irfft",), (Op(("mul",), (QUERY, KEY)),))),),
    output="output",
    reference=reference,
    matches=(
        """
def mixer(q, k, n):
    w = torch.fft.rfft(q, n=n, dim=1) * torch.conj(torch.fft.rfft(k, n=n, dim=1))
    return torch.fft.irfft(w, n=n, dim=1)
""",
    ),
    rejects=(
        # A convolution; a filter in the frequency domain.
        """
def autocorrelation(q, k, n):
    return torch.fft.irfft(torch.fft.rfft(q, n=n, dim=1) * torch.fft.rfft(k, n=n, dim=1), n=n, dim=1)
""",
        """
def autocorrelation(q, f, n):
    return torch.fft.irfft(torch.fft.rfft(q, n=n, dim=1) * torch.conj(f), n=n, dim=1)
""",
    ),
)
