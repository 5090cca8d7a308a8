"""What a modeling file says of itself: what its models read, and how old it is."""

import ast
import re

# In which order several are named; `input_modalities` of PreTrainedModel is text where a model says nothing.
MODALITIES = ("text", "image", "video", "audio", "time")
DEFAULT = ("text",)
COPYRIGHT = re.compile(r"Copyright\D{0,12}(\d{4})")
HEADER_LINES = 12


def modalities(source: str) -> tuple[str, ...]:
    """What the models of a file read, as the class attribute `input_modalities` says: of several classes the one that
    reads most. Text where none says anything."""
    found = [names for body in _classes(source) for statement in body if (names := _declared(statement))]
    widest = max(found, key=len, default=DEFAULT)
    return tuple(sorted(set(widest), key=[*MODALITIES, *sorted(widest)].index))


def year(source: str) -> int | None:
    """The year of the copyright notice at the top of a file; None where there is none."""
    header = "\n".join(source.split("\n")[:HEADER_LINES])
    found = COPYRIGHT.search(header)
    return int(found[1]) if found else None


def _classes(source: str) -> list[list[ast.stmt]]:
    return [node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]


def _declared(statement: ast.stmt) -> tuple[str, ...]:
    match statement:
        case ast.Assign(targets=[ast.Name(id="input_modalities")], value=value):
            named = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
            return tuple(str(one.value) for one in named if isinstance(one, ast.Constant))
    return ()
