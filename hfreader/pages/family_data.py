"""What the page on which readers choose two families is told of each: a small script file for each modeling file."""

import json
from collections import defaultdict
from collections.abc import Mapping

from hfreader.pages.book import bare
from hfreader.pages.file_context import FileContext
from hfreader.pages.module_tree import TreeNode

# Fields that say nothing of the architecture.
SILENT = ("_token_id", "transformers_version", "architectures", "model_type", "_name_or_path", "torch_dtype", "dtype")
LONGEST = 40


def family_data(context: FileContext, root: TreeNode | None) -> str:
    """One call of the function `hfFamily` with the page of the file and its facts: the default run, the fields of its
    configuration, its concepts with the classes that have them and how sure that is."""
    trace = context.traces[0] if root is not None else None
    facts = {
        "model": trace.class_name if trace else None,
        "weights": trace.parameters if trace else None,
        "flops": trace.flops if trace else None,
        "fields": dict(_fields(trace.config)) if trace else {},
        "concepts": _concepts(context),
        "rows": [
            [depth, row.name, row.class_name, row.gives, row.parameters, row.repeats]
            for depth, row in (root.walk() if root else ())
        ],
    }
    said = json.dumps([context.page, facts], ensure_ascii=False, separators=(",", ":"))
    return f"hfFamily({said[1:-1]});\n"


def _fields(config: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in config.items():
        if isinstance(value, dict) and name.endswith("config"):
            found += _fields(value, f"{prefix}{name}.")
        elif isinstance(value, bool | int | float | str) and not name.endswith(SILENT) and len(str(value)) <= LONGEST:
            found.append((f"{prefix}{name}", value))
    return found


def _concepts(context: FileContext) -> dict[str, dict[str, str]]:
    """For each concept the definitions that have it, with the state of the proof (`role` for one that is played)."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for role in context.analysis.roles:
        found[role.concept][bare(role.owner)] = "role"
    for match in context.analysis.matches:
        state = context.family.proof(match).state
        owner = bare(match.owner)
        if found[match.concept].get(owner) != "disproven":
            found[match.concept][owner] = state
    return found
