"""Days, moments and durations as people write them: a fact keeps ISO 8601 and seconds, a sentence does not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final, Literal

MONTHS: Final = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),  # noqa: SIM905
    "en": "January February March April May June July August September October November December".split(),  # noqa: SIM905
}
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?")


def said_day(day: date, lang: Literal["fr", "en"]) -> str:
    """`1er août 2026` or `1 August 2026`."""
    number = "1er" if lang == "fr" and day.day == 1 else str(day.day)
    return f"{number}\u00a0{MONTHS[lang][day.month - 1]} {day.year}"


def said_moment(moment: datetime, lang: Literal["fr", "en"], *, seconds: bool = False) -> str:
    """`22 novembre 2026 à 14 h 05 (UTC)` or `22 November 2026, 14:05 (UTC)`. A moment without a zone names none."""
    at = moment.astimezone(UTC) if moment.tzinfo else moment
    zone = " (UTC)" if moment.tzinfo else ""
    if lang == "fr":
        rest = f"\u00a0min\u00a0{at.second:02d}\u00a0s" if seconds else ""
        return f"{said_day(at, lang)} à {at.hour}\u00a0h\u00a0{at.minute:02d}{rest}{zone}"
    return f"{said_day(at, lang)}, {at:%H:%M:%S}{zone}" if seconds else f"{said_day(at, lang)}, {at:%H:%M}{zone}"


def said_iso(text: str, lang: Literal["fr", "en"]) -> str | None:
    """A text that is a day or a moment of ISO 8601 and nothing else, in words; None for any other text."""
    if not _ISO.fullmatch(text):
        return None
    try:
        if len(text) == len("2026-11-22"):
            return said_day(date.fromisoformat(text), lang)
        moment = datetime.fromisoformat(text)
        return said_moment(moment, lang, seconds=moment.second != 0)
    except (ValueError, OverflowError):
        return None


def said_duration(seconds: float, lang: Literal["fr", "en"]) -> str:
    """Its largest units, without those that are nought: `0,4 s`, `2 min 5 s`, `1 h 30 min`, `30 jours`."""
    if seconds < 0:
        return f"-{said_duration(-seconds, lang)}"
    if seconds < 10:
        text = f"{seconds:.1f}".removesuffix(".0")
        return f"{text.replace('.', ',') if lang == 'fr' else text}\u00a0s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24) if hours >= 48 else (0, hours)
    day = {"fr": "jours", "en": "days"}[lang]
    parts = ((days, day), (hours, "h"), (0 if days else minutes, "min"), (0 if days or hours else rest, "s"))
    return " ".join(f"{value}\u00a0{unit}" for value, unit in parts if value)
