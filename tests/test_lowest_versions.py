"""What `make lowest` installs is what pyproject.toml allows, and no higher."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_lowest_versions_are_the_bounds_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    others = [one for one in asked if not re.fullmatch(r"[a-z0-9-]+(>=|==)[0-9.]+", one)]
    assert others == ["heparin-pk[lab,lecture,fast,cluster,files]"]  # every other dependency has one bound
    lowest = sorted(one.replace(">=", "==") for one in asked if ">=" in one)
    assert (ROOT / "tests" / "lowest-versions.txt").read_text(encoding="utf-8").splitlines() == lowest
