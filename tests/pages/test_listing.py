from hfreader.pages.folds import Fold
from hfreader.pages.highlight import Stretch
from hfreader.pages.listing import Listing, SourceText, listing_html
from hfreader.pages.symbols import Overlay
from tests.pages.html import parse

CALL = "torch.equal"
LINES = (f"if not {CALL}(a, b):", "    raise ValueError(a)", f"{CALL}(a, b)")


def test_the_line_that_opens_a_fold_holds_no_links():
    """A control within another cannot be reached by all who read."""
    starts = [text.find(CALL) for text in LINES]
    links = [[Stretch(at, at + len(CALL), "a", "https://x")] if at >= 0 else [] for at in starts]
    source = SourceText("f.py", LINES, links)
    shown = parse(listing_html(Listing(source, 1, 3, Overlay(()), folds=(Fold(1, 2, "more"),))))
    (head,) = shown.all("summary")
    assert head.text.startswith(LINES[0]) and not [one for one in head.all("a") if "href" in one.attributes]
    assert [one.text for one in shown.all("a") if "href" in one.attributes] == [CALL]
