"""The state of one function while it is being evaluated."""

from dataclasses import dataclass, field

from hfreader.analyzers.parsing import ParsedFile


@dataclass(eq=False)
class Frame:
    """One call in progress.

    scope       the `inline` node its expressions live in, or ROOT.
    names       local name -> node.
    parent      the frame in which a nested function was defined.
    owner       the class that defines the method, for `super()`; `receiver` is the node of `self`.
    conditions  source text of the undecided conditions on the way here.
    returns     guard and node of each return met.
    exits       for the innermost loop: guard, names and attributes at each `continue` or `break`.
    alive       False once every way on has returned, raised or left the loop.
    """

    scope: int
    file: ParsedFile
    names: dict[str, int] = field(default_factory=dict)
    parent: "Frame | None" = None
    owner: str | None = None
    receiver: int | None = None
    conditions: tuple[str, ...] = ()
    returns: list[tuple[str, int]] = field(default_factory=list)
    exits: "list[tuple[str, State]] | None" = None
    alive: bool = True

    def find(self, name: str) -> int | None:
        """The node of a local name, also of the functions around."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.parent
        return None

    def guard(self) -> str:
        """The condition under which this point is reached, as source text."""
        return " and ".join(self.conditions)


State = tuple[dict[str, int], dict[tuple[int, str], int]]
