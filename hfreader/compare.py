"""Two families side by side, computed or remembered."""

from hfreader.analyses import analysis_key, snapshot_digest
from hfreader.analyzers import comparison
from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError, suggestion
from hfreader.facts.comparison import Comparison
from hfreader.facts.snapshot import Snapshot
from hfreader.progress import Report
from hfreader.store import remembered


def compare(snapshot: Snapshot, left: str, right: str, report: Report) -> Comparison:
    """The families `left` and `right` of a snapshot; HfreaderError, with near names, for one that does not exist."""
    library = Library(snapshot)
    known = library.families()
    for name in (left, right):
        if name not in known:
            hint = suggestion(name, known, f"there are {len(known)} under transformers/models")
            raise HfreaderError(f"no family {name!r} in transformers {snapshot.version}{hint}")
    if left == right:
        raise HfreaderError(f"{left} was given twice: name two families")
    report("compare", f"{left} and {right}")
    key = analysis_key(snapshot_digest(snapshot), left, right)
    return remembered("comparisons", key, Comparison, lambda: comparison.compare(library, left, right))
