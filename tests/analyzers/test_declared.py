"""What a modeling file says of itself."""

import pytest

from hfreader.analyzers.declared import modalities, year

TOWERS = """# Copyright 2021 The OpenAI Team Authors and The HuggingFace Team. All rights reserved.
class Text(PreTrainedModel):
    input_modalities = ("text",)

class Both(PreTrainedModel):
    input_modalities = ["image", "text"]

class Sound(PreTrainedModel):
    input_modalities = "audio"
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (TOWERS, ("text", "image")),
        ("class A:\n    input_modalities = 'audio'\n", ("audio",)),
        ("class A:\n    input_modalities = ('smell', 'text')\n", ("text", "smell")),
        ("class A:\n    input_modalities = chosen\n", ("text",)),
        ("", ("text",)),
    ],
)
def test_what_models_read_is_what_the_widest_class_says(source: str, expected: tuple[str, ...]):
    assert modalities(source) == expected


def test_the_year_is_that_of_the_notice_at_the_top():
    assert year(TOWERS) == 2021
    assert year("# coding=utf-8\n# Copyright (c) 2024 X\n") == 2024
    assert year("# Copyright the authors, all rights of 2019 reserved\n") is None
    assert year("\n" * 30 + "# Copyright 2020") is None
