"""What waits and until when, as people read it: local time, and what is left. Pure but for the zone of the machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

MOST_LINES: Final = 4


def local_time(moment: datetime, now: datetime | None = None) -> str:
    """`16:42:05`, in the zone of the machine; with the day when it is another than that of `now`."""
    local, today = moment.astimezone(), (now or datetime.now(UTC)).astimezone()
    return local.strftime("%H:%M:%S" if local.date() == today.date() else "%d/%m %H:%M:%S")


def left(seconds: float) -> str:
    """`45 s`, `12 min 05 s`, `1 h 12 min`: the two largest units."""
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"


class Waits:
    """The waits under way, by check."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._until: dict[str, datetime] = {}

    def __contains__(self, check: str) -> bool:
        return check in self._until

    def set(self, check: str, until: datetime | None) -> None:
        if until is None:
            self._until.pop(check, None)
        else:
            self._until[check] = until

    def lines(self, now: datetime) -> list[str]:
        """One for each wait, the longest first, then how many are not shown."""
        ordered = sorted(self._until.items(), key=lambda pair: pair[1], reverse=True)
        shown = [
            say(
                self._lang,
                "progress.waits",
                check=check,
                until=local_time(until, now),
                left=left((until - now).total_seconds()),
            )
            for check, until in ordered[:MOST_LINES]
        ]
        more = len(ordered) - len(shown)
        return [*shown, say(self._lang, "progress.more_waits", count=more)] if more else shown
