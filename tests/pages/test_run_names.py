import re
from dataclasses import replace

import pytest

from hfreader.pages.language import in_language
from hfreader.pages.run_names import WORDS, run_name
from hfreader.trace.configs import default_config
from hfreader.trace.models import base_class
from hfreader.trace.variants import configurations, plain_settings, ways
from tests.pages import toy


def test_a_run_is_named_by_what_was_changed():
    assert run_name(toy.trace()) == "ToyModel"
    assert run_name(replace(toy.trace(), changed={"is_decoder": True})) == "ToyModel, is_decoder=True"


@pytest.mark.parametrize(
    ("name", "chinese"),
    [
        ("no cache", "无缓存"),
        ("decoder, cache", "解码器, 缓存"),
        ("labels (row, token)", "标签 (行, 词元)"),
        ("decoder_input_ids (row)", "decoder_input_ids (行)"),
        ("one row, pad_token_id=0", "单行, pad_token_id=0"),
        ("cache=decoder", "cache=decoder"),
    ],
)
def test_its_words_are_in_the_language_of_the_page_and_code_is_not(name, chinese):
    trace = replace(toy.trace(), changed={"a": 1}, notes=(name,))
    assert run_name(trace) == f"ToyModel, {name}"
    with in_language("zh"):
        assert run_name(trace) == f"ToyModel, {chinese}"


@pytest.mark.parametrize("family", ["bert", "bart", "longformer"])
def test_every_word_of_a_setting_is_known(family):
    config = default_config(family)
    plain, *others = plain_settings(base_class(config), config)
    for setting in (plain, *others, *ways(plain), *configurations(plain, {})):
        words = re.split(r", | \(|\)", setting.name)
        assert {word for word in words if word and not re.fullmatch(r"\w+_\w+|\w+=.*", word)} <= {*WORDS}
