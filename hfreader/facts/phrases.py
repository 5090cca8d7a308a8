"""What is said of facts in words that pages can say in their own language."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce


@dataclass(frozen=True)
class Phrase:
    """English words with places for what they speak of, as gettext has them: `%(this)s instead of %(that)s`.

    An argument is a phrase itself, a number, or text that is the same in every language: code, a name, an error.
    """

    message: str
    arguments: tuple[tuple[str, "str | int | Phrase"], ...] = ()

    def __str__(self) -> str:
        """The same in English."""
        return self.message % dict(self.arguments) if self.arguments else self.message


Words = str | Phrase


def phrase(message: str, /, **arguments: str | int | Phrase) -> Phrase:
    """A phrase of hfreader's own: the message is found here for the catalogues of the languages."""
    return Phrase(message, tuple(arguments.items()))


def joined(parts: Sequence[Words], between: str) -> Words:
    """Several one after the other, with what needs no translation between them."""
    if all(isinstance(part, str) for part in parts):
        return between.join(map(str, parts))
    places = [f"part{number}" for number in range(len(parts))]
    return Phrase(between.join(f"%({place})s" for place in places), tuple(zip(places, parts, strict=True)))


def listed(parts: Sequence[Words]) -> Words:
    """`a, b and c`; empty for nothing."""
    if len(parts) < 2:
        return parts[0] if parts else ""
    first = reduce(lambda before, part: phrase("%(before)s, %(next)s", before=before, next=part), parts[:-1])
    return phrase("%(first)s and %(last)s", first=first, last=parts[-1])


def in_a_sentence(name: str) -> str:
    """A name as it stands within a sentence: `RMSNorm`, `residual connection`."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]
