"""One model type: a start found (or replayed), one small run recorded."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from transformers import PreTrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

from hfreader.errors import HfreaderError
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.sweep import Start, TypeRequest, TypeRun
from hfreader.facts.traces import Trace
from hfreader.trace.configs import (
    all_parts,
    build_config,
    default_config,
    family_of,
    one_line,
    replaced_by,
    with_fields,
    written_fields,
)
from hfreader.trace.feeding.vocabulary import senses
from hfreader.trace.forking import spent
from hfreader.trace.holding import held
from hfreader.trace.inputs import parameters_of_forward
from hfreader.trace.models import base_class, config_for, find_class, model_classes
from hfreader.trace.parts import parts_that_ran
from hfreader.trace.recipes import recipe_of
from hfreader.trace.recording import files_of, record, recorder_for
from hfreader.trace.settings import LastModel, Options, Setting
from hfreader.trace.sizes import Lengths
from hfreader.trace.starting import first_that_runs


def model_types() -> tuple[str, ...]:
    """Every model type that transformers has a configuration for, in alphabetical order."""
    return tuple(sorted(CONFIG_MAPPING_NAMES))


def run_type(request: TypeRequest, snapshot: Snapshot) -> TypeRun:
    """Run the base class of a model type, small, and record it; what goes wrong is the answer's `reason`."""
    before, _ = spent()
    run = TypeRun(request.model_type, request.model_type, recipe=bool(recipe_of(request.model_type)))
    try:
        config = default_config(request.model_type)
        run = replace(run, family=family_of(config))
        if request.whole:
            run = _run_within(run, config, request, snapshot)
        else:
            model_class = base_class(config)
            if not parameters_of_forward(model_class):
                raise HfreaderError(f"{model_class.__name__} has no forward pass of its own")
            run = replace(run, class_name=model_class.__name__)
            run = _run(run, model_class, config, request, snapshot)
    except Exception as error:  # the checks of 800 types raise whatever they like
        known = isinstance(error, HfreaderError | ModuleNotFoundError)
        kind = "" if known else f"{type(error).__name__}: "
        run = replace(run, reason=f"{kind}{one_line(error)}")
    after, memory = spent()
    return replace(run, seconds=after - before, memory=memory)


def _run(
    run: TypeRun,
    model_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    request: TypeRequest,
    snapshot: Snapshot,
) -> TypeRun:
    """The run of one class of a configuration."""
    setting = _replayed(request.start, config) or _found(model_class, config)
    given = {name for name, _ in setting.options.others}
    missing = [name for name in senses(parameters_of_forward(setting.model_class)) if name not in given]
    model = setting.model(request.seed)
    found = _recorded(setting, model, snapshot, request.seed)
    found = replace(found, notes=(*found.notes, *replaced_by(config.model_type)))
    parts = parts_that_ran(model, setting.config, found)
    return replace(run, start=start_of(setting), missing=tuple(missing), trace=found, parts=parts)


def _run_within(run: TypeRun, part: PreTrainedConfig, request: TypeRequest, snapshot: Snapshot) -> TypeRun:
    """The run of the first class of the family in which modules of a part ran that has no class of its own."""
    tried: dict[str, None] = {}
    for model_class, whole in _wholes(part):
        with suppress(HfreaderError):
            found = _run(run, model_class, whole, request, snapshot)
            if part.model_type in found.parts:
                return replace(found, class_name=model_class.__name__, within=whole.model_type)
            tried[model_class.__name__] = None
    name = type(part).__name__
    if not tried:
        raise HfreaderError(
            f"no model class of transformers is built from {name}, and none that ran holds it as a part"
        )
    raise HfreaderError(
        f"no model class of transformers is built from {name}, and nothing that is ran in {', '.join(tried)}"
    )


def _wholes(part: PreTrainedConfig) -> Iterator[tuple[type[PreTrainedModel], PreTrainedConfig]]:
    """The model classes of a part's family whose configuration holds it, each with that configuration, changed as the
    recipe of the part says."""
    changes = recipe_of(part.model_type).whole
    for model_class in model_classes(family_of(part)):
        kind = model_class.config_class
        if kind is not None and kind.model_type in CONFIG_MAPPING_NAMES:
            with suppress(HfreaderError):
                whole = with_fields(default_config(kind.model_type), changes)
                if part.model_type in {each.model_type for prefix, each in all_parts(whole) if prefix}:
                    yield model_class, whole


def start_of(setting: Setting) -> Start:
    """A setting as data."""
    options, lengths = setting.options, setting.lengths
    return Start(
        setting.model_class.__name__,
        setting.name,
        written_fields(setting.config),
        lengths.batch,
        lengths.tokens,
        lengths.encoder,
        options.others,
        options.textless,
        options.bare,
        options.choices,
        options.extra,
    )


def setting_of(start: Start, config: PreTrainedConfig) -> Setting:
    """A setting from data; HfreaderError where the class or its configuration is no longer of this kind."""
    model_class = find_class(config, start.class_name)
    options = Options(
        bare=start.bare, choices=start.choices, others=start.others, textless=start.textless, extra=start.extra
    )
    config_class = type(config_for(model_class, config))
    lengths = Lengths(start.batch, start.tokens, encoder=start.encoder)
    return Setting(start.name, model_class, build_config(config_class, start.fields), lengths, options)


def _replayed(start: Start | None, config: PreTrainedConfig) -> Setting | None:
    """The setting of a start with which the class still runs; None where there is none."""
    if start is None:
        return None
    try:
        setting = setting_of(start, config)
        setting.run(setting.model())
    except HfreaderError:
        return None
    return setting


def _found(model_class: type[PreTrainedModel], config: PreTrainedConfig) -> Setting:
    models = LastModel()
    return first_that_runs(model_class, config, lambda setting: setting.run(models.of(setting)))


def _recorded(setting: Setting, model: PreTrainedModel, snapshot: Snapshot, seed: int) -> Trace:
    package = Path(snapshot.package)
    recorder = recorder_for(files_of(model, package), package)
    with held(recorder.rewritten):
        return replace(record(setting, model, snapshot, recorder, seed=seed), notes=(setting.name,))
