"""Wapiti, in an environment of its own that this makes once, outside of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

VERSION = "3.2.3"  # the last one for Python 3.11
FOLDER = Path(__file__).resolve().parents[1] / ".bench"


def wapiti() -> Path:
    """The command; installed on first use, from the package index that pip is set up with."""
    home = FOLDER / f"wapiti-{VERSION}"
    command = home / "bin" / "wapiti"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", f"wapiti3=={VERSION}"]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    return command


def scan_command(url: str, modules: str, room: Path) -> list[str]:
    """A scan of one site that keeps nothing and calls nobody; certificates are not verified, which is its default.

    `modules` is a list of its own (`a,b`) or one of its presets. The report is `room/report.json`.
    """
    return [
        *(str(wapiti()), "--url", url, "--scope", "domain", "--module", modules),
        *("--flush-session", "--store-session", str(room / "session"), "--store-config", str(room / "config")),
        *("--no-bugreport", "--verbose", "0", "--format", "json", "--output", str(room / "report.json")),
    ]
