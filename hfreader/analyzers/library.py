"""The transformers source as one library: files read when asked for, names followed from file to file."""

from collections.abc import Callable, Mapping, Sequence

from hfreader.analyzers.files import file_facts, function_facts
from hfreader.analyzers.parsing import ParsedFile
from hfreader.analyzers.resolution import Resolver
from hfreader.errors import HfreaderError, suggestion
from hfreader.facts.code import ClassFacts, FileFacts, FunctionFacts, SubmoduleFacts
from hfreader.facts.snapshot import Snapshot


class Library:
    """Everything the analyzers ask about a snapshot. Parsed files and facts are kept once read."""

    snapshot: Snapshot

    def __init__(self, snapshot: Snapshot) -> None:
        self._open(snapshot, snapshot_reader(snapshot), lambda: modeling_files_of(snapshot))

    @classmethod
    def of_sources(cls, sources: Mapping[str, str]) -> "Library":
        """A library of files in memory: path relative to the package -> source."""
        library = cls.__new__(cls)
        nowhere = Snapshot("installed", None, None, None, "in memory", "")
        library._open(nowhere, sources.get, lambda: tuple(sorted(file for file in sources if is_modeling_file(file))))
        return library

    def _open(
        self, snapshot: Snapshot, read: Callable[[str], str | None], listing: Callable[[], tuple[str, ...]]
    ) -> None:
        self.snapshot = snapshot
        self._resolver = Resolver(read)
        self._listing = listing
        self._facts: dict[str, FileFacts] = {}
        self._methods: dict[tuple[str, str], tuple[str, FunctionFacts, ParsedFile] | None] = {}

    def tree(self, file: str) -> ParsedFile:
        """The parsed file; HfreaderError where it does not exist or is not Python."""
        parsed = self._resolver.find(file)
        if parsed is None:
            raise HfreaderError(f"{file}: no such file in this transformers source")
        return parsed

    def file(self, file: str) -> FileFacts:
        """The facts of a file, names resolved across files; HfreaderError as for `tree`."""
        if file not in self._facts:
            self._facts[file] = file_facts(self.tree(file), self._resolver)
        return self._facts[file]

    def resolve(self, facts: FileFacts, name: str) -> str:
        """What `name` (may be dotted) means in a file: its qualified name, or `name` where nothing defines it."""
        return self._resolver.resolve(self.tree(facts.file), name)

    def meaning_in(self, parsed: ParsedFile, name: str) -> str:
        """As `resolve`, of a file that is parsed."""
        return self._resolver.resolve(parsed, name)

    def definition_in(self, parsed: ParsedFile, name: str) -> str:
        """The qualified name under which that is defined which a name means in a file."""
        return self.definition(self.meaning_in(parsed, name))

    def find_class(self, qualified: str) -> tuple[FileFacts, ClassFacts] | None:
        """The class of this name, also where it is re-exported under another."""
        place = self._resolver.split(self._resolver.definition(qualified))
        if place is None or place[1] not in place[0].classes:
            return None
        facts = self.file(place[0].file)
        wanted = f"{facts.module}.{place[1]}"
        return facts, next(one for one in facts.classes if one.qualified == wanted)

    def find_function(self, qualified: str) -> tuple[FileFacts, FunctionFacts] | None:
        """The module-level function of this name, also where it is re-exported under another."""
        place = self._resolver.split(self._resolver.definition(qualified))
        if place is None:
            return None
        facts = self.file(place[0].file)
        return next(((facts, one) for one in facts.functions if one.name == place[1]), None)

    def ancestors(self, qualified_class: str) -> tuple[str, ...]:
        """The class and its bases, qualified, in Python's method resolution order."""
        return self._resolver.ancestors(qualified_class)

    def goes_round(self, qualified_class: str) -> bool:
        """Whether a class is among the bases of its own bases."""
        return self._resolver.goes_round(qualified_class)

    def method(self, qualified_class: str, name: str) -> tuple[str, FunctionFacts, ParsedFile] | None:
        """The method a class has or inherits: the class that defines it, its facts, and the file it stands in."""
        key = (qualified_class, name)
        if key not in self._methods:
            self._methods[key] = self._find_method(qualified_class, name)
        return self._methods[key]

    def _find_method(self, qualified_class: str, name: str) -> tuple[str, FunctionFacts, ParsedFile] | None:
        # Asked of the trees alone: the facts of a whole file would be made for the sake of one method.
        for ancestor in self.ancestors(qualified_class):
            place = self._resolver.split(ancestor)
            node = None if place is None else place[0].functions.get(f"{place[1]}.{name}")
            if place is not None and node is not None:
                return ancestor, function_facts(place[0], node), place[0]
        return None

    def place_of(self, qualified: str) -> tuple[ParsedFile, str] | None:
        """The file in which a qualified name lies, and the rest of the name within it."""
        return self._resolver.split(qualified)

    def definition(self, qualified: str) -> str:
        """The qualified name under which something is defined, following re-exports and aliases."""
        return self._resolver.definition(qualified)

    def is_module(self, qualified_class: str) -> bool:
        """Whether a class is an nn.Module (pretrained models are), by its bases."""
        return self._resolver.is_module(qualified_class)

    def submodules(self, qualified_class: str) -> tuple[SubmoduleFacts, ...]:
        """The submodules a class builds or inherits; what a nearer class assigns replaces what a base assigned."""
        chosen: dict[str, tuple[SubmoduleFacts, ...]] = {}
        for ancestor in reversed(self.ancestors(qualified_class)):
            found = self.find_class(ancestor)
            own = found[1].submodules if found else ()
            for attribute in dict.fromkeys(one.attribute for one in own):
                chosen[attribute] = tuple(one for one in own if one.attribute == attribute)
        return tuple(one for group in chosen.values() for one in group)

    def forget(self, file: str) -> None:
        """Give up the trees of a file and of those beside it, which take most of the memory; they are read again when
        asked for."""
        folder = file.rpartition("/")[0] + "/"
        for known in self._resolver.forget(folder):
            self._facts.pop(known, None)
        self._methods.clear()

    def families(self) -> tuple[str, ...]:
        """Folders under `models/` that hold modeling files, sorted."""
        return tuple(sorted({file.split("/")[1] for file in self._listing()}))

    def known(self, names: Sequence[str]) -> tuple[str, ...]:
        """These families, each once, in the order given; HfreaderError with near names for one that does not exist."""
        families = self.families()
        for name in names:
            if name not in families:
                hint = suggestion(name, families, f"there are {len(families)} under transformers/models")
                raise HfreaderError(f"no family {name!r} in transformers {self.snapshot.version}{hint}")
        return tuple(dict.fromkeys(names))

    def modeling_files(self, family: str) -> tuple[str, ...]:
        """The modeling files of a family, sorted."""
        return tuple(file for file in self._listing() if file.split("/")[1] == family)

    def shared_files(self, file: str) -> tuple[str, ...]:
        """Files outside `models/` from which a file imports and that define modules with a forward of their own,
        such as `activations.py`; sorted."""
        imported = map(self._resolver.split, self.file(file).imports.values())
        files = {place[0].file for place in imported if place is not None and "/" not in place[0].file}
        return tuple(sorted(shared for shared in files if self._defines_forward(shared)))

    def _defines_forward(self, file: str) -> bool:
        parsed = self.tree(file)
        owners = (name.removesuffix(".forward") for name in parsed.functions if name.endswith(".forward"))
        return any(self.is_module(f"{parsed.module}.{owner}") for owner in owners)


def is_modeling_file(file: str) -> bool:
    """Whether a path relative to the package is `models/<family>/modeling_*.py` for PyTorch."""
    parts = file.split("/")
    if len(parts) != 3 or parts[0] != "models" or not parts[2].endswith(".py"):
        return False
    return parts[2].startswith("modeling_") and not parts[2].startswith(("modeling_tf_", "modeling_flax_"))


def modeling_files_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Every PyTorch modeling file of a snapshot, relative to the package, sorted."""
    package = snapshot.path(".")
    found = (path.relative_to(package).as_posix() for path in package.glob("models/*/modeling_*.py"))
    return tuple(sorted(file for file in found if is_modeling_file(file)))


def snapshot_reader(snapshot: Snapshot) -> Callable[[str], str | None]:
    """Gives the source of a file of the snapshot, None where there is no such file."""

    def read(file: str) -> str | None:
        try:
            return snapshot.path(file).read_bytes().decode("utf-8")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise HfreaderError(f"{file}:1: cannot be read: {error}") from error

    return read
