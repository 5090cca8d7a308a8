"""What a model is given in `hfreader trace`: the user's text or ids; generated inputs where it reads neither."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.traces import TokenFact
from hfreader.trace.feeding.vocabulary import senses
from hfreader.trace.inputs import check_ids, parameters_of_forward, reads_text
from hfreader.trace.requests import text_of
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


@dataclass(frozen=True)
class Prompt:
    """One setting with what it is run on.

    said  in words, for the user.
    ids   of the one sequence; None where no ids are read.
    """

    setting: Setting
    said: str
    ids: tuple[int, ...] | None = None
    tokenizer: str | None = None
    tokens: tuple[tuple[TokenFact, ...], ...] = ()
    notes: tuple[str, ...] = ()


def prompt_of(request: TraceRequest, subject: Subject) -> Prompt:
    """The prompt of a request; HfreaderError for a text that the class does not read or that does not fit."""
    if reads_text(subject.model_class) and subject.model_class.main_input_name in ("input_ids", "inputs_embeds"):
        return _written(request, subject)
    if request.text is not None or request.ids is not None:
        name = subject.model_class.__name__
        raise HfreaderError(f"{name} reads {subject.model_class.main_input_name}, not text: leave the text out")
    return _generated(subject)


def _written(request: TraceRequest, subject: Subject) -> Prompt:
    reader = tokenizer_for(subject.config, subject.folder)
    encoded = masked(request.ids) if request.ids is not None else reader.encode(text_of(request))
    ids = encoded["input_ids"]
    check_ids(ids, subject.config)
    setting, beside = _with_others(subject, _setting(subject, encoded))
    return Prompt(
        setting,
        f"{len(ids)} tokens{beside and f' and generated {beside}'}",
        tuple(ids),
        None if request.ids is not None else reader.description,
        (token_facts(ids, _texts(request, reader, ids)),),
        (*_notes(request, reader), *([f"{GENERATED}{beside}"] if beside else [])),
    )


def _with_others(subject: Subject, setting: Setting) -> tuple[Setting, str]:
    """The setting with what the class cannot do without beside a text, and its names; found on a small version."""
    if not senses(parameters_of_forward(subject.model_class)):
        return setting, ""
    started = first_that_runs(subject.model_class, subject.config, _run, textless=False)
    others = started.options.others
    return replace(setting, options=replace(setting.options, others=others)), ", ".join(name for name, _ in others)


def _run(setting: Setting) -> None:
    setting.run(setting.model())


def _generated(subject: Subject) -> Prompt:
    """One row of random inputs in the layout with which a small version of the class runs."""
    small = first_that_runs(subject.model_class, subject.config, _run)
    lengths = replace(small.lengths, batch=1)
    names = ", ".join(name for name, _ in small.options.others) or "ids"
    setting = replace(small, name="generated inputs", config=subject.config, lengths=lengths)
    return Prompt(
        setting, f"generated {names}", notes=(f"generated inputs: random {names}, no picture, sound or text",)
    )


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
    if request.ids is not None:
        return ()
    fallback = "byte-level fallback vocabulary: one token per byte, not the family's own tokens"
    return (*([fallback] if isinstance(reader, ByteTokenizer) else []), *reader.notes)
