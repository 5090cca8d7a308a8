"""How a class can be called at all: found by trying, on small versions of its configuration."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, repeat

from transformers import PreTrainedConfig, PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.feeding.vocabulary import BY_RECIPE, maker, senses
from hfreader.trace.inputs import parameters_of_forward, reads_text
from hfreader.trace.recipes import recipe_of
from hfreader.trace.settings import Options, Setting
from hfreader.trace.small import smalls
from hfreader.trace.variants import MOST_FED, PLAIN, TEXT, plain_settings

FED = (MOST_FED, 6)
"""How many ways to give a class everything that it takes are tried, with each of the first narrow configurations,
before it is given text alone."""


def first_that_runs(
    model_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    run: Callable[[Setting], object],
    textless: bool = True,
    among: frozenset[str] = frozenset(),
) -> Setting:
    """The first setting with which `run` succeeds; HfreaderError with the reason of the simplest where none does.

    textless  False for settings with a text alone, that text by itself the first.
    among     parameters of which one must be given beside a text; where none of them can be made, any setting will do.
    """
    reason: HfreaderError | None = None
    if missing := unmakeable(model_class, config):
        raise HfreaderError(
            f"{model_class.__name__} reads inputs that hfreader cannot make so far: {', '.join(missing)}"
        )
    wanted = {name for name in among if maker(name) is not None}
    for setting in starts(model_class, config, textless):
        if wanted and wanted.isdisjoint(name for name, _ in setting.options.others):
            continue
        try:
            run(setting)
        except HfreaderError as error:
            reason = reason or HfreaderError(str(error))  # without its traceback, which holds a whole model
        else:
            return setting
    unknown = HfreaderError(f"{model_class.__name__} reads inputs that hfreader cannot make so far")
    raise reason or unknown


def unmakeable(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> list[str]:
    """The parameters without which a forward pass cannot be called, and that are neither text nor known to be made."""
    parameters = inspect.signature(model_class.forward).parameters
    known = {*TEXT, *recipe_of(config.model_type).inputs}
    needed = [
        name for name in parameters_of_forward(model_class) if parameters[name].default is inspect.Parameter.empty
    ]
    return [name for name in needed if name not in known and maker(name) is None]


def starts(model_class: type[PreTrainedModel], config: PreTrainedConfig, textless: bool = True) -> Iterator[Setting]:
    """Settings of small models, the likeliest first; a configuration is made only when those before it are used up.

    A class that takes more than text is called without it only after as many ways as FED says were tried with it.
    """
    without: list[Setting] = []
    for narrow, most in zip(smalls(model_class, config), chain(FED, repeat(0)), strict=False):
        found = by_recipe(model_class, narrow) or plain_settings(model_class, narrow)
        if not textless:
            yield from with_text(found)
        elif not most or not senses(parameters_of_forward(model_class)):
            yield from without
            yield from found
            without = []
        else:
            settings = list(found)
            yield from (each for each in settings[:most] if each.options.others)
            without += [each for each in settings if not each.options.others]
    yield from without


def by_recipe(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> list[Setting]:
    """The one way that a recipe describes, if there is one that says what to give."""
    recipe = recipe_of(config.model_type)
    if not recipe.inputs:
        return []
    options = Options(
        others=tuple((name, BY_RECIPE) for name in recipe.inputs),
        textless=recipe.textless or not reads_text(model_class),
        bare=recipe.bare,
    )
    encoder = PLAIN.tokens if config.is_encoder_decoder else None
    lengths = replace(PLAIN, batch=recipe.batch or PLAIN.batch, encoder=encoder)
    return [Setting("recipe", model_class, config, lengths, options)]


def with_text(settings: Iterable[Setting]) -> list[Setting]:
    """The settings of one configuration that read a text, that text by itself before what else it is given."""
    known = [setting for setting in settings if not setting.options.textless]
    return sorted(known, key=lambda setting: len(setting.options.others))
