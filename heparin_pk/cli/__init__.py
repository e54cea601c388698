"""The command line: parse, call, print. It computes nothing."""

from heparin_pk.cli.entry import main

__all__ = ["main"]
