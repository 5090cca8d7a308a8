"""How the waves of several axes are arranged in the columns of a rotary table."""

from collections.abc import Callable

from hfreader.concepts.pattern import Anything, Bind, Element, Number, OneOf, Op, Pattern, Select, Slice

# A list that is read from a table once for cosines and once for sines is the same list.
SECTIONS = OneOf((Bind("sections", Anything()), Anything()))
COUNT = OneOf((Number(2), Number(3)))
Arrangement = Callable[[Pattern], Pattern]


def sections(wave: Pattern) -> Pattern:
    """The frequencies cut into sections, one axis after another taken for each."""
    cut = Op(("element",), (Op(("split",), (wave,), keywords=(("split_size_or_sections", SECTIONS),)),))
    return Op(("cat",), (Op(("opaque",), (Op(("item",), (cut, Op(("remainder",), (Anything(), COUNT)))),)),))


def in_turn(wave: Pattern) -> Pattern:
    """The first axis, in which every third frequency is overwritten by another one, up to the end of its section."""
    end = Op(("mul",), (Op(("item",), (SECTIONS, Anything())), Number(3)))
    every_third = Op(("tuple",), (Anything(), Anything(), Op(("call",), (Anything(), end, Number(3)))))
    other = Op(("setitem",), (Anything(), Anything(), Op(("item",), (wave, every_third))))
    return Op(("loop",), (Op(("item",), (wave, Number(0))), other))


def parity(wave: Pattern) -> Pattern:
    """Even frequencies of the first axis beside odd frequencies of the second."""
    of_axis = [Op(("item",), (wave, Number(axis))) for axis in (0, 1)]
    even = Slice(of_axis[0], step=Number(2))
    return Op(("stack",), (even, Slice(of_axis[1], start=Number(1), step=Number(2))))


def halves(wave: Pattern) -> Pattern:
    """The first half of the frequencies from the first axis, the second half from the second."""
    cut = Op(("element",), (Op(("chunk",), (wave,), keywords=(("chunks", Number(2)),)),))
    one_axis = Op(("item",), (cut, Op(("tuple",), (Anything(), Op(("remainder",), (Anything(), Number(2)))))))
    each = Op(("opaque",), (one_axis,))
    return Op(("cat",), (Element(0, each), Element(1, each)))


def in_order(wave: Pattern) -> Pattern:
    """All frequencies of the first axis, then all of the second, and so on."""
    return OneOf((Op(("cat",), (Select(0, wave), Select(1, wave))), Op(("flatten",), (wave,))))


def last_first(wave: Pattern) -> Pattern:
    """All frequencies of the second axis, then all of the first."""
    flipped = Op(("flatten",), (Op(("flip",), (wave,)),))
    return OneOf((Op(("cat",), (Select(1, wave), Select(0, wave))), flipped))


def alternating(wave: Pattern) -> Pattern:
    """Each frequency of all axes, the last axis first."""
    return Op(("flatten",), (Op(("flip",), (Op(("transpose",), (wave,)),)),))


def each_twice(wave: Pattern) -> Pattern:
    """All frequencies of the first axis twice, then all of the second twice."""
    first, second = Select(0, wave), Select(1, wave)
    return Op(("cat",), (first, first, second, second))


def again(arrangement: Arrangement) -> Arrangement:
    """What an arrangement gives, and once more behind itself."""

    def doubled(wave: Pattern) -> Pattern:
        once = arrangement(wave)
        return OneOf((Op(("cat",), (once, once)), Op(("tile",), (once, Number(2)))))

    return doubled


def beside(arrangement: Arrangement) -> Arrangement:
    """What an arrangement gives, each column twice."""
    return lambda wave: Op(("repeat_interleave",), (arrangement(wave),), keywords=(("repeats", Number(2)),))


def divided(sizes: list[int], axes: int, count: int, in_turn: bool) -> list[tuple[int, int]]:
    """Axis and frequency of each column where every frequency belongs to one axis."""
    if not in_turn:
        owners = [number % axes for number, size in enumerate(sizes) for _ in range(size)]
        return list(zip(owners, range(count), strict=True))
    return [(index % axes if index < axes * sizes[index % axes] else 0, index) for index in range(count)]


def shared(axes: int, count: int, last_first: bool, alternating: bool, each_twice: bool) -> list[tuple[int, int]]:
    """Axis and frequency of each column where every axis has all frequencies."""
    order = range(axes)[::-1] if last_first else range(axes)
    if alternating:
        return [(axis, index) for index in range(count) for axis in order]
    return [(axis, index) for axis in order for _ in range(2 if each_twice else 1) for index in range(count)]
