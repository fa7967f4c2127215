"""`python -m vidstyle` is the command `vidstyle`."""

from .cli import main

main()
