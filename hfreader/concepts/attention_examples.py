"""Examples that the attention concepts share: one attention class, with what each concept puts into it."""

from typing import Literal

TURN = """
def other(t):
    a, b = t[..., : t.shape[-1] // 2], t[..., t.shape[-1] // 2 :]
    return torch.cat((-b, a), dim=-1)
"""
REPEAT = """
def rep(t, n):
    b, h, l, d = t.shape
    if n == 1:
        return t
    return t[:, :, None, :, :].expand(b, h, n, l, d).reshape(b, h * n, l, d)
"""
MIXER = """
class Mixer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Linear(c.d, c.d), nn.Linear(c.d, c.e)
        self.c = nn.Linear(c.d, c.e)
        self.z = nn.Linear(c.d, c.d)
        self.h, self.g = c.h, c.g
{made}
    def forward(self, {arguments}):
        q = self.a(x).view(*x.shape[:-1], -1, self.h).transpose(1, 2)
        k = self.b({read}).view(*{read}.shape[:-1], -1, self.h).transpose(1, 2)
        v = self.c({read}).view(*{read}.shape[:-1], -1, self.h).transpose(1, 2)
{steps}        w = F.softmax(q @ k.transpose(-1, -2) * self.h ** -0.5 + m, dim=-1)
        return self.z((w @ v).transpose(1, 2).reshape(x.shape))
"""
NORMALISED = ("q, k = self.f(q), self.f(k)",)
WHOLE_TURN = ("q, k = q * c + other(q) * s, k * c + other(k) * s",)
PARTIAL_TURN = (
    "n = c.shape[-1]",
    "e, f = q[..., :n], k[..., :n]",
    "q = torch.cat([e * c + other(e) * s, q[..., n:]], dim=-1)",
    "k = torch.cat([f * c + other(f) * s, k[..., n:]], dim=-1)",
)
GROUPED = ("k, v = rep(k, self.g), rep(v, self.g)",)


def mixer(
    turn: tuple[str, ...] = (),
    *,
    grouped: bool = False,
    normed: Literal["before", "after"] | None = None,
    read: str = "x",
) -> str:
    """Multi-head attention with a mask. `turn` are the lines that turn queries and keys, `grouped` lets each head of
    keys and values serve several heads of queries, `normed` normalises queries and keys before or after the turn,
    `read` is where keys and values come from."""
    before = (TURN if turn else "") + (REPEAT if grouped else "")
    turned = (*NORMALISED, *turn) if normed == "before" else (*turn, *NORMALISED) if normed else turn
    steps = (*turned, *(GROUPED if grouped else ()))
    arguments = ["x", *([read] if read != "x" else []), *(["c", "s"] if turn else []), "m"]
    return before + MIXER.format(
        made="        self.f = nn.RMSNorm(c.h)\n" if normed else "",
        arguments=", ".join(arguments),
        read=read,
        steps="".join(f"        {step}\n" for step in steps),
    )
