"""Reading an engagement file (TOML). A mistake is said with file, line and key, never as a traceback."""

from __future__ import annotations

import errno
import hashlib
import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from pgssi_probe.engagement.model import Engagement

MAX_BYTES = 1_000_000
_LINE = re.compile(r"at line (\d+)")


class EngagementError(Exception):
    """A file that cannot be used. `code` is a key of the catalogue under `engagement.error`.

    `detail` is the symbol of a system error when the file is unreadable, a key under `engagement.value` when a value
    is bad, and else a few words of the TOML reader.
    """

    def __init__(self, code: str, *, file: Path, line: int | None = None, key: str = "", detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.file = file
        self.line = line
        self.key = key
        self.detail = detail


def load_engagement(path: Path) -> Engagement:
    """The engagement of a file; EngagementError otherwise. A relative `scope.ca_file` is relative to the file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EngagementError("unreadable", file=path, detail=errno.errorcode.get(error.errno or 0, "")) from None
    if len(raw) > MAX_BYTES:
        raise EngagementError("too_large", file=path)
    try:
        text = raw.decode("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        raise EngagementError("not_utf8", file=path) from None
    except RecursionError:
        raise EngagementError("not_toml", file=path, detail="nested too deep") from None
    except tomllib.TOMLDecodeError as error:
        where = _LINE.search(str(error))
        raise EngagementError(
            "not_toml", file=path, line=int(where.group(1)) if where else None, detail=str(error)
        ) from None
    data.pop("file_sha256", None)
    try:
        engagement = Engagement.model_validate({**data, "file_sha256": hashlib.sha256(raw).hexdigest()})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        steps = tuple(str(step) for step in first["loc"])
        code = "unknown_key" if first["type"] == "extra_forbidden" else "bad_value"
        raise EngagementError(
            code, file=path, line=line_of(text, steps), key=".".join(steps), detail=symbol(first["type"], first["msg"])
        ) from None
    if engagement.scope.ca_file:
        ca_file = str((path.parent / engagement.scope.ca_file).resolve())
        engagement = engagement.model_copy(update={"scope": engagement.scope.model_copy(update={"ca_file": ca_file})})
    return engagement


KINDS = {
    "string_type": "text",
    "date_": "date",
    "float_": "number",
    "int_": "whole",
    "tuple_type": "list",
    "enum": "level",
    "greater_than": "range",
    "less_than": "range",
    "model_": "section",
    "dict_": "section",
}


def symbol(kind: str, message: str) -> str:
    """What is wrong with a value: a validator of ours says it in one word, the library by the kind of its error."""
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return next((word for start, word in KINDS.items() if kind.startswith(start)), "kind")


def line_of(text: str, steps: tuple[str, ...]) -> int | None:
    """The line (from 1) where a key stands, by table header then by name; None when it is not found."""
    keys = [step for step in steps if not step.isdigit()]
    if not keys:
        return None
    table, name = ("", keys[0]) if len(keys) == 1 else (keys[0], keys[1])
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("[") and "]" in stripped:
            current = stripped.strip("[]").split("]")[0].strip()
            if len(keys) == 1 and current == name:
                return number
        elif current == table and re.match(rf"[\"']?{re.escape(name)}[\"']?\s*=", stripped):
            return number
    return None
