"""Source text of examples as graphs and matches."""

import ast

from hfreader.analyzers.analysis import analyse
from hfreader.analyzers.dataflow import dataflow
from hfreader.analyzers.library import Library
from hfreader.analyzers.matching import find
from hfreader.concepts import catalogue
from hfreader.facts.dataflow import Dataflow
from hfreader.facts.mapping import Role
from hfreader.facts.matches import Match

FILE = "models/example/modeling_example.py"
MODULE = "transformers.models.example.modeling_example"
IMPORTS = """import math
import torch
from torch import nn
from torch.nn import functional as F
from ...activations import ACT2FN
from ...cache_utils import DynamicCache
from ...masking_utils import create_bidirectional_mask, create_causal_mask
from ...modeling_utils import PreTrainedModel, slice_logits_to_keep
from ...pytorch_utils import Conv1D
from ...utils import ModelOutput
"""
LINES = IMPORTS.count("\n")


def graph_of(source: str) -> Dataflow:
    """The graph of the last class or function of an example; of a class without `forward`, of its last method."""
    root = ast.parse(source).body[-1]
    assert isinstance(root, ast.ClassDef | ast.FunctionDef)
    methods = [one.name for one in root.body if isinstance(one, ast.FunctionDef)]
    method = "forward" if "forward" in methods or not methods else methods[-1]
    return dataflow(Library.of_sources({FILE: IMPORTS + source}), f"{MODULE}.{root.name}", method)


def matches_in(source: str, slug: str) -> list[Match]:
    """The matches of one concept in the last class or function of an example."""
    return [match for match in find(graph_of(source), catalogue().values()) if match.concept == slug]


def roles_in(source: str, slug: str) -> list[Role]:
    """The roles of one concept that the last class of an example plays."""
    root = ast.parse(source).body[-1]
    analysis = analyse(Library.of_sources({FILE: IMPORTS + source}), FILE)
    assert not analysis.problems
    name = getattr(root, "name", None)
    return [role for role in analysis.roles if role.concept == slug and role.owner == f"{MODULE}.{name}"]


def texts(source: str, match: Match, symbol: str) -> list[str]:
    """The tokens of a symbol, as `text@line`, lines counted in the example."""
    lines = (IMPORTS + source).split("\n")
    tokens = next(one.tokens for one in match.bindings if one.symbol == symbol)
    return [
        f"{lines[place.span.line - 1][place.span.column : place.span.end_column]}@{place.span.line - LINES}"
        for place in tokens
    ]
