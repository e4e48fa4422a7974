"""What an answer shows of a record that belongs to somebody else: pure, over captured answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import unquote, unquote_plus

from pgssi_probe.check import Exchange, Response
from pgssi_probe.compare.absence import Absence, Likeness
from pgssi_probe.compare.marks import Marks, text_of
from pgssi_probe.compare.similarity import same_page_threshold

SHARE = 0.5
"""Share of the reserved lines of a page that make another answer the same page [ours]."""
REFUSED = frozenset({401, 403, 404, 410})
SHORT = 20_000
"""Bytes up to which a page of error may be one that refuses: longer, it quotes code [ours]."""
_REFUSES = re.compile(
    r"\b(?:you|user)\b.{0,20} not (?:allowed|authori[sz]ed|permitted)\b|"
    r"\byou (?:do not|don['’]t) have (?:sufficient |the |enough )?(?:permission|access|right)|"
    r"\bvous n['’][êe]tes pas (?:autoris|habilit)|"
    r"\bvous n['’]avez pas (?:acc[èe]s|(?:l['’]|le |la |les )?(?:droit|permission|autorisation))",
    re.IGNORECASE,
)
"""What tells somebody that they may not. A database or a file system that is refused says it of itself."""


class Shows(StrEnum):
    """What the answer to somebody who should not have it shows."""

    NOTHING = "nothing"
    """A refusal, the sign-in page, or what any address that nobody has gets."""
    RECORD = "record"
    """A value that only the owner may see."""
    TRACES = "traces"
    """A value that tells the owner and that others might be meant to see."""
    SAME = "same"
    """The very answer that the owner gets, without a value that would prove whose it is."""
    OWN = "own"
    """Values of the asker: the address means a different record for each."""
    OTHER = "other"
    """Something else: an empty list, a form, a page without the record."""
    UNKNOWN = "unknown"
    """No answer, a brake, an error of the server."""


def held(values: Iterable[str], exchange: Exchange) -> frozenset[str]:
    """The values that an answer shows, but for those that its own request carried: an error page repeats them."""
    said, request = text_of(exchange), exchange.request
    asked = " ".join((unquote(request.url), unquote_plus(request.body.decode("utf-8", "replace"))))
    return frozenset(value for value in values if value in said and value not in asked)


def is_refused(exchange: Exchange, sign_in_paths: Iterable[str], lands: str | None) -> bool:
    """401, 403, 404, 410, a redirect to a sign-in page, or an error of the server that says that one may not.
    `lands` is where the answer redirects to."""
    to_sign_in = lands is not None and any(path in lands for path in sign_in_paths)
    return exchange.status in REFUSED or to_sign_in or _says_no(exchange)


def _says_no(exchange: Exchange) -> bool:
    response = exchange.response
    short = response is not None and response.status >= 500 and len(response.body) <= SHORT
    return short and bool(_REFUSES.search(text_of(exchange)))


def is_same(answer: Exchange, owner: Exchange, again: Exchange | None = None) -> bool:
    """Whether two answers are one page. `again` is a second answer to the owner: the noise of the page itself."""
    first, second = owner.response, answer.response
    if first is None or second is None or first.status != second.status or not first.body:
        return False
    if first.sha256 == second.sha256:
        return True
    if is_file(owner):
        return False
    likeness = Likeness(owner)
    noise = None if again is None else likeness.fingerprint.similarity(Likeness(again).fingerprint)
    return Likeness(answer).resembles(likeness, same_page_threshold(noise))


def judged_at_once(
    answer: Exchange, owners: Marks, sign_in_paths: Iterable[str] = (), lands: str | None = None
) -> Shows | None:
    """What an answer shows of the record when that is plain without any comparison; None when it is not."""
    if answer.response is None or answer.status == 429:
        return Shows.UNKNOWN
    if held(owners.proofs, answer):
        return Shows.RECORD
    if is_refused(answer, sign_in_paths, lands):
        return Shows.NOTHING
    return Shows.UNKNOWN if answer.response.status >= 500 else None


def judged(
    answer: Exchange,
    owner: Exchange,
    owners: Marks,
    askers: Marks,
    absence: Absence,
    *,
    again: Exchange | None = None,
    reserved: frozenset[str] = frozenset(),
    told: frozenset[str] = frozenset(),
) -> Shows:
    """What an answer that is no plain refusal shows of the record that `owner` shows to its owner.

    `reserved` are the lines of the record that the asker was shown nowhere, `told` those that this answer holds. A page
    that resembles the record and tells none of them is an empty page of the same shape.
    """
    if absence.absent:
        return Shows.NOTHING
    if held(owners.telling, answer):
        return Shows.TRACES
    if held(askers.proofs | askers.telling, answer):
        return Shows.OWN
    if is_file(owner):
        same = is_same_file(answer, owner, again)
        return Shows.SAME if same else Shows.OTHER if is_file(answer) else Shows.NOTHING
    if is_same(answer, owner, again) and reserved and len(told) >= SHARE * len(reserved):
        return Shows.SAME
    if reserved and not told:  # soft refusals: a page of status 200, or a redirect that leads elsewhere
        return Shows.NOTHING
    return Shows.UNKNOWN if absence is Absence.UNKNOWN else Shows.OTHER


def is_file(exchange: Exchange) -> bool:
    """A document: its bytes are compared, there are no lines."""
    response = exchange.response
    kind = response.media_type if response is not None else ""
    return bool(kind) and not kind.startswith("text/") and "json" not in kind and "xml" not in kind


def is_same_file(answer: Exchange, owner: Exchange, again: Exchange | None = None) -> bool:
    """The same bytes; or, where two answers to the owner differ because the file is made at each request, a file of the
    same kind and name that differs from the first only where these two do."""
    first, second = owner.response, answer.response
    if first is None or second is None or first.status != second.status or not first.body:
        return False
    if first.sha256 == second.sha256:
        return True
    noise = again.response if again is not None else None
    if noise is None or noise.sha256 == first.sha256 or noise.status != first.status:
        return False
    if first.media_type != second.media_type or _name(first) != _name(second):
        return False
    if abs(len(second.body) - len(first.body)) > abs(len(noise.body) - len(first.body)):
        return False
    usual, seen = _differing(noise.body, first.body), _differing(second.body, first.body)
    return usual is not None and seen is not None and seen <= usual


def _name(response: Response) -> str:
    return response.header("content-disposition") or ""


def _differing(one: bytes, other: bytes) -> frozenset[int] | None:
    """The numbers of the lines in which two files differ; None when they have not as many lines."""
    lines, others = one.split(b"\n"), other.split(b"\n")
    if len(lines) != len(others):
        return None
    return frozenset(number for number, pair in enumerate(zip(lines, others, strict=True)) if pair[0] != pair[1])
