"""The run that a user asks for: `hfreader trace`."""

from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import PreTrainedConfig

from hfreader.facts.runs import TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.traces import Trace
from hfreader.progress import Report
from hfreader.trace.devices import find_device, find_dtype, room
from hfreader.trace.holding import held
from hfreader.trace.inputs import check_ids, parameters_of_forward, require_text
from hfreader.trace.models import parameters_of, skeleton
from hfreader.trace.recorder import Recorder
from hfreader.trace.recording import files_of, record, recorder_for, watch, with_executions
from hfreader.trace.requests import check_text, text_of
from hfreader.trace.settings import Options, Setting
from hfreader.trace.sizes import Lengths
from hfreader.trace.subject import Subject, find_subject
from hfreader.trace.symbols import label
from hfreader.trace.tokenizers import (
    ByteTokenizer,
    Encoded,
    OwnTokenizer,
    masked,
    numbered,
    token_facts,
    tokenizer_for,
)

HOLLOW = "nothing was computed, only shapes: what depends on numbers, such as leaving out a mask of ones, can differ"
NOWHERE = "no device (shapes only)"


def trace(request: TraceRequest, snapshot: Snapshot, report: Report) -> Trace:
    """Build or load the model, run it once on the text or the ids, and name its dimensions."""
    device, dtype = find_device(request.device), find_dtype(request.dtype)
    check_text(request)
    report("trace", f"finding {request.target}")
    subject = find_subject(request, report)
    require_text(subject.model_class)
    reader = tokenizer_for(subject.config, subject.folder)
    encoded = masked(request.ids) if request.ids is not None else reader.encode(text_of(request))
    ids = encoded["input_ids"]
    check_ids(ids, subject.config)
    package = Path(snapshot.package)
    bones = skeleton(subject.model_class, deepcopy(subject.config))
    recorder = recorder_for(files_of(bones, package), package, request.lines, request.modules)
    hollow = subject.folder is None and parameters_of(bones) * dtype.itemsize > room(device)
    setting = setting_of(subject, encoded)
    with held(recorder.rewritten):
        report("trace", f"running {subject.model_class.__name__} on {len(ids)} tokens")
        with FakeTensorMode() if hollow else nullcontext():
            place = torch.device("cpu") if hollow else device
            (model, loading), construction = watch(recorder, lambda: subject.model(request.seed, dtype, place))
            recorded = record(setting, model, snapshot, recorder, torch.tensor([ids], device=place), request.seed)
        found = replace(
            with_executions(recorded, construction),
            weights=_weights(recorded, subject, hollow),
            device=NOWHERE if hollow else recorded.device,
            tokenizer=None if request.ids is not None else reader.description,
            tokens=(token_facts(ids, _texts(request, reader, ids)),),
            notes=(*_notes(request, subject, reader, hollow), *loading),
        )
        if not request.symbols:
            return found
        report("trace", "naming dimensions")
        return with_symbols(found, setting, snapshot, recorder)


def _weights(recorded: Trace, subject: Subject, hollow: bool) -> str:
    if hollow:
        return f"none: {recorded.parameters:,} parameters do not fit into memory here, so only shapes were run"
    return recorded.weights if subject.folder is None else f"checkpoint {subject.name}"


def setting_of(subject: Subject, encoded: Encoded) -> Setting:
    """One sequence, the same for encoder and decoder where there are two, given what a tokenizer makes of it."""
    tokens = len(encoded["input_ids"])
    lengths = Lengths(1, tokens, encoder=tokens if subject.config.is_encoder_decoder else None)
    accepted = {*parameters_of_forward(subject.model_class)} - {"input_ids", "attention_mask"}
    beside = tuple((name, tuple(row)) for name, row in encoded.items() if name in accepted)
    options = Options(bare="attention_mask" not in encoded, beside=beside)
    return Setting("one text", subject.model_class, subject.config, lengths, options)


def with_symbols(found: Trace, setting: Setting, snapshot: Snapshot, recorder: Recorder) -> Trace:
    """The trace with its dimensions named, by running the setting at other sizes."""

    def rerun(config: PreTrainedConfig, lengths: Lengths) -> Trace:
        other = setting.with_config(config, lengths)
        return record(other, other.model(), snapshot, recorder, configured=False)

    return label(found, setting.config, setting.lengths, rerun)


def _texts(request: TraceRequest, reader: ByteTokenizer | OwnTokenizer, ids: list[int]) -> list[str]:
    """What stands for the ids: bytes say nothing of ids that were given."""
    unknown = request.ids is not None and isinstance(reader, ByteTokenizer)
    return numbered(ids) if unknown else reader.show(ids)


def _notes(
    request: TraceRequest, subject: Subject, reader: ByteTokenizer | OwnTokenizer, hollow: bool
) -> tuple[str, ...]:
    notes = [HOLLOW] if hollow else []
    if not hollow and subject.folder is None:
        notes.append("random weights: shapes and equations are those of the family, the numbers mean nothing")
    if request.ids is None and isinstance(reader, ByteTokenizer):
        notes.append("byte-level fallback vocabulary: one token per byte, not the family's own tokens")
    return (*notes, *(reader.notes if request.ids is None else ()))
