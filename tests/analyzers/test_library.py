from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from hfreader.analyzers.library import Library
from hfreader.errors import HfreaderError
from hfreader.facts.snapshot import Snapshot

SOURCES = {
    "__init__.py": "from .models.a import *\n",
    "activations.py": (
        "from torch import nn\nclass GELU(nn.Module): pass\n"
        "class Instantiator(dict): pass\n"
        'ACT2CLS = {"gelu": GELU, "relu": (nn.ReLU, {})}\nACT2FN = Instantiator(ACT2CLS)\n'
        "def get(name):\n    return ACT2FN[name]\n"
    ),
    "utils/__init__.py": "from .generic import ModelOutput as Out\nfrom ..modeling_utils import *\n",
    "utils/generic.py": "class ModelOutput: pass\n",
    "modeling_utils.py": (
        "from torch import nn\nclass _Hidden: pass\nclass PreTrainedModel(nn.Module):\n    def post_init(self): pass\n"
    ),
    "models/__init__.py": "",
    "models/a/__init__.py": "if TYPE_CHECKING:\n    from .modeling_a import *\n",
    "models/a/modeling_a.py": (
        "from torch import nn\nfrom ...utils import Out, PreTrainedModel\nfrom ...activations import ACT2FN, get\n"
        "Norm = nn.LayerNorm\n"
        "class Block(nn.Module):\n"
        "    def __init__(self, config):\n"
        '        self.norm = Norm(1)\n        self.act = ACT2FN["gelu"]\n        self.other = get(config.act)\n'
        "    def forward(self, x):\n        return x\n"
        "class AModel(PreTrainedModel): pass\nclass AOutput(Out): pass\n"
        "def helper(x):\n    return x\n"
    ),
    "models/b/modeling_b.py": (
        "from torch import nn\nfrom ..a.modeling_a import Block as Base, helper\n"
        "class Top(Base):\n    def extra(self): pass\n"
        "class Left(Base):\n    def forward(self, x): pass\n"
        "class Diamond(Top, Left):\n    def __init__(self):\n        self.norm = nn.Identity()\n"
        "class Round(Round): pass\nclass One(Two): pass\nclass Two(One): pass\n"
    ),
    "models/b/modeling_tf_b.py": "",
    "models/b/configuration_b.py": "",
    "models/bad/modeling_bad.py": "x = 1\nclass (:\n",
}
IN_A, IN_B = "transformers.models.a.modeling_a.", "transformers.models.b.modeling_b."


@pytest.fixture
def library() -> Library:
    return Library.of_sources(SOURCES)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("nn.Linear", "torch.nn.Linear"),
        ("Norm", "torch.nn.LayerNorm"),
        ("Out", "transformers.utils.generic.ModelOutput"),
        ("PreTrainedModel", "transformers.modeling_utils.PreTrainedModel"),
        ("ACT2FN", "transformers.activations.ACT2FN"),
        ("Block", f"{IN_A}Block"),
        ("Block.forward", f"{IN_A}Block.forward"),
        ("helper", f"{IN_A}helper"),
        ("unheard.of", "unheard.of"),
    ],
)
def test_names_are_followed_to_their_definition(library: Library, name: str, meaning: str):
    assert library.resolve(library.file("models/a/modeling_a.py"), name) == meaning


def test_kinds_and_bases_are_resolved_across_files(library: Library):
    facts = {one.name: one for one in library.file("models/a/modeling_a.py").classes}
    assert {name: one.kind for name, one in facts.items()} == {
        "Block": "module",
        "AModel": "model",
        "AOutput": "output",
    }
    assert facts["AOutput"].bases == ("transformers.utils.generic.ModelOutput",)
    assert [one.kind for one in library.file("models/b/modeling_b.py").classes] == ["module"] * 3 + ["other"] * 3


def test_classes_and_functions_are_found_also_where_re_exported(library: Library):
    for qualified in (f"{IN_A}AModel", "transformers.models.a.AModel", "transformers.AModel"):
        found = library.find_class(qualified)
        assert found is not None and found[1].qualified == f"{IN_A}AModel"
    found_function = library.find_function(f"{IN_B}helper")
    assert found_function is not None and found_function[0].file == "models/a/modeling_a.py"
    for missing in ("transformers.Nothing", "torch.nn.Linear", "transformers.utils._Hidden", "transformers", ""):
        assert library.find_class(missing) is None and library.find_function(missing) is None


def test_methods_are_inherited_in_the_order_python_takes(library: Library):
    assert library.ancestors(f"{IN_B}Diamond") == (
        *(f"{IN_B}{name}" for name in ("Diamond", "Top", "Left")),
        f"{IN_A}Block",
        "torch.nn.Module",
    )
    found = library.method(f"{IN_B}Diamond", "forward")
    assert found is not None and found[0] == f"{IN_B}Left" and found[2].file == "models/b/modeling_b.py"
    inherited = library.method(f"{IN_A}AModel", "post_init")
    assert inherited is not None and inherited[0] == "transformers.modeling_utils.PreTrainedModel"
    assert library.method(f"{IN_B}Diamond", "missing") is None
    assert library.method("torch.nn.Linear", "forward") is None


def test_bases_that_go_round_do_not_hang(library: Library):
    assert set(library.ancestors(f"{IN_B}One")) == {f"{IN_B}One", f"{IN_B}Two"}
    assert library.method(f"{IN_B}Round", "forward") is None
    assert not library.is_module(f"{IN_B}One")


def test_submodules_are_inherited_and_replaced(library: Library):
    found = {one.attribute: one.classes for one in library.submodules(f"{IN_B}Diamond")}
    assert found == {
        "norm": ("torch.nn.Identity",),
        "act": ("transformers.activations.GELU",),
        "other": (),
    }


def test_families_are_the_folders_with_modeling_files_of_pytorch(library: Library):
    assert library.families() == ("a", "b", "bad")
    assert library.known(("b", "a", "b")) == ("b", "a")
    with pytest.raises(HfreaderError, match=r"no family 'baad'.*did you mean bad"):
        library.known(("a", "baad"))
    assert library.modeling_files("b") == ("models/b/modeling_b.py",)
    assert library.modeling_files("missing") == ()


def test_what_cannot_be_read_is_named(library: Library, tmp_path: Path):
    with pytest.raises(HfreaderError, match=r"^models/bad/modeling_bad\.py:2: cannot be parsed"):
        library.file("models/bad/modeling_bad.py")
    with pytest.raises(HfreaderError, match=r"^models/c\.py: no such file"):
        library.tree("models/c.py")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    with pytest.raises(HfreaderError, match=r"^latin\.py:1: cannot be read"):
        Library(Snapshot("installed", None, None, None, "1", str(tmp_path))).tree("latin.py")


@pytest.fixture(scope="module")
def installed() -> Library:
    spec = find_spec("transformers")
    assert spec is not None and spec.origin is not None
    package = str(Path(spec.origin).parent)
    return Library(Snapshot("installed", None, None, None, version("transformers"), package))


@pytest.mark.slow
def test_the_installed_library_agrees_with_python_itself(installed: Library):
    """Bases as libcst resolves them against the classes that Python makes."""
    from transformers.models.bert import modeling_bert
    from transformers.models.gpt2 import modeling_gpt2

    for module in (modeling_bert, modeling_gpt2):
        file = module.__name__.removeprefix("transformers.").replace(".", "/") + ".py"
        for one in installed.file(file).classes:
            order = getattr(module, one.name).__mro__
            ours = [name for name in installed.ancestors(one.qualified) if name.startswith("transformers.")]
            theirs = [f"{base.__module__}.{base.__qualname__}" for base in order]
            assert ours == [name for name in theirs if name.startswith("transformers.")]
            for method in one.methods:
                found = installed.method(one.qualified, method.name)
                assert found is not None and found[0] == one.qualified
    assert {"bert", "gpt2"} <= set(installed.families())


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "gpt2", "t5", "mixtral", "swin2sr", "vits"])
def test_submodules_are_those_that_running_the_code_builds(installed: Library, family: str):
    import torch
    from transformers import CONFIG_MAPPING, AutoModel

    with torch.device("meta"):
        model = AutoModel.from_config(CONFIG_MAPPING[family]())
    built = {
        type(module): module for module in model.modules() if type(module).__module__.startswith("transformers.models")
    }
    for kind, module in built.items():
        facts = installed.submodules(f"{kind.__module__}.{kind.__qualname__}")
        for name, child in module.named_children():
            ours = [one for one in facts if one.attribute == name]
            assert ours, f"{kind.__name__}.{name}"
            several = [*child.children()] if ours[0].container else [child]
            claimed = {qualified.rpartition(".")[2] for one in ours for qualified in one.classes}
            assert not claimed or {type(one).__name__ for one in several} <= claimed, f"{kind.__name__}.{name}"


def test_files_with_modules_that_a_modeling_file_imports_are_shared():
    module = "from torch import nn\nclass {}(nn.Module):\n    def forward(self, x):\n        return x\n"
    imports = ("...activations import TABLE", "...modeling_utils import PreTrainedModel", "...nowhere import nothing")
    library = Library.of_sources(
        {
            "activations.py": module.format("A") + "TABLE = {'a': A}\n",
            "modeling_utils.py": "from torch import nn\nclass PreTrainedModel(nn.Module):\n    pass\n",
            "utils/generic.py": module.format("B"),
            "models/x/modeling_x.py": "".join(f"from {one}\n" for one in imports) + "import torch\n",
        }
    )
    assert library.shared_files("models/x/modeling_x.py") == ("activations.py",)
