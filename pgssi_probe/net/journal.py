"""The journal of a run: append-only JSON lines, each carrying the hash of the one before.

The hash is taken over the bytes of the line as written, without its newline, so whoever verifies needs no canonical
form: `sha256sum` of a line is enough. Lines are compact JSON with sorted keys, ASCII only, and hold no number but
integers: the same record is the same bytes in any writer. RFC 8785 would add nothing to that but its cost, since only
its rules for fractions and non-ASCII keys differ.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import itertools
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from pgssi_probe.clock import Clock

GENESIS = "0" * 64
"""`prev` of the first line."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

MAX_LINE = 1_000_000

Value = str | int | bool | None


class JournalError(OSError):
    """The journal cannot be written: nothing more may be sent, since it would leave no trace."""


class JournalBusyError(JournalError):
    """Another process writes to this journal."""


class JournalFullError(JournalError):
    """No space left. The file still ends with a whole line."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What the lines of a journal account for. `bytes` are those of bodies on the wire."""

    requests: int = 0
    connections: int = 0
    bytes: int = 0


class Journal:
    """Opened for one run, created 0600. Each `write` reaches the system before it returns.

    `spent` is what the run had sent when the journal was opened: nothing for a new one.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open or continue. A torn last line (the mark of a crash) is set aside in `NAME.torn-N`.

        Raises JournalBusyError when it is already open, JournalError when it cannot be opened.
        """
        self.path = path
        self.head = GENESIS
        self.lines = 0
        self.spent = Spent()
        self._clock = clock
        self._size = 0
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(error.errno, f"journal cannot be opened: {os.strerror(error.errno or 0)}") from error
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            os.close(self._fd)
            raise JournalError(errno.EINVAL, "journal is not a regular file")
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise JournalBusyError(error.errno, "journal is in use by another process") from error
        torn = self._continue()
        if torn:
            self.write("event", {"event": "torn_line_set_aside", "bytes": torn})

    def write(self, kind: str, fields: Mapping[str, Value], at: datetime | None = None) -> None:
        """Append one record with its time, `at` or now. Raises JournalError, JournalFullError."""
        record = {"kind": kind, "prev": self.head, "time": timestamp(at or self._clock.now()), **fields}
        line = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
        self._append(line + b"\n")
        self.head = hashlib.sha256(line).hexdigest()
        self.lines += 1

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError as error:
            if written:
                os.ftruncate(self._fd, self._size)
            kind = JournalFullError if error.errno in FULL else JournalError
            raise kind(error.errno, f"journal cannot be written: {os.strerror(error.errno or 0)}") from error
        self._size += len(data)

    def _continue(self) -> int:
        """Find the head of an existing chain. Returns the size of a torn last line, 0 when there was none."""
        good = 0
        tail = b""
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    tail = line
                    break
                good += len(line)
                self.lines += 1
                self.head = hashlib.sha256(line[:-1]).hexdigest()
                self.spent = _counted(self.spent, line)
        self._size = good
        if tail:
            number = 1
            while (aside := self.path.with_name(f"{self.path.name}.torn-{number}")).exists():
                number += 1
            fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "wb") as out:
                out.write(tail)
            os.ftruncate(self._fd, good)
        return len(tail)


def timestamp(when: datetime) -> str:
    """RFC 3339, UTC, with milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def verify_chain(path: Path) -> int | None:
    """Number (from 1) of the first line that is not JSON or not linked to the one before; None when all are.

    What is missing at the end cannot be seen here: compare `head_of` with the head that the report holds.
    """
    head = GENESIS
    with path.open("rb") as file:
        for number in itertools.count(1):
            line = file.readline(MAX_LINE)  # whoever verifies may have been given anything
            if not line:
                break
            if not line.endswith(b"\n"):
                return number
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                return number
            if not isinstance(record, dict) or record.get("prev") != head:
                return number
            head = hashlib.sha256(line[:-1]).hexdigest()
    return None


def head_of(path: Path) -> str:
    """SHA-256 of the last line, in hexadecimal."""
    head = GENESIS
    with path.open("rb") as file:
        for line in file:
            head = hashlib.sha256(line.rstrip(b"\n")).hexdigest()
    return head


def _counted(spent: Spent, line: bytes) -> Spent:
    """`spent` with one line more; the same for what is no line of ours."""
    try:
        record = json.loads(line)
        kind = record.get("kind")
        if kind == "request":
            return Spent(spent.requests + 1, spent.connections, spent.bytes + int(record.get("bytes", 0)))
        if kind in {"connection", "reservation"}:
            return Spent(spent.requests, spent.connections + int(record.get("connections", 1)), spent.bytes)
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    return spent
