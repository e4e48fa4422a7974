"""What the formats for machines share: harmless text, addresses, JSON, and why nothing was concluded."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID, uuid5

from pgssi_probe.model.outcome import Outcome
from pgssi_probe.model.result import CheckRun
from pgssi_reports.html.source import Source
from pgssi_reports.visible import visible

NAMESPACE: Final = UUID("5b0c6c3e-52f5-5d4e-9f0a-7e1f8b1c2a65")
URI_MAX: Final = 2000
_URI_SAFE: Final = "/:?#[]@!$&'()*+,;=%-._~"
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def line(text: str, limit: int = 2000) -> str:
    """Text on one line, in which nothing is hidden and nothing acts."""
    return visible(text, limit)


def lines(text: str, limit: int = 8000) -> str:
    """The same with its line breaks."""
    return visible(text, limit, lines=True)


def uri(text: str) -> str:
    """Any text as something that the grammar of RFC 3986 accepts: everything else is percent-encoded."""
    return _BROKEN_ESCAPE.sub("%25", quote(visible(text, URI_MAX), safe=_URI_SAFE))


def token(text: str) -> str:
    """An identifier that starts with a letter and holds letters, digits, dots, dashes and underscores (OSCAL, XML)."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:100]
    return name if name[:1].isalpha() else f"x-{name}"


def stable_uuid(*parts: str) -> str:
    """The same parts always give the same identifier (RFC 9562, version 5)."""
    return str(uuid5(NAMESPACE, "\0".join(parts).encode("utf-8", "replace").decode()))


def instant(moment: datetime) -> str:
    """A moment in UTC, to the millisecond (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_bytes(data: Any) -> bytes:
    """JSON that people can read too. Lone surrogates cannot be written: `line` and `lines` leave none."""
    return (json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def sentence(outcome: Outcome, source: Source) -> str:
    """What was seen, as people read it; for nothing concluded, why."""
    if outcome.reason is not None and outcome.status.value == "inconclusive":
        return line(source.words.say("format.no_conclusion", reason=source.reason(outcome.reason)))
    return line(source.words.text(outcome.sentence))


def unfinished(check: CheckRun, source: Source) -> str:
    """Why a check that did not complete says nothing, and the line of the engagement that is missing."""
    words = source.words
    if check.state == "error":
        said = words.say("format.failed_check")
    elif check.state == "interrupted":
        said = words.say("format.cut_short")
    else:
        reason = source.reason(check.reason) if check.reason else words.say("format.no_reason")
        said = words.say("format.not_run", reason=reason)
    if check.missing:
        said += " " + words.say("format.missing", line=check.missing)
    return line(said)


def rule_ids(outcome: Outcome, source: Source) -> tuple[str, ...]:
    """The rules that a failure speaks against."""
    return tuple(rule.rule for rule in source.accused.get(outcome.id, []))
