"""Destruction of a run: every file of ours that may hold text of the target goes, a record of it stays.

Nothing is followed: the folder is opened once, without following a link, and everything below goes by descriptors of
it. A link in place of a file, a folder in place of a file and a file that no run writes are left and told. Content is
overwritten before its name goes; on an SSD, a copy-on-write or a journalling file system, a snapshot or a backup,
older blocks may live on: what overwriting cannot promise is said to the person and in the documentation.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe import __version__
from pgssi_probe.clock import Clock
from pgssi_probe.engine.folder import FolderError, RunFolder, symbol_of
from pgssi_probe.model.destruction import KEPT, RECORD, Destroyed, Destruction, Fate, Remains, WhyLeft, record_in
from pgssi_probe.model.result import RunResult

BLOCK: Final = 1 << 20
PATTERNS: Final = (
    "run.json",
    "plan.json",
    "outcomes.jsonl",
    "inventory.json",
    "journal.jsonl",
    "journal.jsonl.torn-*",
    "tokens.key",
    "traces*.*",
    "manifest.json",
    "dossier*.asice",
    "report.json",
    ".writing-*",
)
"""What a run writes at the top of its folder, besides the renderings, whose names are given."""
UNFINISHED: Final = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}")
"""A rendering or a seal that was being written when the process ended."""
EVIDENCE: Final = re.compile(r"E[0-9]{4,12}\.(?:json|new)")
"""A piece, or what a crash left of one that was being replaced."""
LISTED_MAX: Final = 1 << 24


def purge(path: Path, clock: Clock, *, by: str, reason: str, renderings: Iterable[str]) -> Destruction:
    """Destroy the run at `path` and write the record, not sealed yet. Goes on with a destruction that was cut short.

    `renderings` are the file names that reporters write. FolderError `not_a_run`, `link`, `busy`, `unreadable`,
    `unwritable`, and `purged` when the record says that it is done already.
    """
    with _opened(path) as folder:
        begun = record_in(path)
        if begun is not None and begun.state == "done":
            raise FolderError("purged", path, begun.begun.date().isoformat())
        with _alone(folder, path):
            known = {file.path: file for file in begun.files} if begun else {}
            ours = _Ours.of(folder, renderings)
            found = dict(_found(folder, ours)) | {name: file for name, file in known.items() if file.sha256}
            record = begun or Destruction(
                state="begun",
                begun=clock.now(),
                by=by,
                reason=reason,
                tool_version=__version__,
                run=remains(path),
                files=(),
            )
            files = tuple(found[name] for name in sorted(found))
            record = record.model_copy(update={"files": files, "kept": dict(_kept(folder))})
            room = RunFolder(path)
            room.write(RECORD, record)
            fates = [_destroyed(folder, file, listed=file.path in known) for file in record.files]
            with suppress(OSError):
                os.rmdir("evidence", dir_fd=folder)
            with suppress(OSError):
                os.fsync(folder)
            done = record.model_copy(update={"state": "done", "ended": clock.now(), "files": tuple(fates)})
            room.write(RECORD, done)
            return done


def remains(path: Path) -> Remains:
    """What is kept of a run: from its report when it has one, else from its settings. FolderError `not_a_run`."""
    _, settings = RunFolder.reopen(path)
    kept = Remains(
        run_id=settings.run_id, origin=_origin(settings.target), level=settings.level, started=settings.started
    )
    result = _result(path)
    if result is None or result.run.id != settings.run_id:
        return kept
    return kept.model_copy(
        update={
            "tool_version": result.run.tool_version,
            "finished": result.run.finished.isoformat(),
            "state": result.run.state,
            "journal_head": result.run.journal_head,
            "verdicts": {rule.rule: rule.verdict for rule in result.verdicts},
            "findings": {one.id: one.severity for one in result.outcomes if one.failed and one.severity},
        }
    )


def before(path: Path) -> Remains:
    """The run to destroy, to be shown before. FolderError as for `purge`."""
    with _opened(path):
        begun = record_in(path)
        if begun is None:
            return remains(path)
        if begun.state == "done":
            raise FolderError("purged", path, begun.begun.date().isoformat())
        return begun.run


def _result(path: Path) -> RunResult | None:
    try:
        return RunResult.model_validate_json((path / "report.json").read_bytes())
    except (OSError, ValueError):
        return None


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor of the folder itself: a link to it is refused, whoever made it."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise FolderError("link", path) from None
        code = "not_a_run" if error.errno in {errno.ENOENT, errno.ENOTDIR} else "unreadable"
        raise FolderError(code, path, symbol_of(error)) from None
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _alone(folder: int, path: Path) -> Iterator[None]:
    """While open, no run writes its journal here. FolderError `busy` when one does."""
    try:
        journal = os.open("journal.jsonl", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:  # there is none, or no file
        yield
        return
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(journal)
        raise FolderError("busy", path) from None
    try:
        yield
    finally:
        os.close(journal)


class _Ours:
    """Which names at the top of the folder a run writes."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    @classmethod
    def of(cls, folder: int, renderings: Iterable[str]) -> _Ours:
        """The names of the reporters that are installed, and those that the sealed list of the run tells."""
        return cls(frozenset(renderings) | frozenset(_listed(folder)))

    def known(self, name: str) -> bool:
        if name in KEPT:
            return False
        partial = UNFINISHED.fullmatch(name)
        if partial is not None and partial["name"] not in KEPT:
            name = partial["name"]
        name = name.removesuffix(".p7s")
        return name in self._names or any(fnmatchcase(name, pattern) for pattern in PATTERNS)


def _listed(folder: int) -> Iterator[str]:
    """Plain names at the top of the folder that `manifest.json` lists as renderings of the run."""
    try:
        with os.fdopen(_open(folder, "manifest.json"), "rb") as file:
            lines = json.loads(file.read(LISTED_MAX))["files"]
        for line in lines:
            if line["kind"] == "report" and "/" not in line["path"]:
                yield line["path"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return


def _found(folder: int, ours: _Ours) -> Iterator[tuple[str, Destroyed]]:
    """Everything in the folder but what stays: measured when it is ours, told as left when it is not."""
    for name in sorted(os.listdir(folder)):
        if name == "evidence":
            yield from _evidence(folder)
        elif name not in KEPT:
            yield name, _measured(folder, name, name, ours=ours.known(name))


def _kept(folder: int) -> Iterator[tuple[str, str]]:
    for name in KEPT:
        if not name.startswith(RECORD) and (digest := _measured(folder, name, name, ours=True).sha256):
            yield name, digest


def _evidence(folder: int) -> Iterator[tuple[str, Destroyed]]:
    try:
        below = os.open("evidence", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        yield "evidence", Destroyed(path="evidence", fate="left", why=_kind(folder, "evidence"))
        return
    try:
        for name in sorted(os.listdir(below)):  # noqa: PTH208
            ours = EVIDENCE.fullmatch(name) is not None
            yield f"evidence/{name}", _measured(below, name, f"evidence/{name}", ours=ours)
    finally:
        os.close(below)


def _measured(folder: int, name: str, path: str, *, ours: bool) -> Destroyed:
    path = path.encode(errors="replace").decode()[:500]
    if not ours:
        return Destroyed(path=path, fate="left", why="not_ours")
    try:
        with os.fdopen(_open(folder, name), "rb") as file:
            return Destroyed(
                path=path, size=os.fstat(file.fileno()).st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest()
            )
    except OSError:
        return Destroyed(path=path, fate="left", why=_kind(folder, name))


def _kind(folder: int, name: str) -> WhyLeft:
    try:
        mode = os.lstat(name, dir_fd=folder).st_mode
    except OSError:
        return "refused"
    return "link" if stat.S_ISLNK(mode) else "refused" if stat.S_ISREG(mode) else "not_a_file"


def _open(folder: int, name: str, flags: int = os.O_RDONLY) -> int:
    """A regular file of the folder; OSError for a link or anything else."""
    descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def _destroyed(folder: int, file: Destroyed, *, listed: bool) -> Destroyed:
    """The same file with its fate. `listed`: an earlier destruction had begun with it, so it may be gone already."""
    if file.fate is not None:
        return file
    name = file.path.removeprefix("evidence/")
    below = folder
    try:
        if name != file.path:
            below = os.open("evidence", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        return file.model_copy(update={"fate": _wiped(below, name)})
    except FileNotFoundError:
        if listed:
            return file.model_copy(update={"fate": "destroyed"})
        return file.model_copy(update={"fate": "left", "why": "refused"})
    except OSError:
        return file.model_copy(update={"fate": "left", "why": _kind(below, name)})
    finally:
        if below != folder:
            os.close(below)


def _wiped(folder: int, name: str) -> Fate:
    """Overwritten with zeros, flushed, emptied, and its name taken away. A file that has another name elsewhere is
    not ours alone: only this name goes."""
    descriptor = _open(folder, name, os.O_WRONLY)
    try:
        status = os.fstat(descriptor)
        if status.st_nlink > 1:
            os.unlink(name, dir_fd=folder)
            return "unlinked"
        rest = status.st_size
        zeros = bytes(min(BLOCK, rest))
        while rest > 0:
            rest -= os.write(descriptor, zeros[:rest])
        os.fsync(descriptor)
        os.ftruncate(descriptor, 0)
        os.unlink(name, dir_fd=folder)
        return "destroyed"
    finally:
        os.close(descriptor)
