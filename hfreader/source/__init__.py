"""Obtaining the transformers source: clone, pin, and fall back on the installed package.

The only stage that knows git. Nothing of what it obtains is executed here.
"""

import os

# Without a git program GitPython would refuse to be imported; we say ourselves what is missing and what to do.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from hfreader.source.obtaining import obtain

__all__ = ["obtain"]
