"""The sizes that the names of dimensions are made of, with their values in each run: lengths, fields, and what follows
from them (the width of a head, the patches of an image)."""

from collections.abc import Callable, Iterator, Mapping

from transformers import PreTrainedConfig

from hfreader.facts.traces import SymbolFact
from hfreader.trace.expressions import Atom
from hfreader.trace.sizes import Lengths, counts_heads, sizes_of
from hfreader.trace.sizes_apart import EXTENT
from hfreader.trace.symbols_names import (
    BATCH,
    ENCODER,
    IMAGES,
    LENGTHS,
    PAST,
    TOKENS,
    head_width,
    patch_of,
    patches,
    patches_along,
    symbol_of,
    written_sides,
)
from hfreader.trace.symbols_runs import Run

_LENGTHS: dict[str, Callable[[Lengths], int | None]] = {
    BATCH: lambda lengths: lengths.batch,
    PAST: lambda lengths: lengths.past or None,
    TOKENS: lambda lengths: lengths.tokens,
    ENCODER: lambda lengths: lengths.encoder,
}


class Atoms:
    """What expressions are made of, and what the legend says of each, by symbol."""

    def __init__(self, config: PreTrainedConfig, runs: list[Run]) -> None:
        self.named: dict[str, Atom] = {}
        self.legend: dict[str, SymbolFact] = {}
        for symbol, read in _LENGTHS.items():
            counted = tuple(each for run in runs if (each := read(run.lengths)) is not None)
            if len(counted) == len(runs):
                self._add(symbol, LENGTHS[symbol], counted, length=True)
        for field, values in _fields(runs).items():
            symbol = symbol_of(config, field)
            self._add(field if symbol in self.legend else symbol, field, values)
        for heads, hidden in list(self._heads()):
            self._add(head_width(heads.name), self._over(hidden, heads), _divided(hidden, heads), made=(hidden,))
        for image, pairs in list(_images(self.named)):
            self._patches(image, pairs)

    @property
    def ordered(self) -> list[Atom]:
        """As products are written: `heads*head_dim`, not `head_dim*heads`."""
        return sorted(self.named.values(), key=lambda atom: atom.head)

    def _add(
        self, symbol: str, expression: str, values: tuple[int, ...], length: bool = False, made: tuple[Atom, ...] = ()
    ) -> None:
        if symbol not in self.legend:
            side, head = bool(EXTENT.search(expression)), symbol.endswith("head_dim")
            self.named[symbol] = Atom(symbol, values, length, side, head, frozenset(atom.name for atom in made))
            self.legend[symbol] = SymbolFact(symbol, expression, values[-1])

    def _over(self, one: Atom, other: Atom) -> str:
        return f"{self.legend[one.name].expression} / {self.legend[other.name].expression}"

    def _heads(self) -> Iterator[tuple[Atom, Atom]]:
        """Counts of heads, and the widths of the same part that they share out."""
        for heads in self.named.values():
            if heads.name.endswith("heads") and not heads.name.endswith("kv_heads"):
                hidden = self.named.get(f"{heads.name.rpartition('.')[0]}.hidden".removeprefix("."))
                if hidden is not None and _divides(heads, hidden):
                    yield heads, hidden

    def _patches(self, image: str, pairs: tuple[tuple[Atom, Atom], tuple[Atom, Atom]]) -> None:
        """The patches of an image, along its sides and all together."""
        high, wide = (self._over(*pair) for pair in pairs)
        along = patches_along(image, high == wide)
        parts = tuple(atom for pair in pairs for atom in pair)
        self._add(along[0], high, _divided(*pairs[0]), made=parts)
        self._add(along[-1], wide, _divided(*pairs[1]), made=parts)
        counts = tuple(a * b for a, b in zip(_divided(*pairs[0]), _divided(*pairs[1]), strict=True))
        total = f"({high})**2" if high == wide else f"({high}) * ({wide})"
        self._add(patches(image), total, counts, made=(*parts, *(self.named[name] for name in along)))


def _divides(under: Atom, over: Atom) -> bool:
    return all(a % b == 0 for a, b in zip(over.values, under.values, strict=True))


def _divided(over: Atom, under: Atom) -> tuple[int, ...]:
    return tuple(a // b for a, b in zip(over.values, under.values, strict=True))


def _images(named: Mapping[str, Atom]) -> Iterator[tuple[str, tuple[tuple[Atom, Atom], tuple[Atom, Atom]]]]:
    """Height and width of images with those of their patches, where these fill the images."""
    for name in dict.fromkeys(atom.partition("[")[0].removesuffix(".height") for atom in named):
        if not name.endswith(IMAGES):
            continue
        for high, wide in written_sides(name):
            for tall, broad in written_sides(patch_of(name)):
                found = [named.get(each) for each in (high, tall, wide, broad)]
                one, other, two, another = found
                if one and other and two and another and _divides(other, one) and _divides(another, two):
                    yield name, ((one, other), (two, another))


def _fields(runs: list[Run]) -> dict[str, tuple[int, ...]]:
    """The values in each run of the fields that all runs have.

    Of fields that are one by definition the one that could be set; of head counts that are equal in all runs the first,
    which is that of the queries.
    """
    all_fields = [sizes_of(run.assignment.config) for run in runs]
    common = [name for name in all_fields[-1] if all(name in fields for fields in all_fields)]
    chosen = {
        name
        for run, fields in zip(runs, all_fields, strict=True)
        for name, value in run.assignment.fields.items()
        if fields.get(name) == value
    }
    found: dict[str, tuple[int, ...]] = {}
    for name in sorted(common, key=lambda name: (name not in chosen, "kv" in name or "key_value" in name)):
        values = tuple(fields[name] for fields in all_fields)
        if values not in found.values() or (name in chosen and not counts_heads(name)):
            found[name] = values
    return found
