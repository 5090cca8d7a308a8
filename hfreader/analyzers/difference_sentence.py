"""A difference in one plain sentence."""

from collections.abc import Sequence

from hfreader.facts.comparison import Change
from hfreader.facts.phrases import listed

MOST = 6
FEW = 0.4
TO = " to the attention function"


def sentence(left: str, right: str, changes: Sequence[Change], shared: int, left_steps: int, right_steps: int) -> str:
    """`Qwen3Attention is LlamaAttention plus q_norm (RMSNorm of head_dim) and k_norm (RMSNorm of head_dim).`"""
    mine, other = _name(right, left), _name(left, right)
    if not changes:
        return f"{mine} computes exactly what {other} does."
    parts = clauses(changes)
    more = len(parts) - MOST
    text = "; ".join(parts[:MOST]) + (f"; and {more} more difference{'s' if more > 1 else ''}" if more > 0 else "")
    if shared < FEW * min(left_steps, right_steps):
        return f"{mine} shares {shared} of its {right_steps} operations with {other}: {text}."
    return f"{mine} is {other} {text}."


def clauses(changes: Sequence[Change]) -> list[str]:
    """The changes as clauses that follow `X is Y`, those of one kind together."""
    found = [f"that {one.text}" for one in changes if one.kind in ("order", "condition")]
    for kind, word in (("replaced", "with"), ("removed", "without"), ("added", "plus")):
        texts = list(dict.fromkeys(str(one.text) for one in changes if one.kind == kind and one.shared is None))
        for shared in dict.fromkeys(one.shared for one in changes if one.kind == kind and one.shared is not None):
            subjects = [one.subject.removeprefix("self.") for one in changes if one.shared == shared]
            texts.append(f"{shared} ({', '.join(dict.fromkeys(subjects))})")
        if texts:
            found.append(f"{word} {listed(texts)}")
    found += _settings([str(one.text) for one in changes if one.kind == "setting"])
    inside = list(dict.fromkeys(one.subject.removeprefix("self.") for one in changes if one.kind == "inside"))
    found += [f"with another {listed(inside)}"] if inside else []
    handed = [str(one.text) for one in changes if one.kind == "handed"]
    given = [text.removeprefix("hands ").removesuffix(TO) for text in handed if not text.startswith("hands no ")]
    found += [f"that hands {listed(given)}{TO}"] if given else []
    return found + [f"that {text}" for text in handed if text.startswith("hands no ")]


def _settings(texts: Sequence[str]) -> list[str]:
    """Settings; what is said of several layers is said once."""
    endings: dict[str, list[str]] = {}
    for text in texts:
        subject, _, rest = text.partition(" ")
        endings.setdefault(rest, []).append(subject)
    found = []
    for rest, subjects in endings.items():
        unique = list(dict.fromkeys(subjects))
        if rest.startswith(("with ", "without ")):
            found.append(f"with {listed(unique)} {rest}" if not rest.startswith("by ") else rest)
        else:
            prefix = "that " if unique[0] in ("multiplies", "adds", "takes") else "with "
            found.append(f"{prefix}{unique[0]} {rest}")
    return found


def _name(qualified: str, other: str) -> str:
    """The class's own name; with its file where both have the same."""
    front, _, name = qualified.rpartition(".")
    return f"{front.rpartition('.')[2]}.{name}" if name == other.rpartition(".")[2] else name
