"""YAML of the package: read once, kept as Python keeps its compiled modules, never believed when it is stale."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe import yaml_text

CASES: list[tuple[str, Any]] = [
    ("a: 1\nb: [x, 2.5, true, null]\n", {"a": 1, "b": ["x", 2.5, True, None]}),
    ("since: 2026-11-22\n", {"since": "2026-11-22"}),
    ("é: 'à'\n", {"é": "à"}),
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path / "words.yaml"


def kept(file: Path) -> list[Path]:
    return list((file.parent / "__pycache__").glob("*"))


@pytest.mark.parametrize(("text", "value"), CASES)
def test_a_file_reads_the_same_the_second_time(file: Path, text: str, value: Any, monkeypatch: Any) -> None:
    file.write_text(text, encoding="utf-8")
    assert yaml_text.read(file) == value == yaml_text.load(text)
    monkeypatch.setattr(yaml_text, "load", lambda _: pytest.fail("read again"))
    assert yaml_text.read(file) == value
    assert len(kept(file)) == 1


def test_a_changed_file_is_read_again(file: Path) -> None:
    file.write_text("a: 1\n")
    assert yaml_text.read(file) == {"a": 1}
    file.write_text("a: 2\n")
    os.utime(file, ns=(0, 7))
    assert yaml_text.read(file) == {"a": 2}


@pytest.mark.parametrize("torn", [b"", b"nonsense", b"\xe9\x02", b"N", b"\xfb\x00"])
def test_a_torn_copy_is_not_believed(file: Path, torn: bytes) -> None:
    file.write_text("a: 1\n")
    yaml_text.read(file)
    kept(file)[0].write_bytes(torn)
    assert yaml_text.read(file) == {"a": 1}


def test_nothing_is_written_where_python_writes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file.write_text("a: 1\n")
    assert yaml_text.read(file) == {"a": 1}
    assert kept(file) == []


def test_a_folder_that_may_not_be_written_is_no_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "write_bytes", refused)
    file.write_text("a: 1\n")
    assert yaml_text.read(file) == {"a": 1}


def test_what_marshal_does_not_know_is_read_each_time(file: Path) -> None:
    file.write_text("a: !!timestamp 2026-11-22\n")
    first = yaml_text.read(file)
    assert first == yaml_text.read(file)
    assert kept(file) == []


def test_what_is_no_yaml_is_said_each_time(file: Path) -> None:
    file.write_text("a: [\n")
    for _ in range(2):
        with pytest.raises(yaml_text.NotYamlError):
            yaml_text.read(file)
