from collections.abc import Callable

import pytest
from transformers import BertConfig, BertModel, HieraConfig, HieraModel, Swin2SRConfig, Swin2SRModel

from hfreader.errors import HfreaderError
from hfreader.trace.models import parameters_of, skeleton
from hfreader.trace.narrowing import HEAVY, Narrowing
from hfreader.trace.settings import Setting
from hfreader.trace.starting import first_that_runs
from hfreader.trace.variants import plain_settings

WIDE = BertConfig(num_hidden_layers=1, vocab_size=2000)


def plain(config: BertConfig = WIDE) -> Setting:
    return next(iter(plain_settings(BertModel, config)))


def numbers(setting: Setting) -> int:
    return parameters_of(skeleton(setting.model_class, setting.config))


def run(setting: Setting) -> None:
    setting.run(setting.model())


def refusing(wrong: Callable[[BertConfig], bool]) -> Callable[[Setting], None]:
    def runs(setting: Setting) -> None:
        if wrong(setting.config):
            raise HfreaderError("it does not run so")

    return runs


def test_a_heavy_model_becomes_light_and_its_heads_keep_pairs_of_pairs():
    light = Narrowing(run).lighter(plain())
    assert numbers(light) < HEAVY < numbers(plain())
    assert light.config.hidden_size % (4 * WIDE.num_attention_heads) == 0
    assert light.config.num_attention_heads == WIDE.num_attention_heads
    assert light.config.vocab_size >= 512


def test_a_light_one_stays_as_it_is():
    light = plain(BertConfig(num_hidden_layers=1, vocab_size=512, hidden_size=96, intermediate_size=200))
    assert Narrowing(run).lighter(light) is light


def test_what_does_not_run_is_not_kept():
    own = WIDE.hidden_size
    light = Narrowing(refusing(lambda config: config.hidden_size != own)).lighter(plain())
    assert light.config.hidden_size == own
    assert light.config.intermediate_size < WIDE.intermediate_size


def test_a_class_that_runs_at_no_other_size_stays_as_it_is():
    heavy = plain()
    assert Narrowing(refusing(lambda config: config is not heavy.config)).lighter(heavy) is heavy


def test_what_worked_for_one_class_is_tried_first_for_the_next():
    tried: list[Setting] = []
    narrowing = Narrowing(tried.append)
    light = narrowing.lighter(plain())
    del tried[:]
    again = narrowing.lighter(plain())
    assert again.config.to_dict() == light.config.to_dict()
    assert len([each for each in tried if each.config is not light.config]) <= 2  # it, and what its modules return


@pytest.mark.slow
@pytest.mark.parametrize(("model_class", "config"), [(HieraModel, HieraConfig()), (Swin2SRModel, Swin2SRConfig())])
def test_classes_that_do_not_run_as_narrow_as_fields_say(model_class, config):
    heavy = first_that_runs(model_class, config, run)
    light = Narrowing(run).lighter(heavy)
    assert numbers(light) < numbers(heavy) / 4


@pytest.mark.slow
def test_images_become_smaller_where_what_runs_on_them_is_much():
    heavy = first_that_runs(Swin2SRModel, Swin2SRConfig(), run)
    light = Narrowing(run).lighter(heavy)
    assert light.config.image_size < heavy.config.image_size
    run(light)
