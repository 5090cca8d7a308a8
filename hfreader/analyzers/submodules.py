"""What `__init__` builds: the submodules stored on self, and the plain attributes."""



from hfreader.analyzers.parsing import ParsedFile
from hfreader.analyzers.resolution import Resolver
from hfreader.facts.code import AttributeFacts, SubmoduleFacts

CONTAINERS = {
    "torch.nn.ModuleList": "ModuleList",
    "torch.nn.Sequential": "Sequential",
    "torch.nn.ModuleDict": "ModuleDict",
}


def built_in_init(
    parsed: ParsedFile, name: str, resolver: Resolver
) -> tuple[tuple[SubmoduleFacts, ...], tuple[AttributeFacts, ...]]:
    """Submodules and plain attributes that the class `name` sets in its own `__init__`."""
    return (), ()
