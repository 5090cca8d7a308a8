from hfreader.analyzers.library import Library
from hfreader.analyzers.registries import exchanges, implementations

TABLES = """
from .kernels import fused, plain, streamed

class Table(dict):
    pass

class Interface(Table):
    _by_name = {"fused_2": fused, "fused_3": fused, "plain": plain, "gone": nowhere}
    _label = {"a": 1}

ALL = Interface()
NONE = dict
"""
KERNELS = """
import torch.nn.functional as F

def hand_on(query, key, value):
    return query

def fused(module, query, key, value, mask, scale=1.0):
    found = hand_on(query, key, value)
    query = query.transpose(1, 2)
    found = F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=scale
    )
    return found, None

def plain(module, query, key, value, mask):
    return (query @ key).softmax(-1) @ value

def streamed(module, query, key, value):
    if module.training:
        return hand_on(query, key, value=value)
"""
OWN = """
from ...tables import Interface
from ...kernels import fused, streamed

MINE = Interface()
MINE["plain"] = streamed
MINE["more"], other = fused, fused
"""
LIBRARY = Library.of_sources({"tables.py": TABLES, "kernels.py": KERNELS, "models/own/modeling_own.py": OWN})


def test_a_registry_tells_its_functions_once_with_all_their_names():
    found = implementations(LIBRARY, "transformers.tables.ALL")
    assert [(one.names, one.function) for one in found] == [
        (("fused_2", "fused_3"), "transformers.kernels.fused"),
        (("plain",), "transformers.kernels.plain"),
    ]
    assert (found[1].place.file, found[1].place.span.line, found[1].place.span.end_line) == ("kernels.py", 15, 16)


def test_the_core_hands_on_most_of_what_the_function_is_given():
    fused, plain = implementations(LIBRARY, "transformers.tables.ALL")
    assert fused.core is not None
    assert (fused.core.span.line, fused.core.span.end_line) == (10, 12)
    assert fused.calls == "torch.nn.functional.scaled_dot_product_attention"
    assert (plain.core, plain.calls) == (None, None), "it computes with them itself"


def test_a_file_puts_functions_of_its_own_into_a_registry():
    found = {one.names: one for one in implementations(LIBRARY, "transformers.models.own.modeling_own.MINE")}
    streamed = found[("plain",)]
    assert streamed.function == "transformers.kernels.streamed"
    assert streamed.core is not None
    assert streamed.core.span.line == 20
    assert ("more",) not in found, "several at once are not read"


def test_what_is_no_registry_holds_nothing():
    for name in ("transformers.tables.NONE", "transformers.tables.Interface", "transformers.tables.MISSING", "torch.x"):
        assert implementations(LIBRARY, name) == ()


def test_the_registry_of_the_installed_library(installed: Library):
    found = implementations(installed, "transformers.modeling_utils.ALL_ATTENTION_FUNCTIONS")
    sdpa = next(one for one in found if "sdpa" in one.names)
    assert sdpa.calls == "torch.nn.functional.scaled_dot_product_attention"
    assert any("flash_attention_2" in one.names and one.core is not None for one in found)


DECORATORS = """
from .tables import ALL

def exchanging(made=None, *, table=ALL, gated=True):
    def wrapper(made):
        def forward(self, *args):
            return table.get_interface(self.config.kind, made.forward)(self, *args)
        made.forward = forward
        return made
    return wrapper(made) if made is not None else wrapper

def looking(made):
    made.table = ALL.get_interface("plain")
    return made
"""
DECORATED = """
from torch import nn
from ...decorators import exchanging, looking

@exchanging
class One(nn.Module):
    pass

@looking
class Two(nn.Module):
    pass

@exchanging(gated=False)
class Three(nn.Module):
    pass
"""


def test_a_decorator_that_looks_up_the_forward_pass_is_found_with_its_registry():
    sources = {"tables.py": TABLES, "kernels.py": KERNELS, "decorators.py": DECORATORS}
    library = Library.of_sources({**sources, "models/own/modeling_own.py": DECORATED})
    found = list(exchanges(library, library.tree("models/own/modeling_own.py")))
    assert [one.owner.rpartition(".")[2] for one in found] == ["One", "Three"]
    assert {one.registry for one in found} == {"transformers.tables.ALL"}
    assert {one.decorator for one in found} == {"transformers.decorators.exchanging"}
    assert found[0].place.file == "decorators.py" and found[0].place.span.line == 4
