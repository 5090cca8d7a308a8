"""Which step of one computation is which of another: by what each is, what it is made of and what is made of it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hfreader.analyzers.difference_nature import ATTENTION
from hfreader.analyzers.difference_outlines import local_identity
from hfreader.analyzers.operations import MASK_BUILDERS
from hfreader.facts.comparison import Outline, Step

ROUNDS = 10
# Two steps that agree in nothing but their kind are not taken for each other.
LEAST = 0.22
SAME, ALIKE, KIN, DISTANT = 1.0, 0.7, 0.55, 0.3
LINEAR = frozenset({"Linear", "Conv1D"})
MASKS = frozenset(MASK_BUILDERS.values())
ATTENDS = ATTENTION | {"softmax"}
GATES = frozenset({"sigmoid", "tanh", "relu", "gelu", "silu", "softplus", "mish", "elu", "leaky_relu", "activation"})

Users = dict[int, list[tuple[int, int]]]


@dataclass
class Alignment:
    """Pairs of steps, each step in at most one. `nature` says what a part is (`norm`, `attention`)."""

    left: Outline
    right: Outline
    nature: Callable[[str], str]
    pairs: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        likeness = self._likeness()
        users = _users(self.left.steps), _users(self.right.steps)
        score = dict(likeness)
        for _ in range(ROUNDS):
            score = {pair: value * self._context(pair, score, users) for pair, value in likeness.items()}
        self._choose(score)

    @property
    def backwards(self) -> dict[int, int]:
        """The left step of each right one."""
        return {right: left for left, right in self.pairs.items()}

    def _likeness(self) -> dict[tuple[int, int], float]:
        found = {}
        mine, theirs = _attending(self.left.steps), _attending(self.right.steps)
        unlike = frozenset[str]() if mine and theirs else (mine | theirs) - {""}
        for one, left in enumerate(self.left.steps):
            for other, right in enumerate(self.right.steps):
                # Attention where the other has none is like no part of it: not the maps of a state space.
                if left.within in unlike or right.within in unlike:
                    continue
                value = likeness(left, right, self.nature)
                if value:
                    found[one, other] = value
        return found

    def _context(
        self, pair: tuple[int, int], score: Mapping[tuple[int, int], float], users: tuple[Users, Users]
    ) -> float:
        left, right = self.left.steps[pair[0]], self.right.steps[pair[1]]
        ordered = left.op not in ("add", "mul")
        into = _operands(left.inputs, right.inputs, score, ordered)
        out = _uses(users[0].get(pair[0], []), users[1].get(pair[1], []), score)
        return 0.4 + 0.3 * into + 0.3 * out

    def _choose(self, score: Mapping[tuple[int, int], float]) -> None:
        sizes = max(len(self.left.steps), 1), max(len(self.right.steps), 1)

        def rank(pair: tuple[int, int]) -> tuple[float, float]:
            return -round(score[pair], 6), abs(pair[0] / sizes[0] - pair[1] / sizes[1])

        taken: set[int] = set()
        for one, other in sorted(score, key=rank):
            if one not in self.pairs and other not in taken and score[one, other] >= LEAST:
                self.pairs[one] = other
                taken.add(other)


def _attending(steps: Sequence[Step]) -> frozenset[str]:
    """The opened submodules that attend; "" for the class itself."""
    return frozenset(step.within for step in steps if step.op in ATTENDS)


def likeness(left: Step, right: Step, nature: Callable[[str], str]) -> float:
    """How alike two steps are in themselves, from 0 to 1."""
    if local_identity(left) == local_identity(right):
        return SAME
    if left.op == right.op == "input":
        return SAME
    if left.op == right.op and left.op not in ("layer", "part"):
        return ALIKE if left.kind == right.kind else KIN
    if left.op in ("layer", "part") and left.op == right.op and left.kind == right.kind:
        return ALIKE + 0.2 * _settings_shared(left, right)
    if _family(left, nature) & _family(right, nature):
        return KIN
    return DISTANT if left.op == right.op == "part" else 0.0


def _settings_shared(left: Step, right: Step) -> float:
    one, other = ({setting.identity for setting in step.settings} for step in (left, right))
    return len(one & other) / max(len(one | other), 1)


def _family(step: Step, nature: Callable[[str], str]) -> frozenset[str]:
    """Kinds of steps that can take each other's place."""
    names = {one.rpartition(".")[2] for one in step.kind.split(" or ")}
    if step.op == "part":
        return frozenset({nature(step.kind.split(" or ")[0])} - {""})
    if step.op == "layer":
        norm = any("Norm" in name for name in names)
        return frozenset({"linear"} if names & LINEAR else {"norm"} if norm else {one.lower() for one in names})
    if step.op in MASKS:
        return frozenset({"mask"})
    if step.op in ("conv1d", "conv2d", "linear", "addmm"):
        return frozenset({"linear"})
    if step.op in ("layer_norm", "rms_norm", "group_norm"):
        return frozenset({"norm"})
    return frozenset({"activation"} if step.op in GATES else ())


def _operands(
    left: Sequence[Sequence[int]],
    right: Sequence[Sequence[int]],
    score: Mapping[tuple[int, int], float],
    ordered: bool,
) -> float:
    if not left and not right:
        return 1.0
    if ordered:
        found = [_best(one, other, score) for one, other in zip(left, right, strict=False)]
    else:
        found = [max((_best(one, other, score) for other in right), default=0.0) for one in left]
    return sum(found) / max(len(left), len(right))


def _best(left: Sequence[int], right: Sequence[int], score: Mapping[tuple[int, int], float]) -> float:
    return max((score.get((one, other), 0.0) for one in left for other in right), default=0.0)


def _uses(
    left: Sequence[tuple[int, int]], right: Sequence[tuple[int, int]], score: Mapping[tuple[int, int], float]
) -> float:
    if not left and not right:
        return 1.0
    total = 0.0
    for one, position in left:
        at = (score.get((one, other), 0.0) * (1.0 if position == there else 0.7) for other, there in right)
        total += max(at, default=0.0)
    return total / max(len(left), len(right))


def _users(steps: Sequence[Step]) -> Users:
    found: Users = defaultdict(list)
    for number, step in enumerate(steps):
        for position, group in enumerate(step.inputs):
            for one in group:
                found[one].append((number, 0 if step.op in ("add", "mul") else position))
    return found
