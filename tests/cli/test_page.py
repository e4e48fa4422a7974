"""Tables and paragraphs, on a terminal of any width and in a pipe."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pgssi_probe import __main__ as entry
from pgssi_probe.cli import page

ROWS = (("input.path-traversal", "actif", "500", "GET, POST"), ("tls.config", "passif", "", ""))
NAMES = ("contrôle", "niveau", "requêtes", "méthodes")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, width: int | None) -> list[str]:
    """What is written; `width` of None is a pipe."""
    stream = io.StringIO() if width is None else Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", str(width or 80))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb" if width is None else "xterm")
    page.table(NAMES, ROWS)
    page.table((), (("  autorité privée", "/etc/ssl/" + "dossier/" * 15 + "autorite.pem"),))
    page.line("  Ajoutez une section " + "très longue " * 12)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_numbers_are_to_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, None)
    assert lines[0] == "contrôle              niveau  requêtes  méthodes"
    assert lines[1] == "input.path-traversal  actif        500  GET, POST"
    assert lines[2] == "tls.config            passif"


@pytest.mark.parametrize("width", [48, 60, 120])
def test_names_are_whole_and_lines_keep_their_indent(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in shown(monkeypatch, width)]
    assert any(line.startswith("input.path-traversal ") for line in lines)
    assert not any("…" in line for line in lines)
    assert "autorite.pem" in "".join(line.strip() for line in lines)
    folded = lines[next(place for place, line in enumerate(lines) if "Ajoutez" in line) :]
    assert len(folded) > 1
    assert all(line.startswith("  ") and not line.startswith("   ") for line in folded)
    assert max(map(len, lines)) <= width


def test_ctrl_c_heard_in_a_callback_ends_the_command_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended: list[int] = []
    others: list[Any] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(sys, "__unraisablehook__", others.append)
    monkeypatch.setattr(sys, "argv", ["pgssi-probe", "scan", "--lang", "en"])
    entry._unraisable(SimpleNamespace(exc_type=KeyboardInterrupt))  # type: ignore[arg-type]
    assert ended == [130]
    assert capsys.readouterr().err.startswith("pgssi-probe: Interrupted.")
    entry._unraisable(SimpleNamespace(exc_type=ValueError))  # type: ignore[arg-type]
    assert len(others) == len(ended) == 1
