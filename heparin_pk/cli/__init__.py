"""The command line: it reads the options, calls the package and prints the result."""

from heparin_pk.cli.entry import main

__all__ = ["main"]
