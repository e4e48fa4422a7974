"""A report read back: from the folder of a run, from its report.json, or from a sealed dossier.

A dossier may come from anybody: sizes are capped before anything is read, and a container in which two files could be
taken for the report is refused. Reading says nothing of its seal: `verify` does.
"""

from __future__ import annotations

import errno
import json
import zipfile
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from pgssi_probe.model.destruction import record_in
from pgssi_probe.model.result import SCHEMA_VERSION, RunResult

REPORT: Final = "report.json"
REPORT_MAX: Final = 200_000_000
MEMBERS_MAX: Final = 100_000


class ReportError(Exception):
    """The report cannot be read. `code` is a key of the catalogue under `report.error`.

    `detail` is the symbol of a system error (`ENOENT`), the version found, the day of a destruction, or nothing.
    """

    def __init__(self, code: str, path: Path, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.path = path
        self.detail = detail


def read_report(path: Path) -> RunResult:
    """The result of a run; ReportError when there is none to read."""
    content = _content(path)
    try:
        return RunResult.model_validate_json(content)
    except ValidationError:
        pass
    found = _version(content)
    if found is None:
        raise ReportError("not_a_run", path)
    if found != SCHEMA_VERSION:
        raise ReportError("other_version", path, found)
    raise ReportError("damaged", path)


def _content(path: Path) -> bytes:
    folder = path if path.is_dir() else path.parent
    if (path.is_dir() or not path.exists()) and (record := record_in(folder)) is not None:
        code = "purged" if record.state == "done" else "purge_begun"
        raise ReportError(code, folder, record.begun.date().isoformat())
    try:
        if path.is_dir():
            unfinished = (path / "run.json").exists() and not (path / REPORT).exists()
            if unfinished:
                raise ReportError("no_report", path)
            if not (path / REPORT).exists():
                raise ReportError("not_a_run", path)
            path = path / REPORT
        if path.stat().st_size > REPORT_MAX:
            raise ReportError("too_large", path)
        return _member(path) if zipfile.is_zipfile(path) else path.read_bytes()
    except FileNotFoundError:
        raise ReportError("not_found", path) from None
    except OSError as error:
        raise ReportError("unreadable", path, errno.errorcode.get(error.errno or 0, "")) from None


def _member(path: Path) -> bytes:
    """The report of a dossier, whatever the folder that it is in."""
    try:
        with zipfile.ZipFile(path) as dossier:
            names = dossier.namelist()
            found = [name for name in names if name.rsplit("/", 1)[-1] == REPORT]
            if not found:
                raise ReportError("not_a_run", path)
            if len(found) > 1 or len(set(names)) != len(names) or len(names) > MEMBERS_MAX:
                raise ReportError("ambiguous", path)
            if dossier.getinfo(found[0]).file_size > REPORT_MAX:
                raise ReportError("too_large", path)
            with dossier.open(found[0]) as member:
                content = member.read(REPORT_MAX + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise ReportError("damaged", path) from None
    if len(content) > REPORT_MAX:  # the directory of the container lied
        raise ReportError("too_large", path)
    return content


def _version(content: bytes) -> str | None:
    """The version of the schema that a file claims, when it looks like a report at all."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    version = data.get("schema_version") if isinstance(data, dict) else None
    return version[:20] if isinstance(version, str) else None
