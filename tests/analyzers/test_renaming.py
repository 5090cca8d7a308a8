"""No name is evidence: a library whose classes and local variables are called anything else is mapped the same."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.library import Library, snapshot_reader
from tests.analyzers.renaming import classes_of, meaningless, renamed

SAMPLE = ("bert", "gpt2", "llama", "t5", "mixtral", "vit", "deberta", "mamba")


def test_classes_and_locals_are_renamed_and_nothing_else() -> None:
    text = (
        "class Bert(nn.Module):\n"
        "    def forward(self, query, value):\n"
        "        scores = query @ value\n"
        "        f'{kept}'; kept = self.scores(scores=scores)\n"
        "        return [scores for row in kept]\n"
    )
    new = renamed(text, classes_of([text]))
    scores, row = meaningless("scores"), meaningless("row")
    assert new == (
        f"class {meaningless('Bert')}(nn.Module):\n"
        "    def forward(self, query, value):\n"
        f"        {scores} = query @ value\n"
        f"        f'{{kept}}'; kept = self.scores(scores={scores})\n"
        f"        return [{scores} for {row} in kept]\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("family", SAMPLE)
def test_the_mapping_stays_the_same(installed: Library, family: str) -> None:
    read = snapshot_reader(installed.snapshot)
    files = {file: read(file) or "" for file in installed.modeling_files(family)}
    classes = classes_of(files.values())
    other = Library.of_sources(ReadThrough({file: renamed(text, classes) for file, text in files.items()}, read))
    for file in files:
        before = mapping(installed, file, classes)
        assert before
        assert mapping(other, file, {}) == before


class ReadThrough(Mapping[str, str]):
    """Some files as they are given, and behind them whatever `read` reads."""

    def __init__(self, given: Mapping[str, str], read: Callable[[str], str | None]) -> None:
        self.given, self.read = given, read

    def __getitem__(self, file: str) -> str:
        text = self.given.get(file) or self.read(file)
        if text is None:
            raise KeyError(file)
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def mapping(library: Library, file: str, classes: Mapping[str, str]) -> set[tuple[str, str, int]]:
    """Concept, owner (as `classes` renames it) and line of every match in a file."""
    owners = ((one, one.owner.rpartition(".")[2]) for one in analyse(library, file).matches)
    return {(one.concept, classes.get(owner, owner), one.place.span.line) for one, owner in owners}
