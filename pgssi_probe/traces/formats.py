"""From the lines of a log to records: JSON lines, CSV, syslog, access logs of nginx and Apache, Windows events."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Literal

from pgssi_probe.traces.fields import NOBODY, address, from_pairs, meaning, number, path_of
from pgssi_probe.traces.lines import BYTES_MAX, lines
from pgssi_probe.traces.record import TEXT_MAX, Record, identifiers, moment
from pgssi_probe.traces.windows import windows_events

Format = Literal["auto", "json", "csv", "syslog", "access", "windows", "text"]
FORMATS: Final = ("auto", "json", "csv", "syslog", "access", "windows", "text")
SAMPLE: Final = 40
DEPTH: Final = 5
Numbered = Iterator[tuple[int, str]]

ACCESS: Final = re.compile(
    r"^(?P<before>[^\"\[]{0,600}?)\[(?P<time>[^\]]{10,60})\] (?P<between>[^\"]{0,300}?)"
    r"\"(?P<request>(?:[^\"\\]|\\.){0,16000})\" (?P<status>\d{3}|-)(?P<after>.*)$"
)
SYSLOG_5424: Final = re.compile(
    r"^(?:<\d{1,3}>)?1 (?P<time>\S{1,64}) (?P<host>\S{1,255}) (?P<app>\S{1,48}) \S{1,128} \S{1,32} (?P<rest>.*)$"
)
SYSLOG_3164: Final = re.compile(
    r"^(?:<\d{1,3}>)?(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\S{8,40}) "
    r"(?P<host>[\w.:-]{1,255}) (?P<app>[^\s:\[]{1,64})(?:\[\d{1,10}\])?: ?(?P<rest>.*)$"
)
STRUCTURED: Final = re.compile(r"\[[^\]\s]{1,64}((?: [^\s=\]\"]{1,64}=\"(?:[^\"\\\]]|\\.){0,2000}\"){0,50})\]")
PAIR: Final = re.compile(r"([A-Za-z_][\w.-]{0,40})=(?:\"((?:[^\"\\]|\\.){0,2000})\"|([^\s,;\"]{1,400}))")
STAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
    r"|\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?"
)
CALL: Final = re.compile(
    r"\b(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b[ \"']{1,3}((?:https?://[^\s\"'/]{1,255})?/[^\s\"']{0,2000})"
)
LABELLED_IP: Final = re.compile(
    r"(?:client|from|ip|addr|address|rhost|adresse)[:= ]{1,3}\[?([0-9a-fA-F.:]{3,45})", re.IGNORECASE
)


def read_log(path: Path, form: Format, near: datetime, limit: int = BYTES_MAX) -> Iterator[Record]:
    """The records of a file, one by one. LogUnreadable. What no format knows is read as text, never refused."""
    stream = lines(path, limit)
    head = list(islice(stream, SAMPLE))
    chosen = detect([text for _, text in head]) if form == "auto" else form
    every = chain(head, stream)
    if chosen == "windows":
        yield from windows_events(every, near)
    elif chosen == "csv":
        yield from _csv(every, near)
    else:
        reader = READERS.get(chosen, text_line)
        for line, text in every:
            if text.strip():
                yield reader(text[:TEXT_MAX], line, near)


def detect(sample: list[str]) -> Format:
    """The format of a file, from its first lines."""
    texts = [text for text in sample if text.strip()]
    if not texts:
        return "text"
    first = texts[0].lstrip()
    if first.startswith("<") and any("<Event" in text for text in texts):
        return "windows"
    if dialect(first) is not None:
        return "csv"
    votes = {
        "json": sum(text.lstrip().startswith("{") for text in texts),
        "access": sum(ACCESS.match(text) is not None for text in texts),
        "syslog": sum(bool(SYSLOG_5424.match(text) or SYSLOG_3164.match(text)) for text in texts),
    }
    best = max(votes, key=lambda name: votes[name])
    return best if votes[best] * 2 >= len(texts) else "text"  # type: ignore[return-value]


def dialect(first: str) -> str | None:
    """The separator of a first line that names its columns; None when it does not."""
    for separator in (";", ",", "\t", "|"):
        cells = _cells(first, separator)
        known = {meaning(cell) for cell in cells} - {None}
        if len(cells) >= 3 and len(known) >= 2 and known & {"time", "date"}:
            return separator
    return None


def json_line(text: str, line: int, near: datetime) -> Record:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text_line(text, line, near)
    if not isinstance(data, dict):
        return text_line(text, line, near)
    return from_pairs(dict(_flat("", data, DEPTH)), text, line, near)


def _flat(prefix: str, data: Any, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in islice(data.items(), 300):
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict):
            if depth:
                yield from _flat(key, value, depth - 1)
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            yield key[:200], str(value)[:8192]


def access_line(text: str, line: int, near: datetime) -> Record:
    """Common and combined formats, with a virtual host before, and with anything after the status."""
    found = ACCESS.match(text)
    if found is None:
        return text_line(text, line, near)
    before = found["before"].split()
    place, client = next(((n, one) for n, word in enumerate(before) if (one := address(word))), (0, ""))
    timed = moment(found["time"], near)
    words = found["request"].split(" ")
    user = before[place + 2] if len(before) > place + 2 else ""
    return Record(
        line=line,
        text=text,
        time=timed[0] if timed else None,
        aware=timed[1] if timed else True,
        ids=identifiers(text),
        method=words[0][:20] if len(words) > 1 else "",
        path=path_of(words[1]) if len(words) > 1 else "",
        status=number(found["status"]),
        address=client,
        author="" if user.lower() in NOBODY else user[:200],
        kind=f"{words[0][:20]} {found['status']}" if len(words) > 1 else "",
        host=before[0][:255] if place else "",
    )


def syslog_line(text: str, line: int, near: datetime) -> Record:
    """RFC 5424 and RFC 3164; the message is read in its own format, and the header completes it."""
    modern = SYSLOG_5424.match(text)
    found = modern or SYSLOG_3164.match(text)
    if found is None:
        return text_line(text, line, near)
    message, structured = found["rest"], ""
    if modern:
        while match := STRUCTURED.match(message):
            structured += match[1]
            message = message[match.end() :]
        message = message.removeprefix("- ").lstrip(" \ufeff")
    else:
        message = message.removeprefix("@cee:").lstrip()
    inner = line_of(message, line, near)
    known = from_pairs(dict(_pairs(structured)), text, line, near)
    timed = moment(found["time"], near)
    header = timed or (None, True)
    own = inner.time is not None
    return Record(
        line=line,
        text=text,
        time=inner.time if own else header[0],
        aware=inner.aware if own else header[1],
        ids=identifiers(text),
        method=inner.method or known.method,
        path=inner.path or known.path,
        status=inner.status or known.status,
        address=inner.address or known.address,
        author=inner.author or known.author,
        kind=inner.kind or known.kind or message[:200],
        host=inner.host or found["host"],
    )


def text_line(text: str, line: int, near: datetime) -> Record:
    """Anything else: a time, a request, named values and an address, wherever they stand."""
    stamp = STAMP.search(text[:400])
    timed = moment(stamp[0], near) if stamp else None
    known = from_pairs(dict(_pairs(text)), text, line, near)
    call = CALL.search(text)
    labelled = LABELLED_IP.search(text)
    return Record(
        line=line,
        text=text,
        time=timed[0] if timed else known.time,
        aware=timed[1] if timed else known.aware,
        ids=known.ids,
        method=known.method or (call[1] if call else ""),
        path=known.path or (path_of(call[2]) if call else ""),
        status=known.status,
        address=known.address or (address(labelled[1].rstrip(".:")) if labelled else ""),
        author=known.author,
        kind=known.kind or (text[stamp.end() :] if stamp else text).strip()[:200],
        host=known.host,
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for name, quoted, bare in islice(PAIR.findall(text), 100):
        yield name, quoted or bare


def line_of(text: str, line: int, near: datetime) -> Record:
    """A message in whatever format it is in."""
    if text.startswith("{"):
        return json_line(text, line, near)
    return access_line(text, line, near) if ACCESS.match(text) else text_line(text, line, near)


def _csv(every: Numbered, near: datetime) -> Iterator[Record]:
    names: list[str] = []
    separator = ","
    for line, text in every:
        if not text.strip():
            continue
        if not names:
            separator = dialect(text) or ("\t" if "\t" in text else ";" if ";" in text else ",")
            names = [name.strip()[:100] for name in _cells(text, separator)] or ["?"]
            continue
        cells = (cell.strip() for cell in _cells(text, separator))
        yield from_pairs(dict(zip(names, cells, strict=False)), text, line, near)


def _cells(text: str, separator: str) -> list[str]:
    """The cells of a line; of one that is not well formed, what stands between separators."""
    text = text[:TEXT_MAX]
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return text.split(separator)


READERS: Final[dict[str, Callable[[str, int, datetime], Record]]] = {
    "json": json_line,
    "access": access_line,
    "syslog": syslog_line,
    "text": text_line,
}
