"""What a name in one file means: the qualified name of its definition, across imports and re-exports."""

from collections.abc import Callable
from typing import Literal

import libcst as cst

from hfreader.analyzers.parsing import ParsedFile, dotted_name, parse_file

Kind = Literal["module", "model", "output", "other"]

# Where the walk along the bases ends. Those inside transformers matter where only a few files are at hand.
ROOTS: dict[str, Kind] = {
    "torch.nn.Module": "module",
    "torch.nn.modules.module.Module": "module",
    "transformers.modeling_layers.GradientCheckpointingLayer": "module",
    "transformers.modeling_utils.PreTrainedModel": "model",
    "transformers.utils.ModelOutput": "output",
    "transformers.utils.generic.ModelOutput": "output",
}
# Capitalised names of torch.nn that are no modules.
NOT_MODULES = frozenset({"Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"})


class Resolver:
    """Follows names from file to file. `read` gives the source of a file, or None where there is no such file."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read
        self._trees: dict[str, ParsedFile | None] = {}
        self._definitions: dict[str, str] = {}
        self._meanings: dict[tuple[str, str], str] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
        self._circles: set[str] = set()
        self._kinds: dict[str, Kind] = {}

    def find(self, file: str) -> ParsedFile | None:
        """The parsed file, or None where there is no such file; HfreaderError where it is not Python."""
        if file not in self._trees:
            source = self._read(file)
            self._trees[file] = None if source is None else parse_file(source, file)
        return self._trees[file]

    def forget(self, folder: str) -> list[str]:
        """Give up the trees of the files in a folder; which ones there were."""
        files = [file for file in self._trees if file.startswith(folder)]
        for file in files:
            del self._trees[file]
        return files

    def module(self, module: str) -> ParsedFile | None:
        """The file that defines a dotted module of transformers."""
        return next((parsed for file in _files_of(module) if (parsed := self.find(file)) is not None), None)

    def split(self, qualified: str) -> tuple[ParsedFile, str] | None:
        """The file in which a qualified name lies, and the rest of the name within it."""
        parts = qualified.split(".")
        for end in range(len(parts) - 1, 0, -1):
            if (parsed := self.module(".".join(parts[:end]))) is not None:
                return parsed, ".".join(parts[end:])
        return None

    def resolve(self, parsed: ParsedFile, name: str) -> str:
        """What `name` (may be dotted) means in `parsed`: its qualified name, or `name` where nothing defines it."""
        key = (parsed.file, name)
        if key not in self._meanings:
            self._meanings[key] = self._lookup(parsed, name, ()) or name
        return self._meanings[key]

    def definition(self, qualified: str) -> str:
        """The qualified name under which something is defined, following re-exports and aliases."""
        if qualified not in self._definitions:
            self._definitions[qualified] = self._follow(qualified, ())
        return self._definitions[qualified]

    def _lookup(self, parsed: ParsedFile, name: str, seen: tuple[str, ...]) -> str | None:
        head, dot, rest = name.partition(".")
        here = f"{parsed.module}.{head}"
        if here in seen:
            return None
        seen = (*seen, here)
        if head in parsed.classes or head in parsed.functions:
            return here + dot + rest
        if head in parsed.assignments:
            alias = dotted_name(parsed.assignments[head])
            target = None if alias is None or alias == head else self._lookup(parsed, alias, seen)
            if target is not None or head not in parsed.imports:
                return (target or here) + dot + rest
        if head in parsed.imports:
            return self._follow(parsed.imports[head] + dot + rest, seen)
        for star in () if head.startswith("_") else parsed.stars:
            other = self.module(star) if self._mentions(star, head) else None
            if other is not None and (found := self._lookup(other, head, seen)):
                return found + dot + rest
        return None

    def _mentions(self, module: str, name: str) -> bool:
        """Whether a module can pass a name on: it need not be parsed where the name is not even written in it."""
        for file in _files_of(module):
            known = self._trees.get(file)
            source = self._read(file) if known is None else known.source
            if source is not None:
                return name in source or "import *" in source
        return False

    def _follow(self, qualified: str, seen: tuple[str, ...]) -> str:
        place = None if self.module(qualified) else self.split(qualified)
        if place is None:
            return qualified
        return self._lookup(place[0], place[1], seen) or qualified

    def class_node(self, qualified: str) -> tuple[ParsedFile, cst.ClassDef] | None:
        """The class of this name and the file it stands in."""
        place = self.split(self.definition(qualified))
        if place is None or place[1] not in place[0].classes:
            return None
        return place[0], place[0].classes[place[1]]

    def bases(self, qualified: str) -> tuple[str, ...]:
        """The qualified bases of a class, as far as they are names."""
        found = self.class_node(qualified)
        if found is None:
            return ()
        parsed, node = found
        values = (base.value.value if isinstance(base.value, cst.Subscript) else base.value for base in node.bases)
        names = (dotted_name(value) for value in values)
        return tuple(self.resolve(parsed, name) for name in names if name is not None)

    def ancestors(self, qualified: str) -> tuple[str, ...]:
        """The class and its bases, nearest first, in Python's method resolution order; safe where bases go round."""
        if qualified not in self._ancestors:
            self._ancestors[qualified] = tuple(self._linearise(self.definition(qualified), ()))
        return self._ancestors[qualified]

    def goes_round(self, qualified: str) -> bool:
        """Whether a class is among the bases of its own bases."""
        return bool(self.ancestors(qualified)) and self.definition(qualified) in self._circles

    def _linearise(self, qualified: str, below: tuple[str, ...]) -> list[str]:
        below, written = (*below, qualified), self.bases(qualified)
        bases = [base for base in written if base not in below]
        if len(bases) < len(written):
            self._circles.add(qualified)
        queues = [self._linearise(base, below) for base in bases] + [bases]
        order = [qualified]
        while queues := [queue for queue in queues if queue]:
            heads = [queue[0] for queue in queues]
            # A hierarchy that Python itself would refuse still gets an order: the first head.
            head = next((one for one in heads if not any(one in queue[1:] for queue in queues)), heads[0])
            order.append(head)
            queues = [[name for name in queue if name != head] for queue in queues]
        return order

    def kind(self, qualified: str) -> Kind:
        """What a class is, by its bases."""
        qualified = self.definition(qualified)
        if qualified not in self._kinds:
            self._kinds[qualified] = self._kind(qualified)
        return self._kinds[qualified]

    def _kind(self, qualified: str) -> Kind:
        kinds = {_root_kind(ancestor) for ancestor in self.ancestors(qualified)}
        order: tuple[Kind, ...] = ("model", "module", "output")
        return next((kind for kind in order if kind in kinds), "other")

    def is_module(self, qualified: str) -> bool:
        """Whether a class is an nn.Module (pretrained models are)."""
        return self.kind(qualified) in ("module", "model")


def _files_of(module: str) -> tuple[str, ...]:
    """Where a dotted module of transformers can be written."""
    top, _, rest = module.partition(".")
    path = rest.replace(".", "/")
    if top != "transformers":
        return ()
    return (f"{path}.py", f"{path}/__init__.py") if path else ("__init__.py",)


def _root_kind(qualified: str) -> Kind:
    if qualified in ROOTS:
        return ROOTS[qualified]
    front, _, name = qualified.rpartition(".")
    if (front == "torch.nn" or front.startswith("torch.nn.modules")) and name[:1].isupper() and name not in NOT_MODULES:
        return "module"
    return "other"
