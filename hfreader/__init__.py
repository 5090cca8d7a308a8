"""hfreader: read Hugging Face Transformers with its papers, shapes and proofs beside the code."""

from importlib.metadata import version

__version__ = version("hfreader")
