"""What a modeling file says of itself."""

import pytest

from hfreader.analyzers.declared import modalities, refused, year

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


REFUSING = """class Base(PreTrainedModel):
    _supports_flash_attn = False  # not yet
    _supports_sdpa = True

class Other(PreTrainedModel):
    _supports_sdpa = _supports_flex_attn = False
    _supports_flash_attn = False
"""


def test_attention_is_refused_where_all_classes_that_say_anything_of_it_refuse_it():
    found = refused(REFUSING, "models/a/modeling_a.py")
    assert [(one.kind, one.declared, one.place.span.line) for one in found] == [
        ("flash_attention", "_supports_flash_attn = False", 2),
        ("flex_attention", "_supports_sdpa = _supports_flex_attn = False", 6),
    ]
    span = found[0].place.span
    assert REFUSING.split("\n")[span.line - 1][span.column : span.end_column] == found[0].declared
    assert refused("class A:\n    pass\n", "a.py") == ()
