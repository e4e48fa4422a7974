"""One record of a log, whatever the format that it was written in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

TEXT_MAX: Final = 65_536
"""Characters of a line that are looked at."""
IDENTIFIER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9A-Za-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Record:
    """`time` is in seconds since 1970, read as UTC when it had no zone (`aware` False); None when there was none.

    `ids` are what could be an X-Request-Id. `kind` is the type of event in the log's own words; `text` the line, cut.
    `file` and `line` say where it stands.
    """

    line: int
    text: str = field(repr=False)
    file: str = ""
    time: float | None = None
    aware: bool = True
    ids: tuple[str, ...] = ()
    method: str = ""
    path: str = ""
    status: int | None = None
    address: str = ""
    author: str = ""
    kind: str = ""
    host: str = ""

    @property
    def request_key(self) -> tuple[str, str, int | None]:
        return self.method, self.path, self.status


def identifiers(text: str) -> tuple[str, ...]:
    """Hexadecimal ids of 32 digits, dashes taken out."""
    return tuple(dict.fromkeys(found.replace("-", "").lower() for found in IDENTIFIER.findall(text)))


_MONTHS: Final = {name: n for n, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
)}  # fmt: skip
_CLF: Final = re.compile(r"(\d{1,2})/([A-Za-z]{3})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?(?: ([+-]\d{4}))?")
_SYSLOG: Final = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")
_DAY_FIRST: Final = re.compile(
    r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})[ T,]+(\d{1,2}):(\d\d):(\d\d)(?:[.,]\d+)?(?: ?([AaPp])\.?[Mm]\.?)?"
)
_SLASHED: Final = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)")
_LONG_FRACTION: Final = re.compile(r"(\.\d{6})\d+")


def moment(text: str, near: datetime) -> tuple[float, bool] | None:
    """Seconds since 1970 and whether a zone was written; None for what is no time.

    `near` completes what is not written (the year of syslog) and decides between day-first and month-first dates.
    """
    text = text.strip().strip("[]\"'")[:64]
    if not text:
        return None
    try:
        return _moment(text, near)
    except (ValueError, OverflowError, OSError):
        return None


def _moment(text: str, near: datetime) -> tuple[float, bool] | None:
    if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
        return float(text), True
    if re.fullmatch(r"\d{12,14}", text):
        return int(text) / 1000, True
    if found := _CLF.match(text):
        day, month, year, hour, minute, second, fraction, zone = found.groups()
        when = datetime(int(year), _MONTHS.get(month.lower(), 0), int(day),
                        int(hour), int(minute), int(second), int((fraction or "0").ljust(6, "0")), UTC)  # fmt: skip
        return when.timestamp() - _offset(zone), zone is not None
    if found := _SYSLOG.match(text):
        month, day, hour, minute, second, fraction = found.groups()
        if month.lower() not in _MONTHS:
            return None
        years = (near.year - 1, near.year, near.year + 1)
        guesses = [
            datetime(year, _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
            for year in years
            if not (month == "Feb" and day == "29" and not _leap(year))
        ]
        best = min(guesses, key=lambda guess: abs(guess - near))
        return best.timestamp() + float(f"0.{fraction or 0}"), False
    if found := _DAY_FIRST.match(text):
        return _slashed(found, near), False
    if found := _SLASHED.match(text):
        return datetime(*(int(one) for one in found.groups()), tzinfo=UTC).timestamp(), False  # type: ignore[misc,arg-type]
    written = _LONG_FRACTION.sub(r"\1", text.replace(",", ".", 1).replace(" +", "+").replace(" UTC", "+00:00"))
    when = datetime.fromisoformat(written)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp(), when.tzinfo is not None


def _slashed(found: re.Match[str], near: datetime) -> float:
    first, second, year, hour, minute, seconds, half = found.groups()
    hours = int(hour) % 12 + (12 if half.lower() == "p" else 0) if half else int(hour)
    guesses = []
    for day, month in ((int(first), int(second)), (int(second), int(first))):
        try:
            guesses.append(datetime(int(year), month, day, hours, int(minute), int(seconds), tzinfo=UTC))
        except ValueError:
            continue
    if not guesses:
        raise ValueError("no such day")
    return min(guesses, key=lambda guess: abs(guess - near)).timestamp()


def _offset(zone: str | None) -> int:
    """Seconds east of Greenwich of `+0100`."""
    if zone is None:
        return 0
    return (1 if zone[0] == "+" else -1) * (int(zone[1:3]) * 3600 + int(zone[3:5]) * 60)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
