"""Which modules an expression makes: `nn.Linear(8, 8)`, `CLASSES[config.kind](config)`, `A(x) if c else B(x)`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from hfreader.analyzers.parsing import ParsedFile, dotted_name, imported, literal_string, statements
from hfreader.analyzers.resolution import Resolver

CONTAINERS = {
    "torch.nn.ModuleList": "ModuleList",
    "torch.nn.Sequential": "Sequential",
    "torch.nn.ModuleDict": "ModuleDict",
}
# The tables of activations, for when transformers' own source of them is not at hand: whether a look-up in them
# gives an instance.
REGISTRIES = {"transformers.activations.ACT2FN": True, "transformers.activations.ACT2CLS": False}
AUTO_CLASSES = "transformers.models.auto."
FACTORIES = ("from_config", "_from_config", "from_pretrained")
# What gives back the module it is given.
WRAPPERS = ("torch.nn.utils.", "copy.deepcopy", "copy.copy", "torch.compile", "torch.jit.script")
FLUENT = ("to", "eval", "train", "float", "half", "bfloat16", "requires_grad_")
DEPTH = 6


@dataclass(frozen=True)
class Made:
    """A module, or several: the classes it can be, its container, and whether it can be something unknown as well."""

    classes: tuple[str, ...] = ()
    container: str | None = None
    unknown: bool = False


NOTHING = Made()
UNKNOWN = Made(unknown=True)


@dataclass(frozen=True)
class Table:
    """A mapping written as a dict: what stands under which literal key, in the scope of its names.

    `instances` says that a look-up gives an instance, because the dict is wrapped in a class that makes them.
    """

    entries: tuple[tuple[str | None, cst.BaseExpression], ...]
    scope: "Scope"
    instances: bool


def union(made: Iterable[Made]) -> Made:
    """One of several."""
    several = list(made)
    classes = tuple(dict.fromkeys(name for one in several for name in one.classes))
    container = next((one.container for one in several if one.container), None)
    return Made(classes, container, any(one.unknown for one in several))


def choice(options: Iterable[tuple[cst.BaseExpression, Made | None]]) -> Made | None:
    """What a choice among expressions makes; None where no option is a module. Literals are no modules for certain."""
    known = list(options)
    if all(made is None for _, made in known):
        return None
    return union(made or (NOTHING if _is_literal(node) else UNKNOWN) for node, made in known)


class Scope:
    """The names of one function (or of a file's top level), for working out what expressions make.

    `owner` is the class (its name within the file) whose `self` the function has; `caller` the scope that came here
    through a call or a table.
    """

    def __init__(
        self, parsed: ParsedFile, resolver: Resolver, owner: str | None = None, caller: "Scope | None" = None
    ) -> None:
        self.parsed = parsed
        self.resolver = resolver
        self.owner = owner
        self.home: ParsedFile = parsed if caller is None else caller.home
        self.depth: int = 0 if caller is None else caller.depth + 1
        self.imports: dict[str, str] = {}
        self.values: defaultdict[str, list[cst.BaseExpression]] = defaultdict(list)
        self.items: defaultdict[str, list[cst.BaseExpression]] = defaultdict(list)
        self._open: set[str] = set()

    def read(self, node: cst.FunctionDef) -> "Scope":
        """Add what the parameters' defaults and the statements of a function assign and append."""
        for parameter in (*node.params.params, *node.params.kwonly_params):
            if parameter.default is not None:
                self.values[parameter.name.value].append(parameter.default)
        for statement in statements(node.body.body):
            self._read_statement(statement)
        return self

    def _read_statement(self, statement: cst.CSTNode) -> None:
        match statement:
            case cst.Import() | cst.ImportFrom():
                self.imports.update(imported(self.parsed, statement))
            case cst.Assign(value=value):
                for target in statement.targets:
                    self._assign(target.target, value)
            case cst.AnnAssign(target=single, value=cst.BaseExpression() as value):
                self._assign(single, value)
            case cst.AugAssign(target=single, value=value):
                self.items[dotted_name(single) or ""].append(value)
            case cst.For(target=single, iter=(cst.List() | cst.Tuple()) as values):
                for element in values.elements:
                    self._assign(single, element.value)
            case cst.Expr(value=cst.Call(func=cst.Attribute(value=receiver, attr=cst.Name(value=name))) as call):
                if name in ("append", "extend", "insert") and call.args:
                    self.items[dotted_name(receiver) or ""].append(call.args[-1].value)
            case _:
                pass

    def _assign(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
            for left, right in zip(target.elements, value.elements, strict=False):
                self._assign(left.value, right.value)
        elif isinstance(target, cst.Subscript):
            self.items[dotted_name(target.value) or ""].append(value)
        elif (name := dotted_name(target)) is not None:
            self.values[name].append(value)

    def made(self, node: cst.BaseExpression) -> Made | None:
        """The module that an expression evaluates to, None where it is none as far as the source says."""
        match node:
            case cst.Call():
                return self._called(node)
            case cst.IfExp() | cst.BooleanOperation():
                return choice((branch, self.made(branch)) for branch in _branches(node))
            case cst.Subscript():
                return self._looked_up(node.value, _key(node), instances=True)
            case cst.Name() | cst.Attribute():
                return choice((value, self.made(value)) for value in self._known(self.values, dotted_name(node)))
            case _:
                return None

    def types(self, node: cst.BaseExpression) -> Made | None:
        """The modules that calling the value of an expression makes."""
        match node:
            case cst.IfExp() | cst.BooleanOperation():
                return choice((branch, self.types(branch)) for branch in _branches(node))
            case cst.Subscript():
                return self._looked_up(node.value, _key(node), instances=False)
            case cst.Call(func=cst.Attribute(value=table, attr=cst.Name(value="get")), args=[key, *_]):
                return self._looked_up(table, literal_string(key.value), instances=False)
            case cst.Call(func=function, args=[first, *_]) if self._meaning(function) == "functools.partial":
                return self.types(first.value)
            case cst.Name() | cst.Attribute():
                return self._named_type(node)
            case _:
                return None

    def contents(self, node: cst.BaseExpression) -> Made:
        """The modules that a list, dict, generator or a sum of them holds; a container in it counts as one module."""
        match node:
            case cst.List() | cst.Tuple() | cst.Set() | cst.Dict():
                return union(self.contents(element.value) for element in node.elements)
            case cst.ListComp() | cst.GeneratorExp() | cst.SetComp():
                return self.contents(node.elt)
            case cst.DictComp():
                return self.contents(node.value)
            case cst.BinaryOperation(left=left, operator=cst.Multiply(), right=right):
                return self.contents(left if isinstance(left, cst.List) else right)
            case cst.BinaryOperation(operator=cst.Add()):
                return union([self.contents(node.left), self.contents(node.right)])
            case cst.IfExp():
                return union(self.contents(branch) for branch in _branches(node))
            case cst.Call(func=cst.Name(value="list" | "tuple" | "dict" | "OrderedDict"), args=[argument]):
                return self.contents(argument.value)
            case cst.Name() | cst.Attribute() if not _is_literal(node):
                return self._held(dotted_name(node) or "")
            case _:
                return self._element(node)

    def _element(self, node: cst.BaseExpression) -> Made:
        made = self.made(node) or self._returned(node, Scope.contents)
        if made is not None:
            return Made((f"torch.nn.{made.container}",)) if made.container else made
        if isinstance(node, cst.Subscript):
            return self.contents(node.value)
        return NOTHING if _is_literal(node) else UNKNOWN

    def _held(self, name: str) -> Made:
        """The modules in the list that a local name or `self.x` holds, with those appended to it."""
        assigned = [self.contents(value) for value in self._known(self.values, name)]
        return union([*assigned, self.appended(name)]) if assigned else UNKNOWN

    def appended(self, name: str) -> Made:
        """The modules that are appended to a local name or `self.x`."""
        return union(self.contents(value) for value in self._known(self.items, name))

    def _known(self, table: dict[str, list[cst.BaseExpression]], name: str | None) -> Iterator[cst.BaseExpression]:
        """What `table` says of a name; nothing while it is being asked already, as in `x = wrap(x)`."""
        mark = f"{id(table)}:{name}"
        if name is None or name not in table or mark in self._open:
            return
        self._open.add(mark)
        try:
            yield from table[name]
        finally:
            self._open.discard(mark)

    def _meaning(self, node: cst.BaseExpression) -> str | None:
        name = dotted_name(node)
        if name is None:
            return None
        head, dot, rest = name.partition(".")
        if head in self.imports:
            return self.resolver.definition(self.imports[head] + dot + rest)
        return self.resolver.resolve(self.parsed, name)

    def _named_type(self, node: cst.BaseExpression) -> Made | None:
        local = choice((value, self.types(value)) for value in self._known(self.values, dotted_name(node)))
        if local is not None:
            return local
        meaning = self._meaning(node)
        if meaning is None or not self.resolver.is_module(meaning):
            return None
        return Made((meaning,), CONTAINERS.get(meaning))

    def _called(self, node: cst.Call) -> Made | None:
        arguments = [argument.value for argument in node.args]
        if (made := self.types(node.func)) is not None:
            if made.container is None:
                return made
            inside = union(self.contents(argument) for argument in arguments)
            return Made(inside.classes, made.container, inside.unknown)
        if isinstance(node.func, cst.Attribute):
            if node.func.attr.value in FACTORIES:
                return self._from_factory(node.func.value)
            if node.func.attr.value in FLUENT and (made := self.made(node.func.value)) is not None:
                return made
        if arguments and any((self._callee(node.func)).startswith(wrapper) for wrapper in WRAPPERS):
            return self.made(arguments[0])
        return self._returned(node, Scope.made)

    def _callee(self, node: cst.BaseExpression) -> str:
        """What is called, seen through local names for it."""
        for value in self._known(self.values, dotted_name(node)):
            if found := self._callee(value):
                return found
        return self._meaning(node) or ""

    def _from_factory(self, owner: cst.BaseExpression) -> Made | None:
        """`AutoModel.from_config(...)`: the config decides; `BertModel._from_config(...)`: that class."""
        made = self.types(owner)
        return UNKNOWN if made is None and (self._meaning(owner) or "").startswith(AUTO_CLASSES) else made

    def _looked_up(self, node: cst.BaseExpression, key: str | None, *, instances: bool) -> Made | None:
        meaning = self._meaning(node)
        tables = [*self._tables(node)]
        if not tables and meaning in REGISTRIES:
            return UNKNOWN if REGISTRIES[meaning] == instances else None
        return _any(self._chosen(table, key) for table in tables if table.instances == instances)

    def _chosen(self, table: Table, key: str | None) -> Made | None:
        chosen = [value for name, value in table.entries if key is None or name == key]
        made = _any(table.scope.types(_class_of_entry(value)) for value in chosen)
        # A table of another file serves the whole library: which entry it is, only the config knows.
        shared = key is None and table.scope.parsed is not self.home
        return UNKNOWN if made is not None and shared else made

    def _tables(self, node: cst.BaseExpression) -> Iterator[Table]:
        """The dicts that an expression can be."""
        if isinstance(node, cst.Dict):
            entries = [one for one in node.elements if isinstance(one, cst.DictElement)]
            yield Table(tuple((literal_string(one.key), one.value) for one in entries), self, False)
        elif isinstance(node, cst.Call) and len(node.args) == 1:
            for table in self._tables(node.args[0].value):
                yield Table(table.entries, table.scope, True)
        else:
            for value in self._known(self.values, dotted_name(node)):
                yield from self._tables(value)
            place = self.resolver.split(self._meaning(node) or "")
            if place is not None and self.depth < DEPTH and place[1] in place[0].assignments:
                scope = Scope(place[0], self.resolver, caller=self)
                yield from scope._tables(place[0].assignments[place[1]])

    def _returned(
        self, node: cst.BaseExpression, ask: "Callable[[Scope, cst.BaseExpression], Made | None]"
    ) -> Made | None:
        """What a called function or method of transformers returns."""
        if not isinstance(node, cst.Call) or self.depth >= DEPTH:
            return None
        found = self._function(node.func)
        if found is None:
            return None
        parsed, owner, function = found
        scope = Scope(parsed, self.resolver, owner, self).read(function)
        returned = [one.value for one in statements(function.body.body) if isinstance(one, cst.Return)]
        return choice((value, ask(scope, value)) for value in returned if value is not None)

    def _function(self, node: cst.BaseExpression) -> tuple[ParsedFile, str | None, cst.FunctionDef] | None:
        name = dotted_name(node) or ""
        if not name.startswith("self."):
            place = self.resolver.split(self._meaning(node) or "")
            if place is None or place[1] not in place[0].functions:
                return None
            owner = place[1].rpartition(".")[0] or None
            return place[0], owner, place[0].functions[place[1]]
        for ancestor in self.resolver.ancestors(f"{self.parsed.module}.{self.owner}"):
            place = self.resolver.split(ancestor)
            if place is not None and (method := f"{place[1]}.{name[5:]}") in place[0].functions:
                return place[0], place[1], place[0].functions[method]
        return None


def _any(made: Iterable[Made | None]) -> Made | None:
    known = [one for one in made if one is not None]
    return union(known) if known else None


def _is_literal(node: cst.BaseExpression) -> bool:
    match node:
        case cst.Name(value="None" | "True" | "False"):
            return True
        case cst.IfExp() | cst.BooleanOperation():
            return all(_is_literal(branch) for branch in _branches(node))
        case _:
            return isinstance(node, cst.BaseNumber | cst.BaseString)


def _branches(node: cst.IfExp | cst.BooleanOperation) -> tuple[cst.BaseExpression, cst.BaseExpression]:
    return (node.body, node.orelse) if isinstance(node, cst.IfExp) else (node.left, node.right)


def _key(node: cst.Subscript) -> str | None:
    match node.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=value))]:
            return literal_string(value)
        case _:
            return None


def _class_of_entry(value: cst.BaseExpression) -> cst.BaseExpression:
    """An entry is a class, or a tuple of a class and its arguments."""
    return value.elements[0].value if isinstance(value, cst.Tuple) and value.elements else value
