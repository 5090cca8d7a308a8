"""`python -m hfreader`."""

from hfreader.cli import main

main()
