"""Who authorised what, when, and why something is not allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import field_validator, model_validator

from pgssi_probe.model.outcome import Frozen, Level

MANDATE_LINES: Final = (
    "reference",
    "organisation",
    "signatory",
    "signed",
    "valid_from",
    "valid_until",
    "hours",
    "source_addresses",
    "hosting_agreement",
    "emergency_contact",
)
"""What a mandate says before anything active is allowed, in the order in which it is asked for."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a level is not allowed. `line` is the key of the engagement file that is missing or stands against it;
    `cause` is one of absent, empty, not_yet_valid, expired, outside_hours, level_not_listed."""

    line: str
    cause: str


class Mandate(Frozen):
    """Who authorised what. Everything is needed for an active or intrusive check (PASSI: convention and authorisation).

    `hours` is a local interval such as "08:00-18:00", in `timezone`; "22:00-06:00" is a night, "00:00-24:00" any time.
    """

    reference: str = ""
    organisation: str = ""
    signatory: str = ""
    signed: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    hours: str = ""
    timezone: str = "Europe/Paris"
    source_addresses: tuple[str, ...] = ()
    hosting_agreement: str = ""
    emergency_contact: str = ""
    levels: tuple[Level, ...] = (Level.PASSIVE,)

    @field_validator("hours")
    @classmethod
    def _interval(cls, hours: str) -> str:
        if hours:
            try:
                parse_hours(hours)
            except ValueError:
                raise ValueError("hours") from None
        return hours

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("zone") from None
        return name

    @model_validator(mode="after")
    def _dates_in_order(self) -> Mandate:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("order")
        return self

    @property
    def empty_lines(self) -> tuple[str, ...]:
        """Names of the lines that must be written before anything active is allowed, and are not."""
        return tuple(name for name in MANDATE_LINES if _blank(getattr(self, name)))

    def refusal(self, level: Level, now: datetime) -> Refusal | None:
        """None when `level` is allowed at `now` (aware), else the first reason why not."""
        if level is Level.PASSIVE:
            return None
        return next(self._against(level, now), None)

    def refusals(self, level: Level, now: datetime) -> tuple[Refusal, ...]:
        """Every reason why `level` is not allowed at `now`, the first being that of `refusal`; none when it is."""
        return () if level is Level.PASSIVE else tuple(self._against(level, now))

    def _against(self, level: Level, now: datetime) -> Iterator[Refusal]:
        for name in self.empty_lines:
            yield Refusal(f"mandate.{name}", "empty")
        if level not in self.levels:
            yield Refusal("mandate.levels", "level_not_listed")
        local = now.astimezone(ZoneInfo(self.timezone))
        if self.valid_from and local.date() < self.valid_from:
            yield Refusal("mandate.valid_from", "not_yet_valid")
        if self.valid_until and local.date() > self.valid_until:
            yield Refusal("mandate.valid_until", "expired")
        if self.hours:
            start, end = parse_hours(self.hours)
            time_of_day = local.time()
            within = start <= time_of_day <= end if start < end else time_of_day >= start or time_of_day <= end
            if not within:
                yield Refusal("mandate.hours", "outside_hours")

    def window_end(self, now: datetime) -> datetime | None:
        """Until when what is allowed at `now` stays so: the end of the hours of the day or of the night, or of the last
        day when that comes first or when the hours are those of the whole day. None without hours or without end."""
        if not self.hours or self.valid_until is None:
            return None
        zone = ZoneInfo(self.timezone)
        last = datetime.combine(self.valid_until, time.max, zone)
        if self.at_any_hour:
            return last
        local = now.astimezone(zone)
        start, end = parse_hours(self.hours)
        night = end < start <= local.time()
        return min(last, datetime.combine(local.date() + timedelta(days=int(night)), end, zone))

    @property
    def at_any_hour(self) -> bool:
        return bool(self.hours) and parse_hours(self.hours) == (time.min, time.max)


def _blank(value: object) -> bool:
    """Nothing, or only spaces: a line that is there for its form is not written."""
    if isinstance(value, tuple):
        return all(_blank(one) for one in value)
    return not value or (isinstance(value, str) and not value.strip())


def parse_hours(hours: str) -> tuple[time, time]:
    """Start and end of "HH:MM-HH:MM"; ValueError otherwise. "24:00" is the end of the day.

    The end comes before the start when the interval holds midnight.
    """
    start, dash, end = hours.partition("-")
    if not dash:
        raise ValueError('hours are written "HH:MM-HH:MM"')
    first = time.fromisoformat(start.strip())
    last = time.max if end.strip() == "24:00" else time.fromisoformat(end.strip())
    if last == first:
        raise ValueError("hours end when they start")
    return first, last
