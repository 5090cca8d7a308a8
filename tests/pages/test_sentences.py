import re
from pathlib import Path

import pytest

import hfreader
from hfreader.pages.language import in_language
from hfreader.pages.sentences import SENTENCES, spoken

ROOM = Path(hfreader.__file__).parent
CODE = "\n".join(
    file.read_text(encoding="utf-8") for file in ROOM.rglob("*.py") if file.relative_to(ROOM).parts[0] != "pages"
)


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("random (seed 0)", "随机（种子 0）"),
        ("ToyModel cannot be made small", "ToyModel 无法缩小"),
        (
            "ToyModel cannot be made small: it has 1,000 parameters at least",
            "ToyModel 无法缩小：至少有 1,000 个参数",
        ),
        (
            "ToyModel cannot be built: a < b\nand more",
            '无法构建 ToyModel：<span lang="en">a &lt; b\nand more</span>',
        ),
        ("something <else>", '<span lang="en">something &lt;else&gt;</span>'),
    ],
)
def test_known_sentences_are_said_in_the_language_of_the_page(text: str, chinese: str):
    with in_language("zh"):
        assert spoken(text) == chinese


def test_in_english_what_is_quoted_is_marked_too():
    assert spoken("random (seed 0)") == "random (seed 0)"
    assert spoken("a < b") == '<span lang="en">a &lt; b</span>'


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_is_still_written_somewhere(sentence: str):
    """Its words between names stand in the code, though a line may break within."""
    for piece in re.split(r"%\(\w+\)s|; ", sentence):
        assert re.search(r'(?:\s|"|f")+'.join(re.escape(word) for word in piece.split()), CODE)
