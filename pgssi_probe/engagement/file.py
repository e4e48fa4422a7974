"""Reading an engagement file (TOML). Every mistake is said with file, line and remedy, never as a traceback."""

from __future__ import annotations

import errno
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError

from pgssi_probe.engagement.accounts import SecretReference
from pgssi_probe.engagement.declared import declared_table, flattened
from pgssi_probe.engagement.login import LoginSection
from pgssi_probe.engagement.model import Engagement
from pgssi_probe.engagement.places import line_of, places
from pgssi_probe.model.account import LABELS

MAX_BYTES = 1_000_000
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `code` is a key of the catalogue under `engagement.error`.

    `detail` is the symbol of a system error when the file is unreadable, a key under `engagement.value` when a value is
    bad, and a key under `engagement.toml` when the writing is. `close` are names that look like an unknown one.
    """

    code: str
    line: int | None = None
    column: int | None = None
    key: str = ""
    detail: str = ""
    close: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    """What may be written instead, when it is a short list."""


class EngagementError(Exception):
    """A file that cannot be used, with every mistake found in it; the properties are those of the first."""

    def __init__(self, file: Path, *mistakes: Mistake) -> None:
        super().__init__(mistakes[0].code)
        self.file = file
        self.mistakes = mistakes

    @property
    def code(self) -> str:
        return self.mistakes[0].code

    @property
    def line(self) -> int | None:
        return self.mistakes[0].line

    @property
    def key(self) -> str:
        return self.mistakes[0].key

    @property
    def detail(self) -> str:
        return self.mistakes[0].detail


def load_engagement(path: Path) -> Engagement:
    """The engagement of a file; EngagementError otherwise. A relative `scope.ca_file` is relative to the file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        symbol = errno.errorcode.get(error.errno or 0, "")
        raise EngagementError(path, Mistake("unreadable", detail=symbol)) from None
    if len(raw) > MAX_BYTES:
        raise EngagementError(path, Mistake("too_large"))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise EngagementError(path, Mistake("not_utf8", line=line)) from None
    engagement = read_engagement(text, path, hashlib.sha256(raw).hexdigest())
    if engagement.scope.ca_file:
        ca_file = str((path.parent / engagement.scope.ca_file).resolve())
        engagement = engagement.model_copy(update={"scope": engagement.scope.model_copy(update={"ca_file": ca_file})})
    return engagement.within(path.parent)


def read_engagement(text: str, path: Path, sha256: str | None = None) -> Engagement:
    """The engagement that a TOML text holds. EngagementError with every mistake, in the order of the lines."""
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise EngagementError(path, Mistake("not_toml", detail="deep")) from None
    except tomllib.TOMLDecodeError as error:
        raise EngagementError(path, toml_mistake(str(error), text)) from None
    if "file_sha256" in data:
        data["file_sha256 "] = data.pop("file_sha256")  # ours, not the operator's: an unknown key like any other
    try:
        return Engagement.model_validate({**data, "file_sha256": sha256})
    except ValidationError as error:
        found = sorted(mistakes(error, data, text), key=lambda mistake: mistake.line or 0)
        raise EngagementError(path, *found) from None


# How the reader of the standard library says what is wrong, by the beginning of its sentence.
TOML_KINDS = {
    "Invalid statement": "statement",
    "Expected '=' after a key": "equals",
    "Invalid value": "value",
    "Invalid initial character for a key": "statement",
    "Unterminated string": "string",
    "Illegal character": "string",
    "Expected newline": "rest",
    "Cannot declare": "twice",
    "Cannot overwrite": "twice",
    "Duplicate inline table key": "twice",
    "Cannot mutate": "twice",
    "Cannot redefine": "twice",
    "Unclosed array": "array",
    "Unclosed inline table": "inline",
    "Expected ']": "header",
    "Invalid date": "date",
    "Unescaped": "escape",
    "Invalid hex": "escape",
    "Expected \"'": "string",
}


def toml_mistake(said: str, text: str) -> Mistake:
    """Where the writing is wrong, and what kind of mistake it is."""
    where = _AT.search(said)
    line = int(where[1]) if where else len(text.splitlines()) or 1
    kind = next((kind for start, kind in TOML_KINDS.items() if said.startswith(start)), "other")
    return Mistake("not_toml", line=line, column=int(where[2]) if where else None, detail=kind)


KINDS = {
    "bad_declared": "",
    "string_type": "text",
    "string_too_short": "text",
    "date_": "date",
    "float_": "number",
    "int_": "whole",
    "bool_": "yes_no",
    "tuple_type": "list",
    "enum": "choices",
    "literal_": "choices",
    "greater_than": "range",
    "less_than": "range",
    "finite_number": "range",
    "model_": "section",
    "dict_": "section",
}
_CHOICE = re.compile(r"'([^']+)'")


def mistakes(error: ValidationError, data: Mapping[str, Any], text: str) -> Iterator[Mistake]:
    """Each mistake once: a value that may be of two kinds is refused twice by the library."""
    lines = places(text)
    seen: set[tuple[str, ...]] = set()
    for one in error.errors(include_input=False, include_url=False):
        if one["loc"] == ("declared",):
            yield from declared_mistakes(data.get("declared"), lines)
            continue
        steps, wrong_name = written(one["loc"], data, one["type"])
        if steps in seen:
            continue
        seen.add(steps)
        line, key = line_of(lines, steps), ".".join(steps).strip()
        if wrong_name or one["type"] == "extra_forbidden":
            yield Mistake("unknown_key", line=line, key=key, close=close_names(steps))
        else:
            choices = tuple(_CHOICE.findall(one.get("ctx", {}).get("expected", "")))
            yield Mistake("bad_value", line=line, key=key, detail=symbol(one["type"], one["msg"]), choices=choices)


def declared_mistakes(values: Any, lines: dict[tuple[str, ...], int]) -> Iterator[Mistake]:
    """Mistakes of [declared]: a name that is not in the table, or a value that is not of the kind of its name."""
    if not isinstance(values, dict):
        yield Mistake("bad_value", line=line_of(lines, ("declared",)), key="declared", detail="section")
        return
    table = declared_table()
    in_login = {f"login.{name}" for name in LoginSection.model_fields}
    flat: Mapping[str, JsonValue] = flattened(values)
    for name, value in flat.items():
        line = line_of(lines, ("declared", name)) if ("declared", name) in lines else None
        line = line or line_of(lines, ("declared", *name.split(".")))
        key = f"declared.{name}"
        if name in in_login:
            yield Mistake("in_login", line=line, key=key, detail=name.partition(".")[2])
        elif name not in table:
            yield Mistake("unknown_declared", line=line, key=key, close=close_to(name, table))
        elif not table[name].accepts(value):
            yield Mistake("bad_value", line=line, key=key, detail=table[name].kind)


def written(loc: tuple[int | str, ...], data: Any, kind: str) -> tuple[tuple[str, ...], bool]:
    """The keys of the file on the way to a mistake, without the library's own steps; whether the last is a bad name."""
    steps: list[str] = []
    here = data
    for place, step in enumerate(loc):
        if step == "[key]":
            return tuple(steps), True
        if isinstance(here, dict) and step in here:
            steps.append(str(step))
            here = here[step]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif kind == "missing" and place == len(loc) - 1:
            steps.append(str(step))
    return tuple(steps), False


def close_names(steps: tuple[str, ...]) -> tuple[str, ...]:
    """Known names that look like the last step, at its place in the file."""
    *before, last = steps
    return close_to(last, names_at(tuple(before)))


def close_to(name: str, known: Mapping[str, object] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(get_close_matches(name.strip().lower(), list(known), n=2, cutoff=0.6))


def names_at(steps: tuple[str, ...]) -> tuple[str, ...]:
    """The names that may be written below some keys."""
    if steps in {("accounts",), ("canaries",)}:
        return LABELS
    if len(steps) == 3 and steps[0] == "accounts" and steps[2] != "login":
        return tuple(SecretReference.model_fields)
    model: type[BaseModel] | None = Engagement
    for place, step in enumerate(steps):
        labelled = place == 1 and steps[0] == "accounts"  # the label of an account, below the table of them
        model = model if labelled else _section(model, step) if model is not None else None
    hidden = {"file_sha256"} if model is Engagement else set()
    return tuple(name for name in model.model_fields if name not in hidden) if model is not None else ()


def _section(model: type[BaseModel], step: str) -> type[BaseModel] | None:
    """The model of a section below another."""
    field = model.model_fields.get(step)
    kinds = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def symbol(kind: str, message: str) -> str:
    """What is wrong with a value: a validator of ours says it in one word, the library by the kind of its error."""
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if kind == "missing":
        return "missing"
    return next((word for start, word in KINDS.items() if word and kind.startswith(start)), "kind")
