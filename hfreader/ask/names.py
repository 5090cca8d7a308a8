"""What a reader means by a name: a class, a function, or a line of a file."""

import re
from dataclasses import dataclass

from hfreader.analyzers.library import Library, modeling_files_of
from hfreader.errors import HfreaderError, suggestion
from hfreader.facts.code import ClassFacts, FileFacts, FunctionFacts
from hfreader.facts.snapshot import Snapshot

DEFINITION = re.compile(r"^(?:class|def) (\w+)", re.MULTILINE)
LINE = re.compile(r"^(?P<file>.+?)(?:\.py)?:(?P<line>\d+)$")
# Files outside of `models/` that define modules and functions which models use.
SHARED = ("activations.py", "pytorch_utils.py", "modeling_layers.py")


@dataclass(frozen=True)
class Subject:
    """What was asked for: a definition, and the line in it where one was named."""

    facts: FileFacts
    definition: ClassFacts | FunctionFacts
    line: int | None = None

    @property
    def qualified(self) -> str:
        """The definition's qualified name."""
        return f"{self.facts.module}.{self.definition.name}"


def subject(snapshot: Snapshot, library: Library, target: str) -> Subject:
    """What `target` names: `LlamaAttention`, `llama.LlamaAttention`, `modeling_llama.py:243`. HfreaderError, with near
    names, where that is nothing or several things."""
    place = LINE.match(target.strip())
    if place is not None:
        return _line(snapshot, library, place["file"], int(place["line"]))
    front, _, name = target.strip().removeprefix("transformers.").rpartition(".")
    files = definitions(snapshot)
    found = [file for file, names in files.items() if name in names and _is_in(file, front)]
    if not found:
        near = suggestion(name, dict.fromkeys(known for names in files.values() for known in names))
        raise HfreaderError(f"no class or function {target!r} in transformers {snapshot.version}{near}")
    if len(found) > 1:
        ways = ", ".join(f"{_family(file)}.{name}" for file in found[:3])
        raise HfreaderError(f"{name} is defined in {len(found)} files: say which, for instance {ways}")
    return _definition(library, found[0], name)


def definitions(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """The names of the classes and functions that each modeling file defines, and those of the shared files."""
    found = {}
    for file in (*modeling_files_of(snapshot), *SHARED):
        try:
            text = snapshot.path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        found[file] = tuple(dict.fromkeys(DEFINITION.findall(text)))
    return found


def _is_in(file: str, front: str) -> bool:
    """Whether `front` names the family, the file or the module of a file."""
    if not front:
        return True
    module = file.removesuffix(".py").replace("/", ".")
    return front in (_family(file), module) or module.endswith(f".{front}")


def _family(file: str) -> str:
    parts = file.split("/")
    return parts[1] if len(parts) > 1 else file.removesuffix(".py")


def _all(facts: FileFacts) -> tuple[ClassFacts | FunctionFacts, ...]:
    return (*facts.classes, *facts.functions)


def _definition(library: Library, file: str, name: str) -> Subject:
    facts = library.file(file)
    found = next((one for one in _all(facts) if one.name == name), None)
    if found is None:
        raise HfreaderError(f"{name} is defined in {file} only under a condition, which is not read")
    return Subject(facts, found)


def _line(snapshot: Snapshot, library: Library, file: str, line: int) -> Subject:
    path = _file(snapshot, file)
    facts = library.file(path)
    length = len(library.tree(path).source.splitlines())
    if not 1 <= line <= length:
        raise HfreaderError(f"{path} has {length} lines, not {line}")
    holding = [one for one in _all(facts) if one.span.line <= line <= one.span.end_line]
    if not holding:
        raise HfreaderError(f"{path}:{line} stands in no class and no function: name a line of a definition")
    return Subject(facts, min(holding, key=lambda one: one.span.end_line - one.span.line), line)


def _file(snapshot: Snapshot, written: str) -> str:
    """The modeling file that a reader means by its name, with or without folders, or by its family."""
    files = (*modeling_files_of(snapshot), *SHARED)
    wanted = written.replace("\\", "/").rpartition("transformers/")[2].removeprefix("src/")
    stem = wanted.removesuffix(".py")
    found = [
        file for file in files if file.removesuffix(".py") == stem or file.removesuffix(".py").endswith(f"/{stem}")
    ] or [file for file in files if _family(file) == stem]
    if not found:
        names = [file.rpartition("/")[2] for file in files]
        raise HfreaderError(
            f"no modeling file {written!r} in transformers {snapshot.version}{suggestion(f'{stem}.py', names)}"
        )
    if len(found) > 1:
        raise HfreaderError(f"{written} may be {', '.join(found[:3])}: give its path below models/")
    return found[0]
