"""The dataflow graph of a method or function: libcst's tree evaluated on symbols instead of tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from hfreader.analyzers.evaluate_statements import StatementEvaluator
from hfreader.analyzers.evaluator import CONSTRUCTED, Given, Limits, whole_span
from hfreader.analyzers.frames import Frame
from hfreader.analyzers.library import Library
from hfreader.analyzers.meanings import Arguments, Instance, Modules, Static
from hfreader.analyzers.parsing import ParsedFile
from hfreader.errors import HfreaderError
from hfreader.facts.analysis import DispatchSite
from hfreader.facts.dataflow import ROOT, Dataflow, Node
from hfreader.facts.places import Place


@dataclass(frozen=True)
class Reading:
    """What is taken as known while a function is read, so that only the branches taken then are followed.

    settings  config fields and their values: truth values, strings and None.
    given     anything: every optional argument may be there; named: of the arguments of a call those that it names,
              the others keep a default that is None or False; first: besides, of the root function the first argument
              and those that cannot be None, and of constructors what is named.
    """

    settings: Mapping[str, bool | str | None] = field(default_factory=dict)
    given: Given = "anything"


OPEN = Reading()
FAR = Limits()
# An equation that is spread over more levels of submodules, below the class that it belongs to, is not looked for.
TO_MATCH = Limits(levels=3)


def dataflow(
    library: Library,
    owner: str,
    function: str = "forward",
    limits: Limits = FAR,
    reading: Reading = OPEN,
) -> Dataflow:
    """The graph of a method of the class `owner`, or of the module-level function `owner`, all qualified.

    Calls are followed as far as `limits` say; what `reading` takes as known decides branches. HfreaderError where there
    is no such class, method or function.
    """
    evaluator = StatementEvaluator(library, limits)
    evaluator.settings, evaluator.given = reading.settings, reading.given
    if (found := library.find_function(owner)) is not None:
        file, name = library.tree(found[0].file), found[1].name
        return _run(evaluator, file, file.functions[name], owner, name, None, reading)
    method = library.method(owner, function)
    if method is None:
        raise HfreaderError(f"{owner} has no method {function}, and is no function of this transformers source")
    defined_in, _, file = method
    definition = file.functions[f"{defined_in.removeprefix(file.module + '.')}.{function}"]
    return _run(evaluator, file, definition, owner, function, defined_in, reading)


def _run(
    evaluator: StatementEvaluator,
    file: ParsedFile,
    definition: cst.FunctionDef,
    owner: str,
    function: str,
    defined_in: str | None,
    reading: Reading,
) -> Dataflow:
    frame = Frame(ROOT, file, owner=defined_in)
    evaluator.frame = frame
    instance = None if defined_in is None else _root_instance(evaluator, owner)
    for index, parameter in enumerate(_parameters(definition.params)):
        name = parameter.name.value
        is_self = index == 0 and instance is not None
        span = file.positions[parameter.name]
        absent = reading.given == "first" and index > (instance is not None) and _is_optional(file, parameter)
        meaning = Modules((instance,)) if is_self and instance is not None else Static(None) if absent else None
        node = evaluator.add(Node("parameter", name, span=span), meaning)
        frame.names[name] = evaluator.token(node, parameter.name)
        if is_self:
            frame.receiver = node
    result = evaluator.run(frame, definition)
    place = Place(file.file, whole_span(file, definition))
    return Dataflow(owner, function, place, tuple(evaluator.nodes), tuple(evaluator.tokens), result)


def _root_instance(evaluator: StatementEvaluator, owner: str) -> Instance:
    """The module whose method is the root: its constructor's arguments are not known."""
    instance = Instance(owner, True, Arguments())
    instance.arguments.rest = evaluator.add(Node("parameter", CONSTRUCTED))
    return instance


def _is_optional(file: ParsedFile, parameter: cst.Param) -> bool:
    """Whether a parameter may be None, by its default or its annotation."""
    written = "" if parameter.annotation is None else file.text(parameter.annotation.annotation)
    optional = "Optional" in written or written.replace(" ", "").endswith("|None")
    return optional or (isinstance(parameter.default, cst.Name) and parameter.default.value == "None")


def _parameters(parameters: cst.Parameters) -> list[cst.Param]:
    starred = [parameters.star_arg] if isinstance(parameters.star_arg, cst.Param) else []
    keywords = [] if parameters.star_kwarg is None else [parameters.star_kwarg]
    return [*parameters.posonly_params, *parameters.params, *starred, *parameters.kwonly_params, *keywords]


def dispatch_sites(graph: Dataflow) -> tuple[DispatchSite, ...]:
    """The calls in the root function that jump through a registry, with the default function they open on."""
    sites = []
    for node in graph.nodes:
        if node.op != "function" or node.registry is None or node.scope != ROOT or node.span is None:
            continue
        body = graph.nodes[node.body] if node.body is not None else None
        if body is not None and body.callee is not None:
            site = Place(graph.place.file, node.span)
            sites.append(DispatchSite(graph.owner, site, body.label, body.callee, node.registry))
    return tuple(sites)
