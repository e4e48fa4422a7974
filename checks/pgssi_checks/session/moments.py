"""Moments as people and programs write them, in French and in English, and whether one of them is a known instant.

Everything is bounded: a page is the target's to choose. A written moment without a zone is read in each zone that an
application for France may show: UTC, Paris, and overseas.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

MAX_TEXT: Final = 200_000
MAX_MOMENTS: Final = 400

ZONES: Final = (
    "UTC",
    "Europe/Paris",
    "America/Martinique",
    "America/Guadeloupe",
    "America/Cayenne",
    "America/Miquelon",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan january",
            "fevrier fevr fev february feb",
            "mars mar march",
            "avril avr april apr",
            "mai may",
            "juin june jun",
            "juillet juil july jul",
            "aout august aug",
            "septembre sept sep september",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_NAMES: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_CLOCK: Final = (
    r"(?P<hour>\d{1,2})\s?(?:[:h]|heures?)\s?(?P<minute>\d{2})?(?:\s?(?:[:]|m(?:in)?)\s?(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s?(?P<half>[ap]\.?m\b\.?)?"
)
_ZONE: Final = r"\s?(?P<zone>z\b|utc|gmt|[+-]\d{2}:?\d{2})?"
_BETWEEN: Final = r"(?:\s|,|\.|-|–|t|\(|a\b|at\b|le\b|on\b|vers\b|·|\|){0,6}"
_TIME: Final = rf"(?:{_BETWEEN}{_CLOCK}{_ZONE})?"

_WRITTEN: Final = (
    re.compile(rf"\b(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?!\d){_TIME}"),
    re.compile(rf"\b(?P<first>\d{{1,2}})[-/.](?P<second_>\d{{1,2}})[-/.](?P<year>\d{{4}}|\d{{2}})(?!\d){_TIME}"),
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?[\s.-]+(?P<name>{_NAMES})\b\.?[\s,.-]*(?P<year>\d{{4}}){_TIME}"
    ),
    re.compile(rf"\b(?P<name>{_NAMES})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_TIME}"),
)
_EPOCH: Final = re.compile(r"(?<![\w.])(1[5-9]\d{8}|2[0-4]\d{8})(\d{3})?(?:\.\d{1,7})?(?![\w.])")
_AGO: Final = re.compile(
    r"\bil y a (?:environ |moins d')?(?P<fr>\d{1,3}|une?|quelques) (?P<unit_fr>secondes?|minutes?|heures?|jours?)\b"
    r"|\b(?P<en>\d{1,3}|an?|a few|less than a) (?P<unit_en>seconds?|minutes?|hours?|days?) ago\b"
    r"|\b(?P<now>a l'instant|just now)\b"
)
_DAYS: Final = re.compile(
    rf"\b(?P<word>aujourd'hui|hier|today|yesterday)\b{_BETWEEN}{_CLOCK}{_ZONE}",
)
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "j": 86400.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in a text, `start` to `end`. Exactly one of the three readings below is set.

    `instant`: with its zone. `local`: a date and an hour without a zone, several when day and month could be either.
    `day`: a date without an hour. `spread` is how far the writing itself may be off, in seconds.
    """

    start: int
    end: int
    instant: datetime | None = None
    local: tuple[datetime, ...] = ()
    day: tuple[date, ...] = ()
    spread: float = 0.0

    def is_at(self, known: datetime, tolerance: float) -> bool:
        """Whether it may be the instant `known` (UTC), within `tolerance` seconds and its own spread."""
        allowed = timedelta(seconds=tolerance + self.spread)
        if self.instant is not None:
            return abs(self.instant - known) <= allowed
        return any(abs(local.replace(tzinfo=zone) - known) <= allowed for local in self.local for zone in _zones())

    def is_day_of(self, known: datetime) -> bool:
        """Whether it is a date alone, and the day of `known` in one of the zones."""
        return any(known.astimezone(zone).date() == day for day in self.day for zone in _zones())


@cache
def _zones() -> tuple[ZoneInfo, ...]:
    return tuple(ZoneInfo(name) for name in ZONES)


def plain(text: str) -> str:
    """Lower case without accents, typographic apostrophes and spaces made plain; the length does not change."""
    return "".join(_plain(char) for char in text[:MAX_TEXT])


@cache
def _plain(char: str) -> str:
    if char in "’ʼ‘":
        return "'"
    if char.isspace():
        return " "
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char


def moments(text: str, seen: datetime) -> tuple[Moment, ...]:
    """The moments of a text that was received at `seen` (UTC), in order, at most MAX_MOMENTS."""
    bare = plain(text)
    found: list[Moment] = []
    taken: list[tuple[int, int]] = []
    for moment in _all(bare, seen):
        if any(moment.start < end and start < moment.end for start, end in taken):
            continue
        taken.append((moment.start, moment.end))
        found.append(moment)
        if len(found) == MAX_MOMENTS:
            break
    return tuple(sorted(found, key=lambda moment: moment.start))


def _all(bare: str, seen: datetime) -> Iterator[Moment]:
    for pattern in _WRITTEN:
        for match in pattern.finditer(bare):
            if (moment := _written(match)) is not None:
                yield moment
    for match in _DAYS.finditer(bare):
        back = timedelta(days=1 if match["word"] in {"hier", "yesterday"} else 0)
        days = {seen.astimezone(zone).date() - back for zone in _zones()}
        if (clock := _clock(match)) is not None:
            yield _dated(match, tuple(sorted(days)), clock)
    for match in _AGO.finditer(bare):
        yield _ago(match, seen)
    for match in _EPOCH.finditer(bare):
        yield Moment(match.start(), match.end(), instant=datetime.fromtimestamp(int(match[1]), UTC), spread=1.0)


def _written(match: re.Match[str]) -> Moment | None:
    groups = match.groupdict()
    year = int(groups["year"])
    year += 2000 if year < 100 else 0
    if groups.get("name"):
        orders = [(_MONTHS[groups["name"]], int(groups["day"]))]
    elif "first" in groups:
        one, two = int(groups["first"]), int(groups["second_"])
        orders = [(two, one), (one, two)]  # French first; American where it can be read so
    else:
        orders = [(int(groups["month"]), int(groups["day"]))]
    days = tuple(dict.fromkeys(day for month, number in orders if (day := _day(year, month, number)) is not None))
    if not days:
        return None
    clock = _clock(match) if groups["hour"] is not None else None
    if clock is None:
        return Moment(match.start(), match.end(), day=days)
    return _dated(match, days, clock)


def _dated(match: re.Match[str], days: tuple[date, ...], clock: time) -> Moment:
    local = tuple(datetime.combine(day, clock) for day in days)
    spread = 0.0 if match["second"] else 30.0
    zone = match["zone"]
    if not zone:
        return Moment(match.start(), match.end(), local=local, spread=spread)
    digits = zone[1:].replace(":", "")
    offset = timedelta()
    if zone[0] in "+-":
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if zone[0] == "-" else 1)
    return Moment(match.start(), match.end(), instant=local[0].replace(tzinfo=UTC) - offset, spread=spread)


def _clock(match: re.Match[str]) -> time | None:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = match["half"]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    second = int(match["second"] or 0)
    return time(hour, minute, min(second, 59)) if hour < 24 and minute < 60 and second < 61 else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _ago(match: re.Match[str], seen: datetime) -> Moment:
    if match["now"]:
        return Moment(match.start(), match.end(), instant=seen, spread=60.0)
    said, unit = match["fr"] or match["en"], match["unit_fr"] or match["unit_en"]
    size = _UNITS[unit[0]]
    count = int(said) if said.isdigit() else 1
    spread = size if said.isdigit() else 30 * size if size == 1 else size
    return Moment(match.start(), match.end(), instant=seen - timedelta(seconds=count * size), spread=spread)
