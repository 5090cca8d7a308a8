"""What one class computes otherwise than another, found on their dataflow graphs."""

from collections.abc import Mapping

from hfreader.analyzers.dataflow import TO_MATCH, dataflow
from hfreader.analyzers.difference_alignment import Alignment
from hfreader.analyzers.difference_changes import Changes
from hfreader.analyzers.difference_nature import Natures
from hfreader.analyzers.difference_outlines import Outlines
from hfreader.analyzers.difference_sentence import sentence
from hfreader.analyzers.matching import find
from hfreader.concepts import catalogue
from hfreader.facts.comparison import Difference, Outline
from hfreader.facts.phrases import Phrase, Words, in_a_sentence
from hfreader.facts.places import Place

# Classes of which fewer operations than this are shared are compared with their submodules opened.
ALIKE = 0.5
# The kinds of concepts that can name a group of operations; a whole class goes by its own name.
NAMING = ("mechanism", "facet")


def _operations(outline: Outline) -> int:
    return sum(step.op != "input" for step in outline.steps)


class Differ:
    """Compares classes of one library. `names` holds one name for all classes that compute the same, by digest."""

    def __init__(self, outlines: Outlines) -> None:
        self.outlines = outlines
        self.natures = Natures(outlines)
        self.names: dict[str, str] = {}
        self._concepts: dict[str, tuple[tuple[Place, str], ...]] = {}
        self._known: dict[tuple[str, str], Difference | None] = {}

    def named(self, owner: str) -> Mapping[Place, Words]:
        """What the expressions in a class that give the result of a concept are called."""
        known = catalogue()
        return {place: Phrase(in_a_sentence(known[slug].name.en)) for place, slug in self.concepts(owner)}

    def concepts(self, owner: str) -> tuple[tuple[Place, str], ...]:
        """The concepts found in a class, with the expressions that give their results."""
        if owner not in self._concepts:
            self._concepts[owner] = ()
            if self.outlines.of(owner) is not None:
                # At the defaults some branches are closed; what a class can compute is asked of all of them.
                found = find(dataflow(self.outlines.library, owner, limits=TO_MATCH), catalogue().values())
                kinds = {slug: concept.kind for slug, concept in catalogue().items()}
                self._concepts[owner] = tuple(
                    (match.place, match.concept) for match in found if kinds[match.concept] in NAMING
                )
        return self._concepts[owner]

    def difference(self, left: str, right: str) -> Difference | None:
        """What `right` has otherwise than `left` (both qualified); None where one has no computation to compare."""
        if (left, right) not in self._known:
            self._known[left, right] = None
            self._known[left, right] = self._difference(left, right)
        return self._known[left, right]

    def _difference(self, left: str, right: str) -> Difference | None:
        closed = self.outlines.of(left), self.outlines.of(right)
        if closed[0] is None or closed[1] is None:
            return None
        if closed[0].digest == closed[1].digest:
            return self._described(closed[0], closed[1])
        found = self._described(closed[0], closed[1])
        enough = found.shared >= ALIKE * min(found.left_steps, found.right_steps)
        if enough and self._made_alike(closed[0], closed[1]):
            return found
        opened = self.outlines.of(left, True), self.outlines.of(right, True)
        if opened[0] is None or opened[1] is None:
            return found
        return self._described(opened[0], opened[1])

    def _made_alike(self, left: Outline, right: Outline) -> bool:
        """Whether both put their attention and feed-forward networks into submodules in the same way."""
        return self._main_parts(left) == self._main_parts(right)

    def _main_parts(self, outline: Outline) -> tuple[int, ...]:
        natures = [self.natures.of(step.kind.split(" or ")[0]) for step in outline.steps if step.op == "part"]
        return tuple(natures.count(one) for one in ("attention", "feed-forward", "projection"))

    def _described(self, left: Outline, right: Outline) -> Difference:
        alignment = Alignment(left, right, self.natures.of)
        changes = () if left.digest == right.digest else Changes(alignment, self).all()
        shared = sum(left.steps[number].op != "input" for number in alignment.pairs)
        counts = shared, _operations(left), _operations(right)
        text = sentence(left.owner, right.owner, changes, *counts)
        return Difference(left.owner, right.owner, text, changes, *counts)
