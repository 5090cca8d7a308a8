"""A small transformers source with two families, one generated from the other."""

from pathlib import Path

from hfreader.facts.snapshot import Snapshot

CONFIGURATION = """
class {name}Config(PreTrainedConfig):
    attribute_map = {aliases}
    {size}: int = 64
    inner_size: int = 256
    heads: int = 4
    act: str = "{act}"
"""
MODEL = """{header}from torch import nn
import torch
from ...activations import ACT2FN
from ...masking_utils import create_causal_mask
from ...modeling_utils import PreTrainedModel
from .configuration_{family} import {name}Config


class {name}Norm(nn.Module):
    "{name}'s norm."
    def __init__(self, size, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps
    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


class {name}Feed(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.up = nn.Linear(config.{size}, config.inner_size{bias})
        self.act = ACT2FN[config.act]
        self.down = nn.Linear(config.inner_size, config.{size})
    def forward(self, x):
        return self.down(self.act(self.up(x)))


class {name}Model(PreTrainedModel):
    config: {name}Config
    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(1000, config.{size})
        self.norm = {name}Norm(config.{size})
        self.feed = {name}Feed(config)
    def forward(self, ids):
        x = self.embed(ids)
        return {body}
"""
GENERATED = "# This file was automatically generated from src/transformers/models/birch/modular_birch.py.\n"
MODULAR = "from ..ash.modeling_ash import AshFeed, AshModel, AshNorm\n" + "".join(
    f"class Birch{part}(Ash{part}):\n    pass\n" for part in ("Norm", "Feed", "Model")
)
AUTO = 'MODEL_MAPPING_NAMES = OrderedDict([("ash", "AshModel"), ("birch", "BirchModel")])\n'


def two_families(folder: Path) -> Snapshot:
    """Ash adds before it normalises and has biases; Birch does neither."""
    package = folder / "transformers"
    ash = {"family": "ash", "name": "Ash", "size": "hidden_size", "bias": "", "header": "", "act": "gelu"}
    birch = {
        "family": "birch",
        "name": "Birch",
        "size": "width",
        "bias": ", bias=False",
        "header": GENERATED,
        "act": "silu",
    }
    write(package, "ash", MODEL.format(**ash, body="self.norm(x + self.feed(x))"))
    write(package, "birch", MODEL.format(**birch, body="x + self.feed(self.norm(x))"))
    for values, aliases in ((ash, {}), (birch, {"hidden_size": "width"})):
        text = CONFIGURATION.format(**values, aliases=aliases)
        (package / f"models/{values['family']}/configuration_{values['family']}.py").write_text(text, encoding="utf-8")
    (package / "models/birch/modular_birch.py").write_text(MODULAR, encoding="utf-8")
    (package / "models/auto").mkdir()
    (package / "models/auto/modeling_auto.py").write_text(AUTO, encoding="utf-8")
    return Snapshot("installed", None, None, None, "5.0", str(package))


def write(package: Path, family: str, source: str) -> None:
    file = package / "models" / family / f"modeling_{family}.py"
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")
