"""What the names in code lead to: their definition on the same page, in the library, in PyTorch's documentation."""

from collections.abc import Callable, Collection, Mapping

from hfreader.facts.analysis import Imported
from hfreader.facts.places import Place
from hfreader.pages.outside import documentation

Find = Callable[[str], tuple[int, str] | None]
"""Of a dotted name as it is written: how many of its characters lead somewhere, and where to."""


def identifiers(
    own: Collection[str], imported: Mapping[str, Imported], home: Callable[[str, Place], str | None]
) -> Find:
    """Looks up names of a file. `own` are those that it defines; `home` tells where a definition of the library is
    shown, by its qualified name and its place."""

    def find(dotted: str) -> tuple[int, str] | None:
        head, _, rest = dotted.partition(".")
        if head in own:
            return len(head), f"#{head}"
        one = imported.get(head)
        if one is None:
            return None
        if one.place is not None:
            address = home(one.qualified, one.place)
            return (len(head), address) if address else None
        whole = documentation(f"{one.qualified}.{rest}" if rest else one.qualified)
        return (len(dotted), whole) if whole else None

    return find
