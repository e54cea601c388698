"""Make sure a Chromium is here for the browser tests: installed where we may, asked for where we may not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW = (
    "The browser tests need Chromium or Chrome, and none was found. Install one "
    "(Debian, Ubuntu: sudo apt-get install chromium; macOS: brew install --cask chromium), "
    "or point HEPARIN_PK_CHROMIUM at its program."
)


def chromium() -> str | None:
    """Return the Chromium to drive: HEPARIN_PK_CHROMIUM, or the first one on the path."""
    return os.environ.get("HEPARIN_PK_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def main() -> int:
    if chromium():
        return 0
    on_debian = Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if on_debian and os.geteuid() == 0:
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=True, **quiet)
        return 0
    sys.stderr.write(HOW + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
