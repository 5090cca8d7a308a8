"""The page on which readers choose two families, and the list of the comparisons that are ready."""

from collections.abc import Mapping

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.facts.comparison import Comparison, Trait
from hfreader.pages.book import COMPARISONS, Book, address, compare_page_of, concept_page, page_of
from hfreader.pages.fragment import Fragment
from hfreader.pages.home import READ, name_of
from hfreader.pages.language import gettext as _
from hfreader.pages.language import own
from hfreader.pages.rendering import embedded, fill


def comparisons_index(book: Book, concepts: Mapping[str, Concept]) -> Fragment:
    """The list of the comparisons that this site has, and the choice of any two families."""
    rows = [
        (
            f"{one.left} {_('and')} {one.right}",
            address(compare_page_of(one.left, one.right), COMPARISONS),
            differing(one),
            [pair.state for pair, _changes in one.told()],
        )
        for one in book.comparisons
    ]
    html = fill("comparisons.html", rows=rows, data=_choice(book, concepts), choose=book.has_choice)
    return Fragment(COMPARISONS, _("Comparisons"), str(html))


def differing(found: Comparison) -> list[Trait]:
    """What differs at a glance."""
    return [one for one in found.traits if not one.same]


def _choice(book: Book, concepts: Mapping[str, Concept]) -> Markup:
    """What the script of the page is told: the families, the concepts, the pairs that are ready, the words."""
    homes = {chapter.name: page_of(chapter.files[0].file) for chapter in book.chapters if not chapter.shared}
    data = {
        "families": sorted(
            (
                [page_of(part.file), name_of(part), part.year, [_(READ[one]) for one in part.modalities if one in READ]]
                for chapter in book.chapters
                if not chapter.shared
                for part in chapter.files
            ),
            key=lambda row: str(row[1]).casefold(),
        ),
        "concepts": {slug: [own(one.name), address(concept_page(slug), COMPARISONS)] for slug, one in concepts.items()},
        "ready": [
            [homes.get(one.left), homes.get(one.right), address(compare_page_of(one.left, one.right), COMPARISONS)]
            for one in book.comparisons
        ],
        "words": _words(),
    }
    return embedded(data)


def _words() -> dict[str, str]:
    return {
        "year": _("Year"),
        "reads": _("Reads"),
        "model": _("Base model"),
        "weights": _("Weights"),
        "flops": _("FLOPs"),
        "glance": _("At a glance"),
        "fields": _("Configurations"),
        "same": _("the same"),
        "concepts": _("Concepts"),
        "both": _("in both"),
        "only": _("only in %s"),
        "modules": _("Modules of the default runs"),
        "unrun": _("nothing of it was run"),
        "ready": _("These two have a page of their own, with what differs line by line."),
        "unready": _("What differs line by line is on pages made beforehand only. For these two, in a terminal:"),
        "missing": _("The facts of %s could not be loaded."),
    }
