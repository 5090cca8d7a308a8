"""The settings worth trying for a class, from its signature, its configuration and the constants in its source."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, product
from typing import Any

from transformers import PreTrainedModel

from hfreader.errors import HfreaderError
from hfreader.trace.configs import as_json, with_fields
from hfreader.trace.feeding.need import Need
from hfreader.trace.feeding.vocabulary import maker, senses
from hfreader.trace.inputs import parameters_of_forward, reads_text
from hfreader.trace.settings import Options, Setting, Shape, id_parameters, label_parameters, with_token_types
from hfreader.trace.sizes import Lengths

TEXT = frozenset(
    {"input_ids", "attention_mask", "decoder_input_ids", "position_ids", "token_type_ids", "inputs_embeds"}
)
# What says how the inputs beside it are arranged.
COMPANIONS = re.compile(
    r".*(grid_thw|grids?|grid_hws?|image_sizes|spatial_shapes|aspect_ratio_(ids|mask)|position_ids|target_sizes"
    r"|features?_(mask|attention_mask|lengths|lens)|(past|future)_(time_features|observed_mask)|static_.*_features"
    r"|timesteps)"
)
MOST_LAYOUTS = 8
MOST_FED = 24
"""How many ways to feed a class are tried with one configuration before it is called without."""
PLAIN = Lengths(2, 6)
SEPARATED = (1, 2, -1)
"""Where separators stand in a pair of texts: two between the texts, one at the end."""
CACHED = Lengths(2, 1, past=5)
ENCODED = Lengths(2, 6, encoder=4)
SHAPES: tuple[Shape, ...] = ("row", "token", "class", "column")
MOST_LABELS = 2
OUTPUTS = ("output_attentions", "output_hidden_states", "use_cache")
# Switches of the library that hand something back in another form, or wire up other models.
NO_SWITCHES = frozenset({"return_dict", "is_encoder_decoder", "output_hidden_states", "output_attentions", "use_cache"})


def ways(plain: Setting) -> Iterator[Setting]:
    """Other ways to call the class with the same configuration."""
    accepted = parameters_of_forward(plain.model_class)
    yield from answers(plain)
    yield _with(plain, "ids alone", bare=True)
    yield _with(plain, "padding", padded=True)
    if "inputs_embeds" in accepted:
        yield _with(plain, "embeddings instead of ids", embeds=True)
    yield _with(plain, "all outputs", extra=tuple((name, True) for name in OUTPUTS[:2]))
    yield _with(plain, "tuple output", extra=(("return_dict", False),))
    yield from choices(plain)
    typed = with_token_types(plain)
    if typed is not None:
        yield replace(typed, name=_named(plain, "token types"))
    for name, shape in product(id_parameters(plain.model_class), SHAPES[:2]):
        yield _with(plain, f"{name} ({shape})", zeros=((name, shape),))
    yield from cached(plain)
    yield _with(plain, "training mode", training=True)
    if typed is not None:  # some classes train with token types only
        yield _with(typed, "token types, training mode", training=True)


def cached(plain: Setting) -> Iterator[Setting]:
    """A second pass on the cache of the first, where the class takes one."""
    if "past_key_values" in parameters_of_forward(plain.model_class):
        lengths = replace(CACHED, encoder=plain.lengths.encoder)
        yield replace(plain, name=_named(plain, "cache"), lengths=lengths)


def choices(plain: Setting) -> Iterator[Setting]:
    """Two alternatives for each row, where the setting has none."""
    if not plain.options.choices:
        yield _with(plain, "two choices", choices=2)


def answers(plain: Setting) -> Iterator[Setting]:
    """Labels in every combination of shapes; for more than MOST_LABELS parameters all in the same shape.

    None where the setting gives labels already.
    """
    if plain.options.zeros:
        return
    names = label_parameters(plain.model_class)
    if len(names) > MOST_LABELS:
        combinations = [(shape,) * len(names) for shape in SHAPES]
    else:
        combinations = list(product(SHAPES, repeat=len(names)))
    for shapes in combinations if names else ():
        yield _with(plain, f"labels ({', '.join(shapes)})", zeros=tuple(zip(names, shapes, strict=True)))


def configurations(plain: Setting, constants: Mapping[str, frozenset[str]]) -> Iterator[Setting]:
    """The same call with another configuration: as a decoder, with cross-attention, each switch flipped, each text
    field set to every constant that the source compares it with."""
    accepted = parameters_of_forward(plain.model_class)
    fields = as_json(plain.config)
    decoder = {name: True for name in ("is_decoder",) if fields.get(name) is False}
    if decoder:
        yield from _changed(plain, "decoder", decoder)
        if "past_key_values" in accepted:
            yield from _changed(replace(plain, lengths=CACHED), "decoder, cache", decoder)
    if "encoder_hidden_states" in accepted and "add_cross_attention" in fields:
        cross = {**decoder, "add_cross_attention": True}
        yield from _changed(replace(plain, lengths=ENCODED), "cross-attention", cross)
        yield from _changed(replace(plain, lengths=replace(CACHED, encoder=4)), "cross-attention, cache", cross)
    for name, value in fields.items():
        if name.endswith("_token_id") and (value is None or value == 0):
            alone = replace(plain, lengths=replace(plain.lengths, batch=1))
            changed = 0 if value is None else None
            yield from _changed(alone, f"one row, {name}={changed}", {name: changed})
    if label_parameters(plain.model_class):
        yield from _changed(plain, "num_labels=1", {"num_labels": 1})
    for name, values in constants.items():
        for text in sorted(values - {fields.get(name)}):
            yield from _changed(plain, f"{name}={text}", {name: text})
    for name, value in fields.items():
        if isinstance(value, bool) and name not in NO_SWITCHES | {"is_decoder", "add_cross_attention"}:
            yield from _changed(plain, f"{name}={not value}", {name: not value})


def _with(setting: Setting, name: str, **options: Any) -> Setting:
    return replace(setting, name=_named(setting, name), options=replace(setting.options, **options))


def _named(setting: Setting, name: str) -> str:
    return name if setting.name == "plain" else f"{setting.name}, {name}"


def _changed(setting: Setting, name: str, changes: Mapping[str, Any]) -> Iterator[Setting]:
    """The setting with another configuration; none where the configuration refuses."""
    try:
        yield replace(setting, name=_named(setting, name), config=with_fields(setting.config, changes))
    except HfreaderError:
        return


def plain_settings(model_class: type[PreTrainedModel], config: Any) -> Iterator[Setting]:
    """The simplest ways to call a class, one of which should run."""
    encoder = 4 if config.is_encoder_decoder else None
    plain = Setting("plain", model_class, config, replace(PLAIN, encoder=encoder), Options())
    yield from islice(fed(plain), MOST_FED)
    if not reads_text(model_class):
        return
    yield plain
    yield from choices(plain)
    yield _with(plain, "ids alone", bare=True)
    if getattr(config, "pad_token_id", 0) is None:
        yield from _changed(plain, "pad_token_id=0", {"pad_token_id": 0})
    yield replace(plain, name="one row", lengths=replace(PLAIN, batch=1, encoder=encoder))
    yield _with(plain, "no cache", extra=(("use_cache", False),))
    if encoder is not None:
        even = replace(plain, name="as many tokens on both sides", lengths=replace(PLAIN, encoder=PLAIN.tokens))
        yield even
        yield _with(even, "an ended text", special=(("eos_token_id", (-1,)),))
    if getattr(config, "sep_token_id", None) is not None:
        pair = _with(plain, "a pair of texts", special=(("sep_token_id", SEPARATED),))
        yield pair
        yield from choices(pair)


def fed(plain: Setting) -> Iterator[Setting]:
    """The class fed with images, sound, series: with all that it takes, then with what it cannot do without, the
    layouts that are likely first; two rows, then one."""
    need = Need(plain.model_class, plain.config, plain.lengths)
    wholes = [names for names in bundles(plain.model_class) if names]
    for batch, names in product((plain.lengths.batch, 1), wholes):
        sized = replace(plain, lengths=replace(plain.lengths, batch=batch))
        counts = [range(len(make(need, name))) for name in names if (make := maker(name)) is not None]
        orders = sorted(product(*counts), key=lambda layouts: (sum(layouts), max(layouts)))
        for layouts in orders[:MOST_LAYOUTS]:
            others = tuple(zip(names, layouts, strict=True))
            for textless in (False, True) if reads_text(plain.model_class) else (True,):
                yield _with(sized, ", ".join(names), others=others, textless=textless)


def bundles(model_class: type[PreTrainedModel]) -> Iterator[tuple[str, ...]]:
    """What may be given together beside text, the fullest first."""
    names = [name for name in parameters_of_forward(model_class) if maker(name) is not None and name not in TEXT]
    main = model_class.main_input_name
    signature = inspect.signature(model_class.forward).parameters
    needed = [name for name in names if name == main or signature[name].default is inspect.Parameter.empty]
    sensed = senses(names)
    companions = [name for name in names if COMPANIONS.fullmatch(name)]
    if "decoder_input_ids" in signature and not reads_text(model_class):
        companions.append("decoder_input_ids")
        names.append("decoder_input_ids")
    found = [[name for name in names if name in {*needed, *sensed, *companions}]]
    found += [[name for name in names if name in {*needed, *part, *companions}] for part in ([one] for one in sensed)]
    found += [[name for name in names if name in {*needed, *sensed}], needed]
    yield from dict.fromkeys(tuple(each) for each in found)
