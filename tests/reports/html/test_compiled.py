"""Compiled templates are kept like Python's own compiled modules."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from pgssi_reports.html.compiled import Compiled


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.j2").write_text("un {{ x }}")
    (tmp_path / "page.py").write_text("# settings")
    return tmp_path


def rendered(room: Path) -> str:
    loader = FileSystemLoader(room / "templates")
    environment = Environment(loader=loader, autoescape=True, bytecode_cache=Compiled(room / "page.py"))
    return environment.get_template("page.j2").render(x="<")


def kept(room: Path) -> list[Path]:
    return sorted((room / "templates").glob("__pycache__/*"))


def test_what_was_compiled_is_used(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rendered(room) == "un &lt;"
    assert len(kept(room)) == 1
    monkeypatch.setattr(Environment, "_generate", lambda *_args, **_kwargs: pytest.fail("compiled again"))
    assert rendered(room) == "un &lt;"


def test_a_template_that_changed_is_compiled_again(room: Path) -> None:
    rendered(room)
    (room / "templates" / "page.j2").write_text("deux {{ x }}")
    assert rendered(room) == "deux &lt;"


def test_rendering_settings_that_changed_are_not_mixed(room: Path) -> None:
    rendered(room)
    (room / "page.py").write_text("# other settings")
    rendered(room)
    assert len(kept(room)) == 2


def test_garbage_is_compiled_over(room: Path) -> None:
    rendered(room)
    kept(room)[0].write_bytes(b"\x00" * 40)
    assert rendered(room) == "un &lt;"


def test_nothing_is_written_when_python_may_not(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(room) == "un &lt;"
    assert kept(room) == []


def test_a_folder_that_cannot_be_written_is_no_failure(room: Path) -> None:
    (room / "templates" / "__pycache__").write_text("a file in the way")
    assert rendered(room) == "un &lt;"
