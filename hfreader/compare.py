"""Two families side by side, computed or remembered."""

from hfreader.analyses import analysis_key
from hfreader.analyzers import comparison
from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError
from hfreader.facts.comparison import Comparison
from hfreader.progress import Report
from hfreader.store import remembered


def compare(library: Library, source: str, left: str, right: str, report: Report) -> Comparison:
    """The families `left` and `right` of a library; HfreaderError, with near names, for one that does not exist.

    source  the digest of the library's snapshot.
    """
    if len(library.known((left, right))) < 2:
        raise HfreaderError(f"{left} was given twice: name two families")
    report("compare", f"{left} and {right}")
    key = analysis_key(source, left, right)
    return remembered("comparisons", key, Comparison, lambda: comparison.compare(library, left, right))
