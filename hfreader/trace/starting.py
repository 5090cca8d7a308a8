"""How a class can be called at all: found by trying, on small versions of its configuration."""

from collections.abc import Callable, Iterator
from itertools import islice

from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.settings import Setting
from hfreader.trace.small import smalls
from hfreader.trace.variants import plain_settings

MOST_STARTS = 24
"""How many ways to call a class are tried with one configuration before it is called one that does not run so."""


def first_that_runs(
    model_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    run: Callable[[Setting], object],
    textless: bool = True,
) -> Setting:
    """The first setting with which `run` succeeds; HfreaderError with the reason of the simplest where none does.

    textless  False for settings with a text alone, that text by itself the first.
    """
    reasons: list[HfreaderError] = []
    found = starts(model_class, config)
    for setting in found if textless else with_text(found):
        try:
            run(setting)
        except HfreaderError as error:
            reasons.append(error)
        else:
            return setting
    unknown = HfreaderError(f"{model_class.__name__} reads inputs that hfreader cannot make so far")
    raise reasons[0] if reasons else unknown


def starts(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> Iterator[Setting]:
    """Settings of small models, the likeliest first."""
    for narrow in smalls(model_class, config):
        yield from islice(plain_settings(model_class, narrow), MOST_STARTS)


def with_text(settings: Iterator[Setting]) -> Iterator[Setting]:
    """The settings that read a text, each kind of configuration's text by itself before what else it is given."""
    known = [setting for setting in settings if not setting.options.textless]
    return iter(sorted(known, key=lambda setting: len(setting.options.others)))
