"""The journal: a chain that holds, survives a crash, and says when it cannot be written."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgssi_probe.clock import VirtualClock
from pgssi_probe.net import journal as module
from pgssi_probe.net.journal import (
    GENESIS,
    Journal,
    JournalBusyError,
    JournalError,
    JournalFullError,
    Spent,
    head_of,
    verify_chain,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def write(path: Path, count: int) -> str:
    with Journal(path, VirtualClock()) as journal:
        for number in range(count):
            journal.write("request", {"number": number, "url": "https://portal.example/é"})
        return journal.head


def test_lines_carry_the_hash_of_the_one_before(path: Path) -> None:
    head = write(path, 3)
    lines = path.read_bytes().splitlines()
    previous = GENESIS
    for number, line in enumerate(lines):
        record = json.loads(line)
        assert record["prev"] == previous
        assert record["number"] == number
        assert record["time"] == "2026-01-01T00:00:00.000Z"
        assert list(record) == sorted(record)
        assert line.isascii()
        previous = hashlib.sha256(line).hexdigest()
    assert previous == head == head_of(path)
    assert verify_chain(path) is None


def test_only_the_owner_reads_it(path: Path) -> None:
    old = os.umask(0)
    try:
        write(path, 1)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_journal_has_a_chain(path: Path) -> None:
    write(path, 0)
    assert verify_chain(path) is None
    assert head_of(path) == GENESIS


def test_reopening_goes_on_with_the_chain(path: Path) -> None:
    write(path, 2)
    head = write(path, 2)
    assert len(path.read_bytes().splitlines()) == 4
    assert verify_chain(path) is None
    assert head_of(path) == head


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_one_changed_byte_is_found(path: Path, data: st.DataObject) -> None:
    path.unlink(missing_ok=True)
    head = write(path, 5)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert verify_chain(path) is not None or head_of(path) != head


@pytest.mark.parametrize(("gone", "first_bad"), [(0, 1), (2, 3)])
def test_a_line_taken_away_is_found(path: Path, gone: int, first_bad: int) -> None:
    write(path, 5)
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[gone]
    path.write_bytes(b"".join(lines))
    assert verify_chain(path) == first_bad


def test_what_is_cut_from_the_end_shows_in_the_head(path: Path) -> None:
    head = write(path, 5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert verify_chain(path) is None
    assert head_of(path) != head


@pytest.mark.parametrize(
    "line", [b"[1]\n", b"{}\n", b"null\n", b"\n", b"\xff\n", b"{", b'"' * 9, b"[" * 100_000 + b"\n"]
)
def test_what_is_no_record_is_found(path: Path, line: bytes) -> None:
    write(path, 2)
    with path.open("ab") as file:
        file.write(line)
    assert verify_chain(path) == 3


def test_a_torn_last_line_is_set_aside(path: Path) -> None:
    write(path, 3)
    whole = path.read_bytes()
    for number in (1, 2):
        path.write_bytes(whole + b'{"kind":"requ')
        head = write(path, 1)
        assert path.with_name(f"journal.jsonl.torn-{number}").read_bytes() == b'{"kind":"requ'
        assert stat.S_IMODE(path.with_name(f"journal.jsonl.torn-{number}").stat().st_mode) == 0o600
        assert verify_chain(path) is None
        assert head_of(path) == head
        records = [json.loads(line) for line in path.read_bytes().splitlines()]
        assert (records[3]["event"], records[3]["bytes"]) == ("torn_line_set_aside", 13)


def test_two_writers_are_refused(path: Path) -> None:
    with Journal(path, VirtualClock()), pytest.raises(JournalBusyError):
        Journal(path, VirtualClock())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        Journal(tmp_path / "missing" / "journal.jsonl", VirtualClock())


def test_a_full_disk_is_said_and_leaves_whole_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    room = [100]

    def filling(fd: int, data: bytes) -> int:
        if room[0] == 0:
            raise OSError(28, "No space left on device")
        taken = min(room[0], len(data))
        room[0] -= taken
        return real(fd, data[:taken])

    with Journal(path, VirtualClock()) as journal:
        journal.write("request", {"number": 1})
        head = journal.head
        monkeypatch.setattr(module.os, "write", filling)
        with pytest.raises(JournalFullError):
            journal.write("request", {"number": 2, "url": "x" * 200})
        assert journal.head == head
        monkeypatch.setattr(module.os, "write", real)
        assert verify_chain(path) is None
        journal.write("request", {"number": 3})
    assert verify_chain(path) is None
    assert len(path.read_bytes().splitlines()) == 2


def test_the_system_says_that_it_is_full(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path, VirtualClock()) as journal:
        journal.write("request", {"number": 1})
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
        try:
            with pytest.raises(JournalFullError):
                journal.write("request", {"number": 2, "url": "x" * 1000})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert verify_chain(path) is None
    assert len(path.read_bytes().splitlines()) == 1


def test_what_is_no_file_is_refused() -> None:
    with pytest.raises(JournalError):
        Journal(Path("/dev/zero"), VirtualClock())


def test_no_line_break_can_be_smuggled_in(path: Path) -> None:
    with Journal(path, VirtualClock()) as journal:
        journal.write("request", {"url": 'a\n{"prev":"x"}\r\u2028\x1b[2J'})
    assert len(path.read_bytes().splitlines()) == 1
    assert b"\x1b" not in path.read_bytes()


def test_what_was_spent_before_is_counted_again(path: Path) -> None:
    with Journal(path, VirtualClock()) as journal:
        assert journal.spent == Spent()
        journal.write("request", {"bytes": 120})
        journal.write("request", {"failure": "reset"})
        journal.write("refused", {"bytes": 9})
        journal.write("connection", {"host": "h"})
        journal.write("reservation", {"connections": 29})
        journal.write("event", {"event": "closed", "requests": 77})
    with Journal(path, VirtualClock()) as journal:
        assert journal.spent == Spent(requests=2, connections=30, bytes=120)


@pytest.mark.parametrize(
    "line", [b"[]\n", b"nonsense\n", b'{"kind": "request", "bytes": "many"}\n', b"[" * 9999 + b"\n"]
)
def test_what_is_no_line_of_ours_counts_for_nothing(path: Path, line: bytes) -> None:
    write(path, 2)
    with path.open("ab") as file:
        file.write(line)
    with Journal(path, VirtualClock()) as journal:
        assert journal.spent == Spent(requests=2)
