"""Reading rendered HTML in tests."""

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = frozenset({"input", "br", "img", "meta", "link", "hr"})


class Element:
    """An element with its attributes, children and text."""

    def __init__(self, tag: str, attributes: dict[str, str | None], parent: "Element | None"):
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    @property
    def classes(self) -> set[str]:
        return set((self.attributes.get("class") or "").split())

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str | None = None, css: str | None = None) -> list["Element"]:
        """The elements below with this tag and class, in document order."""
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                if (tag is None or child.tag == tag) and (css is None or css in child.classes):
                    found.append(child)
                found += child.all(tag, css)
        return found


class _Tree(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = self.at = Element("root", {}, None)

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag, attrs):
        self.at.children.append(Element(tag, dict(attrs), self.at))

    def handle_endtag(self, tag):
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)


def parse(html: str) -> Element:
    """The elements of well-nested HTML; AssertionError where tags cross or stay open."""
    tree = _Tree()
    tree.feed(str(html))
    tree.close()
    assert tree.at is tree.root, f"<{tree.at.tag}> is never closed"
    return tree.root


def code_of(block: Element) -> dict[str, str]:
    """The text of every line of code by its anchor, without the line's number."""
    lines: dict[str, str] = {}
    for shown in [one for one in block.all() if one.tag == "pre" or (one.tag == "summary" and _is_code(one))]:
        anchor = ""
        for piece in _pieces(shown):
            if isinstance(piece, Element):
                anchor = str(piece.attributes["id"])
                lines[anchor] = ""
            else:
                lines[anchor] += piece
    return lines


def _is_code(summary: Element) -> bool:
    """Whether a summary is the first line of a fold."""
    return summary.parent is not None and "hf-fold" in summary.parent.classes


def _pieces(element: Element) -> Iterator["Element | str"]:
    """The anchors of lines and the text between them, in document order."""
    for child in element.children:
        if isinstance(child, str) or (child.tag == "a" and "id" in child.attributes):
            yield child
        else:
            yield from _pieces(child)
