"""What a model is given in `hfreader trace`: the user's text or ids; generated inputs where it reads neither."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.traces import TokenFact
from hfreader.trace.feeding.vocabulary import maker, senses
from hfreader.trace.inputs import (
    check_ids,
    check_range,
    parameters_of_forward,
    position_limit,
    random_ids,
    reads_text,
)
from hfreader.trace.media import read_tensors
from hfreader.trace.requests import text_of
from hfreader.trace.sensing import Sensed, sensed
from hfreader.trace.settings import Options, Setting
from hfreader.trace.sizes import Lengths
from hfreader.trace.starting import first_that_runs
from hfreader.trace.subject import Subject
from hfreader.trace.tokenizers import (
    ByteTokenizer,
    Encoded,
    OwnTokenizer,
    masked,
    numbered,
    token_facts,
    tokenizer_for,
)

GENERATED = "generated inputs: random "
ALONE = Options(textless=True)


@dataclass(frozen=True)
class Prompt:
    """One setting with what it is run on.

    said   in words, for the user.
    ids    of the one sequence; None where no ids are read.
    given  further arguments of the forward pass, at hand.
    alike  the same with generated inputs, which can be run at other sizes too.
    show   writes ids.
    """

    setting: Setting
    said: str
    alike: Setting
    ids: tuple[int, ...] | None = None
    given: Mapping[str, torch.Tensor] = field(default_factory=dict)
    tokenizer: str | None = None
    tokens: tuple[tuple[TokenFact, ...], ...] = ()
    notes: tuple[str, ...] = ()
    show: Callable[[Sequence[int]], list[str]] = numbered


def prompt_of(request: TraceRequest, subject: Subject) -> Prompt:
    """The prompt of a request; HfreaderError for inputs that the class does not read or that do not fit."""
    if request.inputs is not None:
        return _tensors(Path(request.inputs).expanduser(), subject)
    files = sensed(request, subject)
    reads = reads_text(subject.model_class)
    if reads and (request.written or files or subject.model_class.main_input_name in ("input_ids", "inputs_embeds")):
        return _written(request, subject, files)
    if request.written:
        name = subject.model_class.__name__
        raise HfreaderError(f"{name} reads {subject.model_class.main_input_name}, not text: leave the text out")
    return _generated(subject, files)


def _tensors(file: Path, subject: Subject) -> Prompt:
    """All arguments of the forward pass from a file."""
    given = read_tensors(file, parameters_of_forward(subject.model_class))
    ids = given.get("input_ids")
    if ids is not None:
        check_ids(ids.flatten().tolist()[: ids.shape[-1]], subject.config)
        check_range(ids.flatten().tolist(), subject.config)
    batch, tokens = (1, 1) if ids is None or ids.dim() != 2 else ids.shape
    exact = Setting(f"the tensors of {file}", subject.model_class, subject.config, Lengths(batch, tokens), ALONE)
    return Prompt(exact, f"{len(given)} tensors of {file}", _alike(exact, given), given=given)


def _written(request: TraceRequest, subject: Subject, files: Sensed | None) -> Prompt:
    reader = tokenizer_for(subject.config, subject.folder)
    asked = _random(request, subject) if request.tokens is not None else request.ids
    encoded = masked(asked) if asked is not None else reader.encode(text_of(request), request.pair)
    if request.text is None and asked is None:
        encoded = _fitting(encoded, subject)
    ids = encoded["input_ids"]
    check_ids(ids, subject.config, 0 if subject.config.is_encoder_decoder else request.generate)
    given = files.tensors if files else {}
    alike = _with_others(subject, _setting(subject, encoded), given)
    setting = _without(alike, given)
    beside = ", ".join(name for name, _ in setting.options.others)
    said = [f"{len(ids)} tokens", *([files.said] if files else []), *([f"generated {beside}"] if beside else [])]
    return Prompt(
        setting,
        " and ".join(said),
        alike,
        tuple(ids),
        given,
        None if asked is not None else reader.description,
        () if request.tokens is not None else (token_facts(ids, _texts(request, reader, ids)),),
        (*_notes(request, reader), *(files.notes if files else ()), *([f"{GENERATED}{beside}"] if beside else [])),
        reader.show,
    )


def _fitting(encoded: Encoded, subject: Subject) -> Encoded:
    """The text that is read where none was given, cut to the positions that the model has."""
    limit = position_limit(subject.config)
    return {name: row[:limit] for name, row in encoded.items()} if limit is not None else encoded


def _random(request: TraceRequest, subject: Subject) -> tuple[int, ...]:
    return tuple(random_ids(subject.config, 1, request.tokens or 1, request.seed)[0].tolist())


def _with_others(subject: Subject, setting: Setting, given: Mapping[str, torch.Tensor]) -> Setting:
    """The setting with what the class cannot do without beside a text, and with what is like what is given; found on
    a small version."""
    if not senses(parameters_of_forward(subject.model_class)):
        return setting
    try:
        started = first_that_runs(subject.model_class, subject.config, _run, textless=False, among=frozenset(given))
    except HfreaderError:
        if not given:
            raise
        return setting  # then it runs on what is given alone
    return replace(setting, options=replace(setting.options, others=started.options.others))


def _without(setting: Setting, given: Mapping[str, torch.Tensor]) -> Setting:
    """The setting without what is given, and without what only goes with generated inputs of the same kind."""
    kinds = {make.__module__ for name in given if (make := maker(name)) is not None}
    others = tuple(
        (name, layout)
        for name, layout in setting.options.others
        if name not in given and not ((make := maker(name)) is not None and make.__module__ in kinds)
    )
    return replace(setting, options=replace(setting.options, others=others))


def _run(setting: Setting) -> None:
    setting.run(setting.model())


def _generated(subject: Subject, files: Sensed | None) -> Prompt:
    """Random inputs in the layout with which a small version of the class runs: one row, or as many as files."""
    given = files.tensors if files else {}
    try:
        small = first_that_runs(subject.model_class, subject.config, _run, among=frozenset(given))
    except HfreaderError:
        if not given:
            raise
        small = Setting("given files", subject.model_class, subject.config, Lengths(1, 1), ALONE)
    lengths = replace(small.lengths, batch=files.rows if files else 1)
    alike = replace(small, name="generated inputs", config=subject.config, lengths=lengths)
    setting = _without(alike, given)
    names = ", ".join(name for name, _ in setting.options.others) or ("" if given else "ids")
    notes = [f"generated inputs: random {names}, no picture, sound or text"] if names else []
    said = [*([files.said] if files else []), *([f"generated {names}"] if names else [])]
    return Prompt(setting, " and ".join(said), alike, given=given, notes=(*(files.notes if files else ()), *notes))


def _alike(exact: Setting, given: Mapping[str, torch.Tensor]) -> Setting:
    """A setting of generated inputs that has what is given; the exact one, which runs only so, where none does."""
    try:
        small = first_that_runs(exact.model_class, exact.config, _run, among=frozenset(given))
    except HfreaderError:
        return exact
    return replace(small, config=exact.config, lengths=replace(exact.lengths, encoder=small.lengths.encoder))


def _setting(subject: Subject, encoded: Encoded) -> Setting:
    """One sequence, the same for encoder and decoder where there are two, given what a tokenizer makes of it."""
    tokens = len(encoded["input_ids"])
    lengths = Lengths(1, tokens, encoder=tokens if subject.config.is_encoder_decoder else None)
    accepted = {*parameters_of_forward(subject.model_class)} - {"input_ids", "attention_mask"}
    beside = tuple((name, tuple(row)) for name, row in encoded.items() if name in accepted)
    options = Options(bare="attention_mask" not in encoded, beside=beside)
    return Setting("one text", subject.model_class, subject.config, lengths, options)


def _texts(request: TraceRequest, reader: ByteTokenizer | OwnTokenizer, ids: Sequence[int]) -> list[str]:
    """What stands for the ids: bytes say nothing of ids that were given."""
    unknown = request.ids is not None and isinstance(reader, ByteTokenizer)
    return numbered(ids) if unknown else reader.show(ids)


def _notes(request: TraceRequest, reader: ByteTokenizer | OwnTokenizer) -> tuple[str, ...]:
    if request.tokens is not None:
        return (f"{request.tokens} random ids instead of a text",)
    if request.ids is not None:
        return ()
    fallback = "byte-level fallback vocabulary: one token per byte, not the family's own tokens"
    return (*([fallback] if isinstance(reader, ByteTokenizer) else []), *reader.notes)
