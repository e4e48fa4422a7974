"""The folder of a run: engagement snapshot, plan, journal, evidence, outcomes, report. Private to its owner."""

from __future__ import annotations

import errno
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from pgssi_probe.model.declaration import Declarations
from pgssi_probe.model.destruction import record_in
from pgssi_probe.model.inventory import InventorySummary
from pgssi_probe.model.outcome import Frozen, Level, Outcome
from pgssi_probe.model.result import CheckRun, Event


class FolderError(Exception):
    """The folder cannot be written or read. `code` is a key of the catalogue under `folder.error`.

    `detail` is the symbol of a system error (`ENOSPC`), or nothing.
    """

    def __init__(self, code: str, path: Path, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.path = path
        self.detail = detail


def symbol_of(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "")


class Settings(Frozen):
    """What a resumed run must know of the first: stored as `run.json`."""

    run_id: str
    target: str
    level: Level
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    engagement_file: str | None = None
    engagement_sha256: str | None = None
    ca_file: str | None = None
    plain_http_url: str | None = None
    requests_per_second: float
    contact: str = ""
    started: str


class Finished(Frozen):
    """A check that has its outcomes: one line of `outcomes.jsonl`."""

    check: CheckRun
    outcomes: tuple[Outcome, ...]


TOKEN_KEY = "tokens.key"  # noqa: S105 (a file name)
TOKEN_KEY_BYTES = 32

INVENTORY_FILE = "inventory.json"
OURS = (
    "actions.*",
    "declarations.toml",
    "dossier*.asice",
    "engagement.json",
    "evidence/E*.json",
    "inventory.json",
    "journal.jsonl*",
    "outcomes.jsonl",
    "manifest.json*",
    "plan.json",
    "report.*",
    ".writing-*",
    "run.json",
    TOKEN_KEY,
    "traces*.*",
)


@dataclass(frozen=True, slots=True)
class RunFolder:
    path: Path

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def evidence(self) -> Path:
        return self.path / "evidence"

    @property
    def report_json(self) -> Path:
        return self.path / "report.json"

    @classmethod
    def create(cls, path: Path, settings: Settings) -> RunFolder:
        """A new folder, 0700; FolderError when it holds anything already or cannot be written."""
        folder = cls(path)
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if any(path.iterdir()):  # somebody's folder: neither its rights nor its files are ours to change
                raise FolderError("occupied" if (path / "run.json").exists() else "not_empty", path)
            path.chmod(0o700)
            folder.evidence.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise FolderError("unwritable", path, symbol_of(error)) from None
        folder.write("run.json", settings)
        return folder

    @classmethod
    def reopen(cls, path: Path) -> tuple[RunFolder, Settings]:
        """The folder of an earlier run and its settings; FolderError when it is not one, or is one no more."""
        if (record := record_in(path)) is not None:
            code = "purged" if record.state == "done" else "purge_begun"
            raise FolderError(code, path, record.begun.date().isoformat())
        try:
            return cls(path), Settings.model_validate_json((path / "run.json").read_bytes())
        except FileNotFoundError:
            raise FolderError("not_a_run", path) from None
        except OSError as error:
            raise FolderError("unreadable", path, symbol_of(error)) from None
        except ValueError:
            raise FolderError("not_a_run", path) from None

    def write(self, name: str, content: BaseModel | bytes) -> Path:
        """Write a file whole or not at all, 0600."""
        data = content if isinstance(content, bytes) else content.model_dump_json(indent=1).encode()
        target = self.path / name
        temporary = ""
        try:
            descriptor, temporary = tempfile.mkstemp(dir=self.path, prefix=".writing-")
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(target)
        except OSError as error:
            Path(temporary).unlink(missing_ok=True) if temporary else None
            raise FolderError("unwritable", target, symbol_of(error)) from None
        return target

    def token_key(self) -> bytes:
        """The key of the fingerprints of session tokens, made on first use. Listed nowhere, it is in no dossier."""
        path = self.path / TOKEN_KEY
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            found = b""
        except OSError as error:
            raise FolderError("unreadable", path, symbol_of(error)) from None
        if len(found) != 2 * TOKEN_KEY_BYTES:
            found = secrets.token_hex(TOKEN_KEY_BYTES).encode()
            self.write(TOKEN_KEY, found)
        return found

    def discard(self) -> None:
        """Take away the files of a run, and its folder when nothing else is in it. What is not ours stays."""
        if not (self.path / "run.json").exists():
            return
        with suppress(OSError):
            for pattern in OURS:
                for path in self.path.glob(pattern):
                    path.unlink(missing_ok=True)
            self.evidence.rmdir()
            self.path.rmdir()

    def add_finished(self, finished: Finished) -> None:
        """Append the outcomes of a check, which outlive the process: what a resumed run will not do again.

        What does more than read must not be sent twice, even after a power cut: its line is on the disk before we go
        on. That of a check that only reads may be lost then, and the check runs again.
        """
        path = self.path / "outcomes.jsonl"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as stream:
                stream.write(finished.model_dump_json().encode() + b"\n")
                if finished.check.level is not Level.PASSIVE:
                    stream.flush()
                    os.fsync(stream.fileno())
        except OSError as error:
            raise FolderError("unwritable", path, symbol_of(error)) from None

    def earlier_events(self) -> tuple[Event, ...]:
        """The chronology of the run so far, as its last report told it; none when it was killed before a report."""
        try:
            lines = json.loads(self.report_json.read_bytes())["chronology"]
            return tuple(Event.model_validate(line) for line in lines)
        except (OSError, ValueError, KeyError, TypeError):
            return ()

    def earlier_declarations(self) -> Declarations | None:
        """What was declared in the last report of this run, if anything."""
        try:
            found = json.loads(self.report_json.read_bytes()).get("declarations")
            return Declarations.model_validate(found) if found else None
        except (OSError, ValueError, AttributeError):
            return None

    def earlier_inventory(self) -> InventorySummary | None:
        """What the last part of this run learned of the application, if anything."""
        try:
            return InventorySummary.model_validate_json((self.path / INVENTORY_FILE).read_bytes())
        except (OSError, ValueError):
            return None

    def finished(self) -> Iterator[Finished]:
        """The checks that have their outcomes. A line torn by a crash is left out: its check runs again."""
        try:
            lines = (self.path / "outcomes.jsonl").read_bytes().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                json.loads(line)
                yield Finished.model_validate_json(line)
            except ValueError:
                continue
