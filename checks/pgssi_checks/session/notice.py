"""What the page of a closed session tells its user: why it was closed, and how to raise the alarm (AA8). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Document

MAX_LINES = 2_000
MAX_EXCERPT = 400

_WHY = re.compile(
    r"\b(?:autre|nouvelle?|ailleurs|another|other|new|elsewhere|second|deuxieme|simultane\w*|concurrent\w*)\b"
)
_WHAT = re.compile(
    r"\b(?:connexions?|connecte\w*|sessions?|appareil|poste|navigateur|utilise\w*|sign\w* in|log\w* in|login|logon"
    r"|device|browser|location|computer|used)\b"
)
_IDLE = re.compile(r"\b(?:inactiv\w*|inutilise\w*|idle|expire\w*|timed? ?out|delai|duree)\b")
_ALARM = re.compile(
    r"\b(?:prevene\w*|contacte\w*|signale\w*|alerte\w*|appele\w*|avertisse\w*|assistance|support|administrat\w*|helpdesk"
    r"|service informatique|rssi|contact|report|notify|inform|call|tell us|alert|help desk)\b"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """`text` holds the lines that say it, capped. `says_why`: another sign-in closed the session."""

    says_why: bool
    says_alarm: bool
    text: str

    @property
    def closed_elsewhere(self) -> bool:
        """Another sign-in, and no delay, is given as the reason."""
        return self.says_why and not _IDLE.search(words_of(self.text))


def notice_in(document: Document | None, usual: Iterable[str]) -> Notice:
    """What is new on the page for the closed session, against the lines that any visitor is shown there.

    The way to raise the alarm must be in the notice itself or beside it: a link that every page has is not new.
    """
    if document is None:
        return Notice(False, False, "")
    known = {words_of(line) for line in usual}
    new = [line for line in document.text.splitlines()[:MAX_LINES] if words_of(line) not in known]
    said = [(line, words_of(line)) for line in new]
    why = [line for line, words in said if _WHY.search(words) and _WHAT.search(words)]
    alarm = [line for line, words in said if _ALARM.search(words)] if why else []
    return Notice(bool(why), bool(alarm), " ".join(dict.fromkeys([*why, *alarm]))[:MAX_EXCERPT])
