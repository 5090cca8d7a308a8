"""The tables of functions through which attention is called: what each holds, and where it hands its work on."""

from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from hfreader.analyzers.evaluator import whole_span
from hfreader.analyzers.library import Library
from hfreader.analyzers.parsing import ParsedFile, dotted_name, literal_string, statements
from hfreader.facts.analysis import Exchange, Implementation
from hfreader.facts.places import Place

# A function of a registry is given the module, queries, keys and values first.
HANDED_ON = slice(1, 4)
_ASSIGNED = m.AssignTarget(m.Attribute(attr=m.Name("forward")))
_LOOK = m.Call(m.Attribute(m.Name(), m.Name("get_interface")))


def implementations(library: Library, registry: str) -> tuple[Implementation, ...]:
    """The functions that a registry holds, in its order; none where it cannot be read.

    A registry is an instance of a class with a table of functions by name in its body, or in that of a base; a file
    can put others in their place.
    """
    found = library.place_of(library.definition(registry))
    if found is None or not isinstance(made := found[0].assignments.get(found[1]), cst.Call):
        return ()
    parsed, name = found
    kind = library.definition_in(parsed, dotted_name(made.func) or "")
    table: dict[str, str] = {}
    for ancestor in reversed(library.ancestors(kind)):
        place = library.place_of(ancestor)
        if place is not None and place[1] in place[0].classes:
            table |= dict(_entries(library, place[0], place[0].classes[place[1]]))
    table |= dict(_replaced(library, parsed, name))
    names: dict[str, list[str]] = {}
    for key, function in table.items():
        names.setdefault(function, []).append(key)
    made_of = (_implementation(library, function, tuple(keys)) for function, keys in names.items())
    return tuple(one for one in made_of if one is not None)


def _entries(library: Library, parsed: ParsedFile, node: cst.ClassDef) -> Iterator[tuple[str, str]]:
    """The functions in the tables of a class's body, each with its key."""
    for statement in statements(node.body.body):
        table = statement.value if isinstance(statement, cst.Assign | cst.AnnAssign) else None
        for element in table.elements if isinstance(table, cst.Dict) else ():
            if isinstance(element, cst.DictElement) and (key := literal_string(element.key)) is not None:
                yield key, library.definition_in(parsed, dotted_name(element.value) or "")


def _replaced(library: Library, parsed: ParsedFile, name: str) -> Iterator[tuple[str, str]]:
    """What the file of a registry puts into it: `REGISTRY["key"] = function`."""
    for statement in statements(parsed.tree.body):
        match statement:
            case cst.Assign(
                targets=[
                    cst.AssignTarget(
                        cst.Subscript(cst.Name(value=written), [cst.SubscriptElement(slice=cst.Index(value=index))])
                    )
                ]
            ) if written == name and (key := literal_string(index)) is not None:
                yield key, library.definition_in(parsed, dotted_name(statement.value) or "")
            case _:
                pass


def exchanges(library: Library, parsed: ParsedFile) -> Iterator[Exchange]:
    """The classes of a file of which a decorator assigns `forward`, which there looks it up in a registry."""
    found: dict[str, tuple[str, Place] | None] = {}
    for name, node in parsed.classes.items():
        for decorator in node.decorators:
            made = decorator.decorator
            written = dotted_name(made.func if isinstance(made, cst.Call) else made)
            qualified = library.definition_in(parsed, written or "")
            if qualified not in found:
                found[qualified] = _exchanged_by(library, qualified)
            if (one := found[qualified]) is not None:
                yield Exchange(f"{parsed.module}.{name}", qualified, *one)


def _exchanged_by(library: Library, decorator: str) -> tuple[str, Place] | None:
    """The registry in which what a decorator assigns to `forward` looks, and where the decorator is named."""
    place = library.place_of(decorator)
    function = None if place is None else place[0].functions.get(place[1])
    if place is None or function is None or not m.findall(function, _ASSIGNED):
        return None
    if not (looks := m.findall(function, _LOOK)):
        return None
    name = cst.ensure_type(cst.ensure_type(looks[0], cst.Call).func, cst.Attribute).value
    parameters = (*function.params.params, *function.params.kwonly_params)
    default = next((one.default for one in parameters if one.name.value == getattr(name, "value", None)), name)
    if default is None:
        return None
    registry = library.definition_in(place[0], dotted_name(default) or "")
    return registry, Place(place[0].file, place[0].positions[function.name])


def _implementation(library: Library, function: str, names: tuple[str, ...]) -> Implementation | None:
    place = library.place_of(function)
    node = None if place is None else place[0].functions.get(place[1])
    if place is None or node is None:
        return None
    parsed = place[0]
    core, calls = None, None
    if (found := _core(node)) is not None:
        core = Place(parsed.file, parsed.positions[found[0]])
        calls = library.definition_in(parsed, dotted_name(found[1].func) or "")
    return Implementation(names, function, Place(parsed.file, whole_span(parsed, node)), core, calls)


def _core(node: cst.FunctionDef) -> tuple[cst.CSTNode, cst.Call] | None:
    """The statement and its call that `Implementation.core` is about."""
    names = [one.name.value for one in (*node.params.posonly_params, *node.params.params)]
    best: tuple[int, cst.CSTNode, cst.Call] | None = None
    for statement in statements(node.body.body):
        value = getattr(statement, "value", None)
        if not isinstance(value, cst.Call):
            continue
        given = {argument.value.value for argument in value.args if isinstance(argument.value, cst.Name)}
        handed = len(given.intersection(names))
        if given.issuperset(names[HANDED_ON]) and (best is None or handed > best[0]):
            best = handed, statement, value
    return None if best is None else best[1:]
