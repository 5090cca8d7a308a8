"""What every block of a modeling file's page is made from, worked out once for the file."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hfreader.concepts.model import Concept
from hfreader.facts.analysis import Analysis, Diagram, DispatchSite, Exchange, Implementation, Refusal
from hfreader.facts.matches import Match
from hfreader.facts.places import Place, Span
from hfreader.facts.traces import Dispatch, Trace
from hfreader.pages.book import MOST_ALIKE, Family, Site, address, alike_key, bare, concept_page, page_of
from hfreader.pages.diagrams import dot_source
from hfreader.pages.execution import Reading, first_runs, read
from hfreader.pages.highlight import scan
from hfreader.pages.hints import Records
from hfreader.pages.identifiers import identifiers
from hfreader.pages.language import own
from hfreader.pages.layout import Layout, layout_many
from hfreader.pages.listing import SourceText
from hfreader.pages.module_notes import Modules
from hfreader.pages.naming import source_name
from hfreader.pages.sections import Section


@dataclass(frozen=True)
class Alike:
    """How many other families have the same code, name and address of the first of them, and where all are listed."""

    families: int
    first: tuple[tuple[str, str], ...]
    everyone: str | None


class FileContext:
    """One modeling file of one family, with look-ups over its source, its runs and its matches."""

    def __init__(self, site: Site, family: Family, analysis: Analysis, concepts: Mapping[str, Concept]) -> None:
        self.site = site
        self.family = family
        self.analysis = analysis
        self.concepts = concepts
        self.file = analysis.code.file
        self.page = page_of(self.file)
        self.traces: Sequence[Trace] = family.run.traces if family.run else ()
        self._sources: dict[str, SourceText] = {}
        self._labels: dict[tuple[str, str], dict[int, str]] = {}
        self._readings: dict[str, Reading] = {}
        self._first_runs: dict[str, dict[int, int | None]] = {}

    @cached_property
    def name(self) -> str:
        """What readers call the file."""
        return source_name(self.file, [item.name for item in self.analysis.code.classes])

    @cached_property
    def records(self) -> Records:
        """Values by line."""
        return Records(self.traces)

    @cached_property
    def modules(self) -> Modules:
        """Submodules that ran."""
        return Modules(self.traces)

    @cached_property
    def linked_names(self) -> frozenset[str]:
        """Names that link to their definition on this page."""
        code = self.analysis.code
        return frozenset([item.name for item in code.classes] + [item.name for item in code.functions])

    def class_address(self, name: str) -> str | None:
        """The address of the block of a class that ran, of this file or of one that families share."""
        if name in self.linked_names:
            return f"#{name}"
        shared = self.site.home(name)
        return address(shared, self.page) if shared else None

    def _home(self, qualified: str, place: Place) -> str | None:
        """Where a definition of the library is shown: on the page of its file, else upstream."""
        shown = self.site.home(qualified) if self.site.home(place.file) else None
        return address(shown, self.page) if shown else self.site.snapshot.link(place.file, place.span)

    def source(self, file: str) -> SourceText:
        """The text of a file of the snapshot; UTF-8, its line ends as `\\n`."""
        if file not in self._sources:
            text = self.site.snapshot.path(file).read_text(encoding="utf-8")
            find = identifiers(self.linked_names, self.analysis.imported, self._home) if file == self.file else None
            colours = scan(text, find)
            self._sources[file] = SourceText(file, text.split("\n"), colours)
        return self._sources[file]

    def reading(self, file: str) -> Reading:
        """Conditions and code lines of a file."""
        if file not in self._readings:
            self._readings[file] = read("\n".join(self.source(file).lines))
        return self._readings[file]

    def first_runs(self, file: str) -> dict[int, int | None]:
        """For each line of a file's functions the first run that reached it, None where none did. Lines of this
        file's constructors are left out: runs are recorded from the first forward pass on."""
        if file not in self._first_runs:
            lines = first_runs(self.traces, file)
            built = self._constructor_lines if file == self.file else ()
            self._first_runs[file] = {line: run for line, run in lines.items() if line not in built}
        return self._first_runs[file]

    @cached_property
    def _constructor_lines(self) -> frozenset[int]:
        spans = [
            method.span for item in self.analysis.code.classes for method in item.methods if method.name == "__init__"
        ]
        return frozenset(line for span in spans for line in range(span.line, span.end_line + 1))

    def matches(self, owner: str) -> tuple[Match, ...]:
        """The matches whose root is the class or function `owner` and whose concept is in the catalogue."""
        return tuple(
            match for match in self.analysis.matches if match.owner == owner and match.concept in self.concepts
        )

    @cached_property
    def explained(self) -> Mapping[str, str]:
        """The block that explains the symbols of each concept: the first class that has it, else the first function."""
        code = self.analysis.code
        classes = [one.qualified for one in sorted(code.classes, key=lambda one: one.span)]
        functions = [f"{code.module}.{one.name}" for one in sorted(code.functions, key=lambda one: one.span)]
        places = {owner: place for place, owner in enumerate([*classes, *functions])}
        shown = [match for match in self.analysis.matches if match.owner in places]
        shown.sort(key=lambda match: -places[match.owner])
        return {match.concept: bare(match.owner) for match in shown}

    def diagram(self, owner: str) -> Diagram | None:
        """The diagram of a class or function, if there is one with anything to see."""
        return next((item for item in self.analysis.diagrams if item.owner == owner and len(item.nodes) > 1), None)

    def users(self, owner: str) -> tuple[str, ...]:
        """The classes of the file that build a class, or call a function through the attention registry."""
        built = [
            item.name
            for item in self.analysis.code.classes
            if any(owner in submodule.classes for submodule in item.submodules)
        ]
        called = [bare(site.owner) for site in self.analysis.dispatches if site.function == owner]
        return tuple(dict.fromkeys([*built, *called]))

    def alike(self, owner: str) -> Alike | None:
        """The other families that have what is identical to a class or function; None where none has."""
        told = self.site.home(alike_key(self.analysis.bodies.get(owner, "")))
        if told is None:
            return None
        count, *homes = told.split()
        pages = {page_of(part.code.file) for part in self.family.analyses}
        others = [home for home in homes if home.partition("#")[0] not in pages][: MOST_ALIKE - 1]
        found = [*(match.concept for match in self.matches(owner)), *self._played(owner)]
        everyone = f"{concept_page(found[0])}#in-{self.family.name}" if found else None
        return Alike(
            int(count) - 1,
            tuple((_name_of(home), address(home, self.page)) for home in others),
            address(everyone, self.page) if everyone and int(count) > len(others) + 1 else None,
        )

    def _played(self, owner: str) -> list[str]:
        return [one.concept for one in self.analysis.roles if one.owner == owner and one.concept in self.concepts]

    def roles(self, owner: str, shown: Collection[str] = ()) -> list[tuple[str, str]]:
        """Name and page of each role that a class plays, without the concepts `shown` as equations."""
        return [
            (own(concept.name), address(concept_page(role.concept), self.page))
            for role in self.analysis.roles
            if role.owner == owner
            and role.concept not in shown
            and (concept := self.concepts.get(role.concept)) is not None
        ]

    def wiring(self, owner: str) -> tuple[str, bool] | None:
        """How the parts of a class are connected, in one line, and whether all of them stand in it; None where the
        wiring is not known."""
        for role in self.analysis.roles:
            if role.owner == owner and role.wiring:
                return role.wiring, all(part.attribute in role.wiring for part in role.parts)
        return None

    def dispatches(self, owner: str) -> tuple[DispatchSite, ...]:
        """The calls through the attention registry in a class."""
        return tuple(item for item in self.analysis.dispatches if item.owner == owner)

    def ran_at(self, site: Place) -> Dispatch | None:
        """What really ran at a dispatch site, from the first trace that reached it."""
        jumps = (jump for trace in self.traces for jump in trace.dispatches)
        return next((jump for jump in jumps if jump.site == site and jump.place is not None), None)

    def reached(self, site: Place) -> frozenset[str]:
        """Every function that ran at a dispatch site."""
        return frozenset(jump.function for trace in self.traces for jump in trace.dispatches if jump.site == site)

    def registry(self, site: DispatchSite) -> tuple[Implementation, ...]:
        """What the registry holds through which a call jumps."""
        return self.analysis.registries.get(site.registry, ())

    def exchange(self, owner: str) -> Exchange | None:
        """What a decorator of a class puts in the place of its forward pass."""
        return next((one for one in self.analysis.exchanges if one.owner == owner), None)

    def refusal(self, name: str) -> Refusal | None:
        """What the models of the file declare of the attention that a registry has under a name, if none supports
        it; `paged|` before a name changes the cache alone."""
        kind = name.rpartition("|")[2]
        return next((one for one in self.analysis.refused if kind.startswith(one.kind)), None)

    def first_dispatch(self, site: DispatchSite) -> DispatchSite:
        """The first call of the file that jumps through the same registry."""
        return min((one for one in self.analysis.dispatches if one.registry == site.registry), key=lambda one: one.site)

    def has_run(self, place: Place) -> bool:
        """Whether any line of a function ran."""
        firsts = self.first_runs(place.file)
        return any(firsts.get(line) is not None for line in range(place.span.line, place.span.end_line + 1))

    @cached_property
    def layouts(self) -> dict[tuple[str, str], Layout]:
        """The layouts of all diagrams of the file by owner and function, drawn by one process."""
        diagrams = self.analysis.diagrams
        sources = [dot_source(item, self.labels_of(item)) for item in diagrams]
        return {
            (item.owner, item.function): layout for item, layout in zip(diagrams, layout_many(sources), strict=True)
        }

    def labels_of(self, diagram: Diagram) -> dict[int, str]:
        """The `labels` of a class's diagram as the class itself ran."""
        key = (diagram.owner, diagram.function)
        if key not in self._labels:
            self._labels[key] = self.labels(diagram, bare(diagram.owner))
        return self._labels[key]

    def labels(self, diagram: Diagram, runner: str) -> dict[int, str]:
        """The shape that was recorded at each box of a class's diagram, by the id of the node. Only the function in
        which the box is written counts: what the box passes through elsewhere, other boxes may pass through, too. A
        module whose output no line holds has the shape that the module gave."""
        shapes: dict[int, str | None] = {}
        for node in diagram.nodes:
            own = [place for place in node.values if self._function(place) == self._function(node.place)]
            shapes[node.id] = next((shape for place in own if (shape := self.records.shape(place, runner))), None)
            if shapes[node.id] is None and node.kind == "module":
                shapes[node.id] = self.records.module_shape(node.place, node.label.removeprefix("self."))
        return {number: shape for number, shape in shapes.items() if shape is not None}

    def _function(self, place: Place) -> tuple[str, Span | None]:
        """File and span of the innermost function around a place; in files of others the whole file is one."""
        if place.file != self.file:
            return place.file, None
        last = bisect_right(self._functions, place.span.line, key=lambda span: span.line)
        return place.file, next((span for span in reversed(self._functions[:last]) if span.holds(place.span)), None)

    @cached_property
    def _functions(self) -> tuple[Span, ...]:
        code = self.analysis.code
        methods = [method.span for item in code.classes for method in item.methods]
        return tuple(sorted(methods + [function.span for function in code.functions]))

    def upstream(self, section: Section) -> str | None:
        """The web address of a section's lines at the pinned commit."""
        return self.site.snapshot.link(self.file, Span(section.first, 0, section.last, 0))


def _name_of(home: str) -> str:
    """What a definition is called by its address: a class by its name, a function, which many have, by its file."""
    page, _, name = home.partition("#")
    return name if name[:1].isupper() else page.rpartition("/")[2]
