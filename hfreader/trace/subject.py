"""What a user asks to run: which class, which configuration, whose weights."""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from hfreader.facts.runs import TraceRequest
from hfreader.progress import Report
from hfreader.trace.checkpoints import load_model, read_config
from hfreader.trace.configs import default_config, families, model_type_of, with_overrides
from hfreader.trace.hub import fetch
from hfreader.trace.models import config_for, find_class, random_model
from hfreader.trace.placement import Spreading, said, spread
from hfreader.trace.requests import kind_of


@dataclass(frozen=True)
class Subject:
    """A class of a family with the configuration it is built from; `folder` holds its weights, None for random ones.

    `name` is the target as the user wrote it.
    """

    name: str
    config: PreTrainedConfig
    model_class: type[PreTrainedModel]
    folder: Path | None

    def model(
        self, seed: int, dtype: torch.dtype, device: torch.device, spreading: Spreading | None = None
    ) -> tuple[PreTrainedModel, tuple[str, ...]]:
        """The model in evaluation mode, on one device or spread over several, and notes on its weights."""
        if self.folder is not None:
            model, notes = load_model(self.folder, self.model_class, self.config, seed, dtype, device, spreading)
            return model, (*notes, *said(model))
        model = random_model(self.model_class, self.config, seed, dtype, device)
        if spreading is not None:
            model = spread(model, spreading)
        return model, said(model)


def find_subject(request: TraceRequest, report: Report) -> Subject:
    """Resolve what was asked for: a checkpoint folder, else a family, else a hub id.

    Raises HfreaderError naming what could not be found, with near names.
    """
    config, folder = _resolve(request, report)
    model_class = find_class(config, request.architecture, request.generate > 0)
    config = with_overrides(config_for(model_class, config), request.overrides)
    return Subject(request.target, config, model_class, None if request.fake else folder)


def _resolve(request: TraceRequest, report: Report) -> tuple[PreTrainedConfig, Path | None]:
    target = request.target
    kind = kind_of(target, families(), CONFIG_MAPPING)
    if kind == "family":
        return default_config(model_type_of(target)), None
    folder = Path(target).expanduser() if kind == "folder" else fetch(target, report, request.offline)
    return read_config(folder), folder
