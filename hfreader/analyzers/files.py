"""The facts of one source file: its classes, functions, submodules and where it comes from."""

import hashlib
import re

import libcst as cst

from hfreader.analyzers.parsing import ParsedFile, dotted_name, literal_string, statements
from hfreader.analyzers.resolution import Resolver
from hfreader.analyzers.submodules import built_in_init
from hfreader.errors import HfreaderError
from hfreader.facts.code import ClassFacts, FileFacts, FunctionFacts, ParameterFacts
from hfreader.facts.places import Span

GENERATED = re.compile(r"automatically generated from src/transformers/(\S+?\.py)\b")
COPIED = re.compile(r"#\s*Copied from\s+(.+?)\s*$")


def read_file(source: str, file: str) -> FileFacts:
    """The facts of `source`, which stands in `file` (relative to the package), read without the rest of the library.

    Raises HfreaderError, naming file and line, where it is not Python.
    """
    resolver = Resolver({file: source}.get)
    parsed = resolver.find(file)
    assert parsed is not None
    return file_facts(parsed, resolver)


def file_facts(parsed: ParsedFile, resolver: Resolver) -> FileFacts:
    """The facts of a parsed file, its names resolved by `resolver`."""
    generated = GENERATED.search(parsed.source[:2000])
    try:
        return FileFacts(
            file=parsed.file,
            module=parsed.module,
            digest=hashlib.sha256(parsed.source.encode()).hexdigest(),
            classes=tuple(class_facts(parsed, name, resolver) for name in parsed.classes),
            functions=tuple(function_facts(parsed, node) for name, node in parsed.functions.items() if "." not in name),
            generated_from=generated[1] if generated else None,
            imports=dict(parsed.imports),
        )
    except RecursionError as error:
        raise HfreaderError(f"{parsed.file}:1: cannot be read: it is nested too deeply") from error


def class_facts(parsed: ParsedFile, name: str, resolver: Resolver) -> ClassFacts:
    """The facts of the class `name` (within the file)."""
    node = parsed.classes[name]
    qualified = f"{parsed.module}.{name}"
    methods = [
        method
        for full, method in parsed.functions.items()
        if full.startswith(f"{name}.") and "." not in full[len(name) + 1 :]
    ]
    submodules, attributes = built_in_init(parsed, name, resolver)
    return ClassFacts(
        name=node.name.value,
        qualified=qualified,
        kind=resolver.kind(qualified),
        span=_whole(parsed, node),
        name_span=parsed.positions[node.name],
        bases=resolver.bases(qualified),
        methods=tuple(function_facts(parsed, method) for method in methods),
        submodules=submodules,
        attributes=attributes,
        decorators=_decorators(parsed, node),
        docstring=node.get_docstring(),
        copied_from=_copied_from(node),
        tied_weights=_tied_weights(node),
    )


def function_facts(parsed: ParsedFile, node: cst.FunctionDef) -> FunctionFacts:
    """The facts of one function or method."""
    return FunctionFacts(
        name=node.name.value,
        span=_whole(parsed, node),
        name_span=parsed.positions[node.name],
        body_span=parsed.positions[node.body],
        parameters=tuple(_parameters(parsed, node.params)),
        decorators=_decorators(parsed, node),
        docstring=node.get_docstring(),
        copied_from=_copied_from(node),
    )


def _whole(parsed: ParsedFile, node: cst.ClassDef | cst.FunctionDef) -> Span:
    span = parsed.positions[node]
    if not node.decorators:
        return span
    first = parsed.positions[node.decorators[0]]
    return Span(first.line, first.column, span.end_line, span.end_column)


def _decorators(parsed: ParsedFile, node: cst.ClassDef | cst.FunctionDef) -> tuple[str, ...]:
    return tuple(parsed.text(decorator.decorator) for decorator in node.decorators)


def _parameters(parsed: ParsedFile, parameters: cst.Parameters) -> list[ParameterFacts]:
    ordered = [*parameters.posonly_params, *parameters.params]
    if isinstance(parameters.star_arg, cst.Param):
        ordered.append(parameters.star_arg)
    ordered += parameters.kwonly_params
    if parameters.star_kwarg is not None:
        ordered.append(parameters.star_kwarg)
    return [
        ParameterFacts(
            name=parameter.name.value,
            span=parsed.positions[parameter.name],
            annotation=None if parameter.annotation is None else parsed.text(parameter.annotation.annotation),
            default=None if parameter.default is None else parsed.text(parameter.default),
        )
        for parameter in ordered
    ]


def _copied_from(node: cst.ClassDef | cst.FunctionDef) -> str | None:
    """What follows `# Copied from` in the comments right above the definition."""
    for line in (*node.leading_lines, *node.lines_after_decorators):
        if line.comment is not None and (found := COPIED.match(line.comment.value)):
            return found[1]
    return None


def _tied_weights(node: cst.ClassDef) -> tuple[tuple[str, str], ...]:
    """The pairs of `_tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}`."""
    for statement in statements(node.body.body):
        if isinstance(statement, cst.Assign) and isinstance(statement.value, cst.Dict):
            named = any(dotted_name(target.target) == "_tied_weights_keys" for target in statement.targets)
            elements = [one for one in statement.value.elements if named and isinstance(one, cst.DictElement)]
            pairs = [(literal_string(element.key), literal_string(element.value)) for element in elements]
            if named:
                return tuple((key, value) for key, value in pairs if key is not None and value is not None)
    return ()
