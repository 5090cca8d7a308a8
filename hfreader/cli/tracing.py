"""`hfreader trace`."""

from dataclasses import replace

from hfreader.cli.everything import trace_everything
from hfreader.cli.options import Offline, Reference, Repository, app
from hfreader.cli.trace_options import (
    Against,
    AgainstSet,
    All,
    At,
    Class,
    Costs,
    Device,
    DeviceMap,
    Dot,
    Dtype,
    Fake,
    Generate,
    Html,
    Ids,
    Images,
    Inputs,
    Jobs,
    Json,
    Lines,
    MaxMemory,
    Memory,
    Modules,
    Overrides,
    Pair,
    Seconds,
    Seed,
    Sounds,
    Statistics,
    Target,
    TextInput,
    Tokens,
    Values,
    Videos,
    parse_ids,
    parse_overrides,
)
from hfreader.errors import HfreaderError
from hfreader.facts.runs import TraceRequest
from hfreader.facts.snapshot import Snapshot
from hfreader.facts.sweep import Limits
from hfreader.facts.traces import Trace
from hfreader.progress import Report, TerminalReport
from hfreader.source import obtain
from hfreader.trace.client import tracer
from hfreader.views.changes import changes
from hfreader.views.outputs import Outputs, show

HELP = """Run a model and show what happened: modules, lines, the shape of every variable in the model's own symbols.

Examples:

* `hfreader trace bert "The cat sat on the mat"`
* `hfreader trace gpt2 --ids 464,3797,3332 --class GPT2LMHeadModel --device cuda`
* `hfreader trace bert --set num_attention_heads=8 --set hidden_act=relu`
* `hfreader trace bert --against gpt2`
* `hfreader trace gpt2 "The cat sat" --generate 5`
* `hfreader trace ./my-checkpoint "A sentence" --values values.safetensors --html report.html`
* `hfreader trace vit --image cat.png --class ViTForImageClassification`
* `hfreader trace clip "a cat" --image cat.png`
* `hfreader trace wav2vec2 --audio speech.wav --class Wav2Vec2ForCTC`
* `hfreader trace ./my-checkpoint "A sentence" --json - | jq .modules`
* `hfreader trace llama --fake --tokens 8192 --set hidden_size=16384 --set num_hidden_layers=126`
* `hfreader trace --all --json traces/`
"""


@app.command(help=HELP)
def trace(
    target: Target = None,
    text: TextInput = None,
    pair: Pair = None,
    ids: Ids = None,
    tokens: Tokens = None,
    images: Images = None,
    sounds: Sounds = None,
    videos: Videos = None,
    inputs: Inputs = None,
    architecture: Class = None,
    overrides: Overrides = None,
    against: Against = None,
    against_overrides: AgainstSet = None,
    generate: Generate = 0,
    statistics: Statistics = False,
    values: Values = None,
    fake: Fake = False,
    costs: Costs = False,
    device: Device = "cpu",
    device_map: DeviceMap = None,
    max_memory: MaxMemory = None,
    dtype: Dtype = "float32",
    lines: Lines = False,
    modules: Modules = False,
    at: At = None,
    json: Json = None,
    html: Html = None,
    dot: Dot = None,
    seed: Seed = 0,
    every: All = False,
    jobs: Jobs = None,
    seconds: Seconds = 60,
    memory: Memory = 4,
    repo: Repository = None,
    ref: Reference = None,
    offline: Offline = False,
) -> None:
    """Run a model and show what happened."""
    if every:
        limits = Limits(seconds, int(memory * (1 << 30)))
        trace_everything(target, json, jobs, limits, repo, ref, offline)
        return
    if target is None:
        raise HfreaderError("say what to trace: a family such as bert, a checkpoint folder, a hub id; or --all")
    request = TraceRequest(
        target=target,
        text=text,
        ids=parse_ids(ids),
        architecture=architecture,
        overrides=parse_overrides(overrides),
        device=device,
        device_map=device_map,
        max_memory=parse_overrides(max_memory, "--max-memory"),
        dtype=dtype,
        lines=lines or not modules or at is not None or statistics or values is not None,
        modules=True,
        seed=seed,
        offline=offline,
        pair=pair,
        generate=generate,
        tokens=tokens,
        fake=fake,
        statistics=statistics,
        values=None if values is None else str(values.expanduser().absolute()),
        images=tuple(map(str, images or ())),
        videos=tuple(map(str, videos or ())),
        sounds=tuple(map(str, sounds or ())),
        inputs=None if inputs is None else str(inputs),
    )
    other = _other(request, against, against_overrides)
    lines = lines or (statistics and at is None)
    tree = modules or not (lines or at)
    outputs = Outputs(
        json=json, html=html, dot=dot, values=values, at=at, lines=lines, modules=tree, costs=costs or fake
    )
    outputs.check()
    with TerminalReport() as report:
        # A trace is a quick look: without --repo or --ref it takes what is on the machine and clones nothing.
        snapshot = obtain(repo, ref, offline=offline or (repo is None and ref is None), report=report)
        result = _run(request, other, against is not None, snapshot, report)
    show(result, snapshot, outputs)


def _other(request: TraceRequest, against: str | None, overrides: list[str] | None) -> TraceRequest | None:
    """The run beside which the one asked for is shown: what `--against` names, else the same without `--set`."""
    plain = replace(request, statistics=False, values=None)
    if against is None:
        if overrides:
            raise HfreaderError("--against-set changes what --against names: give --against too")
        return replace(plain, overrides=()) if request.overrides else None
    target, _, architecture = against.partition(":")
    same = target == request.target
    return replace(
        plain,
        target=target,
        architecture=architecture or (request.architecture if same else None),
        overrides=parse_overrides(overrides, "--against-set"),
    )


def _run(request: TraceRequest, other: TraceRequest | None, wanted: bool, snapshot: Snapshot, report: Report) -> Trace:
    """The trace, with what differs from the other run; where that fails and was not `wanted`, a note says so."""
    with tracer(snapshot, report) as run:
        result = run(request)
        if other is None:
            return result
        try:
            left = run(other)
        except HfreaderError as error:
            if wanted:
                raise
            return replace(result, notes=(*result.notes, f"not shown beside the default: {error}"))
    return replace(result, changes=changes(left, result, (_named(other), _named(request))))


def _named(request: TraceRequest) -> str:
    """A request in a few words: `bert with hidden_act=relu`."""
    name = " ".join(filter(None, (request.target, request.architecture)))
    settings = ", ".join(f"{key}={value}" for key, value in request.overrides)
    return f"{name} with {settings}" if settings else f"{name} as it is"
