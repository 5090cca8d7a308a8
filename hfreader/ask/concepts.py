"""The catalogue as a reader searches it."""

from collections.abc import Iterable

from hfreader.concepts import catalogue
from hfreader.concepts.model import Citation, Concept
from hfreader.errors import HfreaderError, suggestion
from hfreader.facts.answers import ConceptSummary


def concepts(words: Iterable[str] = ()) -> tuple[ConceptSummary, ...]:
    """The concepts whose slug, names or explanations hold every one of `words`, in any case; a slug alone is that
    concept. HfreaderError where there is none."""
    wanted = [word.lower() for word in words]
    if len(wanted) == 1 and wanted[0] in catalogue():
        return (summary(catalogue()[wanted[0]]),)
    found = [one for one in catalogue().values() if all(word in _text(one) for word in wanted)]
    if not found:
        near = suggestion(" ".join(wanted), _names(), f"there are {len(catalogue())}, see `hfreader concepts`")
        raise HfreaderError(f"no concept speaks of {' '.join(wanted)!r}{near}")
    return tuple(summary(one) for one in sorted(found, key=lambda one: one.slug))


def concept(name: str) -> Concept:
    """The concept with this slug or name (English or Chinese); HfreaderError with near names otherwise."""
    known = catalogue()
    wanted = name.lower().replace(" ", "-").replace("_", "-")
    for one in known.values():
        if wanted == one.slug or name.lower() in (one.name.en.lower(), one.name.zh):
            return one
    held = [slug for slug in known if wanted in slug]
    if len(held) == 1:
        return known[held[0]]
    near = f"; did you mean {', '.join(held[:3])}?" if held else suggestion(wanted, known, "see `hfreader concepts`")
    raise HfreaderError(f"no concept {name!r}{near}")


def summary(one: Concept) -> ConceptSummary:
    """A concept as data."""
    return ConceptSummary(
        one.slug,
        one.name.en,
        one.name.zh,
        one.explanation.en,
        one.explanation.zh,
        tuple(cited(citation) for citation in one.citations),
        one.printed,
        one.reference is not None,
    )


def cited(citation: Citation) -> str:
    """`Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762, §3.2.1, Eq. (1)`."""
    parts = [f"{citation.short_authors} {citation.year}", citation.title]
    parts += [f"arXiv:{citation.arxiv}"] if citation.arxiv else [citation.url] if citation.url else []
    return ", ".join([*parts, *([citation.where] if citation.where else [])])


def _text(one: Concept) -> str:
    parts = (one.slug, one.name.en, one.name.zh, one.explanation.en, one.explanation.zh)
    return " ".join(parts).lower()


def _names() -> list[str]:
    return [*catalogue(), *(one.name.en for one in catalogue().values())]
