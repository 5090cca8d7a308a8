"""The three ways in on the home page: with a paper, with a name, with a model."""

from collections.abc import Mapping

from markupsafe import Markup

from hfreader.concepts.model import Concept
from hfreader.pages.book import Book, address
from hfreader.pages.copied import COPIED, copied_rows
from hfreader.pages.gone import GONE, gone_rows, most_asked
from hfreader.pages.home import CONCEPTS, HOME, MODELS, SHARED, by_year, modality_groups
from hfreader.pages.papers import PAPERS, papers
from hfreader.pages.rendering import fill

MOST_PAPERS = 6
MOST_NAMES = 5
# What readers are shown to search for: kinds of words that the search finds.
WORDS = ("BertSelfAttention", "rotary", "注意力", "apply_rotary_pos_emb")


def doors(book: Book, concepts: Mapping[str, Concept]) -> Markup:
    """The doors of the home page."""
    cited = sorted(papers(concepts, HOME), key=lambda paper: -len(paper.concepts))
    rows = gone_rows(book, HOME)
    return fill(
        "doors.html",
        papers=[(paper, address(f"{PAPERS}#{paper.anchor}", HOME)) for paper in cited[:MOST_PAPERS]],
        papers_home=address(PAPERS, HOME),
        concepts_home=address(CONCEPTS, HOME),
        concepts=len(concepts),
        words=WORDS,
        names=[(row.name, address(f"{GONE}#{row.name}", HOME)) for row in most_asked(rows, MOST_NAMES)],
        gone=len(rows),
        gone_home=address(GONE, HOME),
        copied=len(copied_rows(book, concepts)),
        copied_home=address(COPIED, HOME),
        models_home=address(MODELS, HOME),
        modalities=[
            (heading, address(f"{MODELS}#{anchor}", HOME), len(files))
            for anchor, heading, files in modality_groups(book, HOME)
            if anchor != SHARED
        ],
        years=[(year, address(f"{MODELS}#year-{year}", HOME), len(files)) for year, files in by_year(book, HOME)],
    )
