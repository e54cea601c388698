"""The command line in this process, for the tests of its commands."""

from heparin_pk import cli


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Run a command; return its code, what it printed, and its errors."""
    try:
        code = cli.main(arguments)
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr()
    return code, said.out, said.err
