"""The tool that compares releases (`tools/gone_names.py`), on two small ones."""

import json
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parent.parent / "tools" / "gone_names.py"
OLD = """
class OakAttention(nn.Module):
    def __init__(self, config):
        self.query = nn.Linear(4, 4)
        self.key = nn.Linear(4, 4)

    def split(self, x):
        return x.view(1, 2, 2)

    def kept(self):
        pass

    def get_input_embeddings(self):
        pass

    def forward(self, x):
        mixed = self.query(x)
        key = self.split(self.key(x))
        query = self.split(mixed)
        return query @ key


class OakSdpaAttention(OakAttention):
    pass


class OakModel(nn.Module):
    def _mask(self, x):
        return x > 0

    def forward(self, x):
        embeds = self.embed(x)
        mask = ones(x)
        mask = self._mask(embeds)
        return self.attention(embeds, mask)


class OakOld(nn.Module):
    def __init__(self, config):
        self.query = nn.Linear(4, 4)
        self.key = nn.Linear(4, 4)
"""
NEW = """
class OakAttention(nn.Module):
    def __init__(self, config):
        self.query = nn.Linear(4, 4)
        self.key = nn.Linear(4, 4)

    def kept(self):
        pass

    def forward(self, x):
        key = self.key(x).view(1, 2, 2)
        query = self.query(x).view(1, 2, 2)
        return query @ key


class OakModel(nn.Module):
    def forward(self, x):
        embeds = self.embed(x)
        mask = ones(x)
        mask = make_mask(embeds)
        return self.attention(embeds, mask)
"""


def package(folder: Path, source: str) -> Path:
    path = folder / "models/oak/modeling_oak.py"
    path.parent.mkdir(parents=True)
    path.write_text(source)
    (folder / "modeling_utils.py").write_text("class Base:\n    def get_input_embeddings(self): ...\n")
    return folder


def test_gone_names_lead_to_what_does_their_work(tmp_path: Path):
    new, old = package(tmp_path / "new", NEW), package(tmp_path / "old", OLD)
    command = [sys.executable, str(TOOL), f"5.0.0={new}", f"4.9.0={old}"]
    data = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    file = "models/oak/modeling_oak.py"
    lines = [number for number, line in enumerate(NEW.split("\n"), 1) if ".view(" in line]
    (mask,) = [number for number, line in enumerate(NEW.split("\n"), 1) if "make_mask(" in line]
    assert data == {
        "version": "5.0.0",
        "names": [
            ["_mask", "OakModel", "4.9.0", file, [["OakModel", mask]]],
            ["OakOld", "", "4.9.0", file, [["OakAttention", 0]]],
            ["OakSdpaAttention", "", "4.9.0", file, [["OakAttention", 0]]],
            ["split", "OakAttention", "4.9.0", file, [["OakAttention", line] for line in lines]],
        ],
    }
