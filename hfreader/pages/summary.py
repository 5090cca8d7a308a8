"""The card at the top of a model's page: what it is, in a few lines."""

from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup

from hfreader.facts.code import ClassFacts
from hfreader.pages.book import address
from hfreader.pages.file_context import FileContext
from hfreader.pages.home import reads
from hfreader.pages.language import gettext as _
from hfreader.pages.module_tree import TreeNode
from hfreader.pages.papers import PAPERS, anchor_of

MOST_PAPERS = 3
Row = tuple[str, Markup]
"""What is told, and the answer."""


def summary(context: FileContext, base: ClassFacts | None, root: TreeNode | None) -> list[Row]:
    """The rows of the card; what is not known has none."""
    declared = context.site.declared.get(context.file)
    rows: list[Row] = []
    if declared is not None and declared.modalities:
        rows.append((_("Reads"), Markup("{}").format(reads(declared.modalities))))
    if declared is not None and declared.year is not None:
        rows.append((_("Year"), Markup("{} ({})").format(declared.year, _("of the copyright notice"))))
    if base is not None:
        rows.append((_("Base class"), _base(context, base)))
    if root is not None:
        rows.append((_("Weights"), Markup("{:,}").format(root.parameters)))
    if root is not None and (repeated := Markup(", ").join(_repeated(root))):
        rows.append((_("Layers"), repeated))
    if cited := Markup("; ").join(_papers(context)):
        rows.append((_("Papers of most of its equations"), cited))
    return rows


def _base(context: FileContext, base: ClassFacts) -> Markup:
    named = Markup('<a href="#{0}">{0}</a>').format(base.name)
    roles = [Markup('<a href="{}">{}</a>').format(home, name) for name, home in context.roles(base.qualified)]
    return Markup(", ").join([named, *roles])


def _repeated(node: TreeNode) -> Iterator[Markup]:
    """The classes of which several stand in a row, and within what; those within others left out."""
    rows = {child.class_name for child in node.children if child.repeats > 1}
    for name in dict.fromkeys(child.class_name for child in node.children):
        if name in rows:
            count = sum(child.repeats for child in node.children if child.class_name == name)
            within = Markup(" (<code>{}</code>)").format(node.path) if node.path else ""
            yield Markup("{} × {}{}").format(count, name, within)
    for child in node.children:
        if child.class_name not in rows:
            yield from _repeated(child)


def _papers(context: FileContext) -> list[Markup]:
    """The papers from which most of the concepts of the file come; of as many the later one, which has what is special
    to the model sooner than the general."""
    slugs = {match.concept for match in context.analysis.matches if match.concept in context.concepts}
    first = [context.concepts[slug].citations[0] for slug in sorted(slugs) if context.concepts[slug].citations]
    cited = {one.title: one for one in reversed(first)}
    counts = Counter(one.title for one in first)
    found = sorted(cited.values(), key=lambda one: (-counts[one.title], -one.year, one.title))[:MOST_PAPERS]
    return [
        Markup('<a href="{}">{} {}, <cite>{}</cite></a>').format(
            address(f"{PAPERS}#{anchor_of(one)}", context.page), one.short_authors, one.year, one.title
        )
        for one in found
    ]
