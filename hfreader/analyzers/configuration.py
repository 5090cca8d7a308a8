"""The configuration classes of a family: their fields, the defaults, and the library's names for them."""

import ast
import textwrap
from dataclasses import dataclass, field

import libcst as cst

from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import ParsedFile, dotted_name, literal_string, statements
from hfreader.errors import HfreaderError

ROOT_FILE = "configuration_utils.py"
# Every family's class attributes that are no settings of a model.
NO_FIELDS = frozenset({"model_type", "attribute_map", "keys_to_ignore_at_inference", "sub_configs", "base_config_key"})


@dataclass(frozen=True)
class Configuration:
    """One configuration class.

    fields   name -> default as source text, of the class and the model configurations it inherits from, in order.
    common   the same of what every configuration has.
    derived  fields that the class computes when it is made, whatever their default.
    aliases  the family's own name of a field -> the name that the library uses for it (`n_embd` -> `hidden_size`).
    """

    qualified: str
    fields: dict[str, str]
    common: dict[str, str] = field(default_factory=dict)
    derived: frozenset[str] = frozenset()
    aliases: dict[str, str] = field(default_factory=dict)

    def known(self) -> dict[str, bool | str | None]:
        """The defaults that are truth values, strings or None."""
        found = {name: literal(text) for name, text in {**self.common, **self.fields}.items()}
        known = {
            name: value
            for name, value in found.items()
            if (value is None or isinstance(value, bool | str)) and name not in self.derived
        }
        return known | {self.aliases[name]: value for name, value in known.items() if name in self.aliases}

    def numbers(self) -> dict[str, float]:
        """The defaults that are numbers, under the library's names."""
        found = {self.aliases.get(name, name): literal(text) for name, text in self.fields.items()}
        return {
            name: float(value)
            for name, value in found.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }


def configurations(library: Library, family: str) -> tuple[Configuration, ...]:
    """The configuration classes that the modeling files of a family import from their own folder, in order."""
    found: dict[str, Configuration] = {}
    for file in library.modeling_files(family):
        try:
            imports = library.file(file).imports.values()
        except HfreaderError:
            continue
        for qualified in imports:
            if qualified.startswith(f"transformers.models.{family}.configuration_") and qualified not in found:
                one = configuration(library, qualified)
                if one is not None:
                    found[qualified] = one
    return tuple(found.values())


def configuration(library: Library, qualified: str) -> Configuration | None:
    """One configuration class by name; None where there is none."""
    if library.find_class(qualified) is None:
        return None
    fields: dict[str, str] = {}
    common: dict[str, str] = {}
    aliases: dict[str, str] = {}
    derived: set[str] = set()
    for ancestor in reversed(library.ancestors(qualified)):
        place = library.find_class(ancestor)
        if place is None:
            continue
        parsed, name = library.tree(place[0].file), ancestor.removeprefix(f"{place[0].module}.")
        own = _fields(parsed, name)
        (common if place[0].file == ROOT_FILE else fields).update(own)
        aliases.update(_aliases(parsed, name))
        derived |= _derived(parsed, name)
    return Configuration(qualified, fields, common, frozenset(derived), aliases)


def configuration_of(library: Library, owner: str) -> Configuration | None:
    """The configuration that the model classes around a class are made with: the one that it, or a class it inherits
    from, names; else the only one of its family, or the first."""
    found = library.find_class(owner)
    if found is None:
        return None
    parts = found[0].file.split("/")
    for ancestor in library.ancestors(owner):
        place = library.find_class(ancestor)
        named = None if place is None else _named(library, place[0].file, ancestor)
        if named is not None:
            return named
    known = configurations(library, parts[1]) if parts[0] == "models" else ()
    return known[0] if known else None


def _named(library: Library, file: str, owner: str) -> Configuration | None:
    """What `__init__(self, config: X)` or `config: X` in the body names."""
    parsed = library.tree(file)
    name = owner.removeprefix(f"{parsed.module}.")
    init = parsed.functions.get(f"{name}.__init__")
    annotations = [one.annotation for one in init.params.params if one.annotation is not None] if init else []
    body = parsed.classes[name].body.body
    annotations += [one.annotation for one in statements(body) if isinstance(one, cst.AnnAssign)]
    for annotation in annotations:
        written = dotted_name(annotation.annotation)
        qualified = library.resolve(library.file(file), written) if written else ""
        if ".configuration_" in qualified and (found := configuration(library, qualified)) is not None:
            return found
    return None


def _fields(parsed: ParsedFile, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement in statements(parsed.classes[name].body.body):
        if isinstance(statement, cst.AnnAssign) and statement.value is not None:
            target = dotted_name(statement.target)
            if target and target not in NO_FIELDS and "ClassVar" not in parsed.text(statement.annotation.annotation):
                found[target] = _default(parsed, statement.value)
    init = parsed.functions.get(f"{name}.__init__")
    if init is not None:
        for parameter in init.params.params:
            if parameter.default is not None:
                found[parameter.name.value] = parsed.text(parameter.default)
    return found


def _default(parsed: ParsedFile, value: cst.BaseExpression) -> str:
    """The default of a field, also where a validator holds it: `interval(min=0, max=1)(default=0.02)`."""
    arguments = value.args if isinstance(value, cst.Call) else ()
    named = [one.value for one in arguments if one.keyword is not None and one.keyword.value == "default"]
    return parsed.text(named[0] if named else value)


def _derived(parsed: ParsedFile, name: str) -> set[str]:
    """What `__init__` and `__post_init__` give another value than the argument of the same name."""
    found: set[str] = set()
    for method in ("__init__", "__post_init__"):
        function = parsed.functions.get(f"{name}.{method}")
        tree = ast.parse(textwrap.dedent(parsed.text(function))) if function is not None else None
        for node in [] if tree is None else ast.walk(tree):
            if isinstance(node, ast.Assign):
                given = node.value.id if isinstance(node.value, ast.Name) else None
                names = {_assigned(target) for target in node.targets}
                found |= {one for one in names if one is not None and one != given}
    return found


def _assigned(target: ast.expr) -> str | None:
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return target.id if isinstance(target, ast.Name) else None


def _aliases(parsed: ParsedFile, name: str) -> dict[str, str]:
    for statement in statements(parsed.classes[name].body.body):
        value = statement.value if isinstance(statement, cst.Assign | cst.AnnAssign) else None
        targets = (
            [one.target for one in statement.targets]
            if isinstance(statement, cst.Assign)
            else [statement.target]
            if isinstance(statement, cst.AnnAssign)
            else []
        )
        if isinstance(value, cst.Dict) and any(dotted_name(one) == "attribute_map" for one in targets):
            pairs = [
                (literal_string(one.value), literal_string(one.key))
                for one in value.elements
                if isinstance(one, cst.DictElement)
            ]
            return {own: library for own, library in pairs if own is not None and library is not None}
    return {}


def literal(text: str) -> object:
    """The value of a plain literal; its own source text where it is none (so that it is no truth value)."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ...
