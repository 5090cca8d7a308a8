"""A snapshot of the installed transformers, and settings of tiny models of it."""

import transformers

from hfreader.facts.snapshot import Snapshot
from hfreader.trace.models import base_class
from hfreader.trace.settings import Options, Setting
from hfreader.trace.sizes import Lengths
from tests.trace.conftest import CONFIGS, PACKAGE

SNAPSHOT = Snapshot("installed", None, None, None, transformers.__version__, str(PACKAGE))


SIX = Lengths(2, 6)


def setting(family: str, lengths: Lengths = SIX, **options) -> Setting:
    """The base model of a family with a tiny configuration."""
    config = CONFIGS[family]
    return Setting("plain", base_class(config), config, lengths, Options(**options))
