"""Two families side by side, computed or remembered."""

from hfreader.analyses import library_key
from hfreader.analyzers import comparison
from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError
from hfreader.facts.comparison import Comparison
from hfreader.progress import Report
from hfreader.sources import Sources
from hfreader.store import remembered


def compare(library: Library, sources: Sources, left: str, right: str, report: Report) -> Comparison:
    """The families `left` and `right` of a library; HfreaderError, with near names, for one that does not exist.

    sources  the files of the library by content.
    """
    if len(library.known((left, right))) < 2:
        raise HfreaderError(f"{left} was given twice: name two families")
    report("compare", f"{left} and {right}")
    key = library_key(sources.registry(), sources.written(left), sources.written(right), left, right)
    return remembered("comparisons", key, Comparison, lambda: comparison.compare(library, left, right))
