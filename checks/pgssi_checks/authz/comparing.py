"""What an answer shows of a record that belongs to somebody else: pure, over captured answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from html import unescape
from urllib.parse import unquote, unquote_plus

from pgssi_probe.check import Exchange, Response
from pgssi_probe.compare.absence import Absence, Likeness
from pgssi_probe.compare.similarity import same_page_threshold
from pgssi_probe.redact.text import PATTERNS

MAX_TEXT = 400_000
SHORTEST = 4
PROVING = frozenset({"nir"})
"""Kinds of learned values that no application shows to another user on purpose."""
NIR_SAID = re.compile(
    r"\bNIR\b|\bINS\b|\bNNI\b|s[ée]curit[ée][ _]sociale|\bs[ée]cu\b|social[ _-]?security|\bSSN\b", re.IGNORECASE
)
NIR_SAID_WITHIN = 80
"""Characters before a number where what it is may be said."""
TELLING = frozenset({"e-mail", "phone", "rpps"})
"""Kinds that a directory may show to colleagues: seen elsewhere, they are to be confirmed by a person."""
MAX_MARKS = 200
TOLD_BY = 2
"""Answers that repeat a contact detail before it is taken for the account's own."""
SHARE = 0.5
"""Share of the reserved lines of a page that make another answer the same page [ours]."""
REFUSED = frozenset({401, 403, 404, 410})


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


@dataclass(frozen=True)
class Marks:
    """Values that an account alone is shown. `declared` and `proving` prove, `telling` suggests. Never written."""

    declared: frozenset[str] = field(default=frozenset(), repr=False)
    proving: frozenset[str] = field(default=frozenset(), repr=False)
    telling: frozenset[str] = field(default=frozenset(), repr=False)
    named: frozenset[str] = field(default=frozenset(), repr=False)
    """Those of `telling` that bear the user name of the account: nobody else's."""

    @property
    def proofs(self) -> frozenset[str]:
        return self.declared | self.proving

    def beside(self, text: str) -> Marks:
        """Without what only suggests and stands in a text that somebody else is shown as well."""
        telling = frozenset(value for value in self.telling if value not in text)
        return replace(self, telling=telling, named=self.named & telling)

    def __bool__(self) -> bool:
        return bool(self.declared or self.proving or self.telling)


def text_of(exchange: Exchange) -> str:
    """What an answer says, with the escapes of JSON and HTML undone; bytes as they are for what is no text."""
    response = exchange.response
    if response is None:
        return ""
    if "json" in response.media_type and len(response.body) <= MAX_TEXT:
        try:
            return json.dumps(json.loads(response.body), ensure_ascii=False)
        except (ValueError, RecursionError):
            return response.text[:MAX_TEXT]
    if response.media_type.startswith("text/") or "xml" in response.media_type or not response.media_type:
        return unescape(response.text[:MAX_TEXT])
    return response.body[:MAX_TEXT].decode("latin-1")


def marks(declared: Iterable[str], own: Sequence[str], others: str, public: str, username: str = "") -> Marks:
    """Values of the answers to an account that the texts shown to another and to nobody do not hold.

    `own` are texts: the bytes of a document hold digits by chance.
    A declared value is the account's alone even where the other was shown it: that is the weakness. An address or a
    number is the account's when it bears its user name or when several of its answers repeat it: what stands once
    may be of the doctor who wrote.
    """
    text = "\n".join(own)
    telling = _recognised(text, others, TELLING)
    return Marks(
        declared=frozenset(value for value in declared if len(value) >= SHORTEST and value not in public),
        proving=_recognised(text, others, PROVING),
        telling=frozenset(value for value in telling if _names(value, username) or _repeated(value, own)),
        named=frozenset(value for value in telling if _names(value, username)),
    )


def passwords_shown(password: str, answers: Iterable[str]) -> frozenset[str]:
    """The password of an account with the name of its member, where an answer in JSON gives it as it is: nothing that
    anybody, its owner included, is to be shown. A word alone would be found by chance."""
    if len(password) < SHORTEST:
        return frozenset()
    pattern = re.compile(
        r'"(?:\w{0,20}(?:password|passwd|passphrase)|pwd|mdp|mot_?de_?passe)": '
        + re.escape(json.dumps(password, ensure_ascii=False)),
        re.IGNORECASE,
    )
    return frozenset(match.group() for answer in answers for match in pattern.finditer(answer))


def _names(value: str, username: str) -> bool:
    return bool(username) and value.partition("@")[0].casefold() == username.partition("@")[0].casefold()


def _repeated(value: str, answers: Sequence[str]) -> bool:
    return sum(value in answer for answer in answers) >= TOLD_BY


@lru_cache(maxsize=32)
def _recognised(own: str, elsewhere: str, kinds: frozenset[str]) -> frozenset[str]:
    found: dict[str, None] = {}
    for kind, pattern in PATTERNS:
        if kind in kinds:
            matches = (match for match in pattern.finditer(own) if kind != "nir" or _is_nir(match))
            found.update((match.group().strip(), None) for match in matches)
    return frozenset([value for value in found if value not in elsewhere][:MAX_MARKS])


def _is_nir(match: re.Match[str]) -> bool:
    """Whether the number is one for sure: its control key is right (Insee: 97 minus the number modulo 97), or the text
    says so before it. A date in milliseconds has thirteen digits too."""
    bare = re.sub(r"&[^;]{1,8};|[^0-9ABab]", "", match.group()).upper()
    number = bare[:13].replace("2A", "19").replace("2B", "18")
    whole = len(bare) == 15 and number.isdecimal() and bare[13:].isdecimal()
    if whole and int(bare[13:]) == 97 - int(number) % 97:
        return True
    return bool(NIR_SAID.search(match.string, max(0, match.start() - NIR_SAID_WITHIN), match.start()))


def held(values: Iterable[str], exchange: Exchange) -> frozenset[str]:
    """The values that an answer shows, but for those that its own request carried: an error page repeats them."""
    said, request = text_of(exchange), exchange.request
    asked = " ".join((unquote(request.url), unquote_plus(request.body.decode("utf-8", "replace"))))
    return frozenset(value for value in values if value in said and value not in asked)


def is_refused(exchange: Exchange, sign_in_paths: Iterable[str], lands: str | None) -> bool:
    """401, 403, 404, 410, or a redirect to a sign-in page. `lands` is where the answer redirects to."""
    to_sign_in = lands is not None and any(path in lands for path in sign_in_paths)
    return exchange.status in REFUSED or to_sign_in


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
    if answer.response is None or answer.status == 429 or (answer.status or 0) >= 500:
        return Shows.UNKNOWN
    if held(owners.proofs, answer):
        return Shows.RECORD
    return Shows.NOTHING if is_refused(answer, sign_in_paths, lands) else None


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
