"""Values that tell of one account: declared, or recognised in what it alone is shown. Pure; they live in memory only.

The one place that says what is believed to be a NIR, a telephone number, an e-mail address or an RPPS number in what
an application shows: forms alone deceive. Thirteen digits are a NIR or a time in milliseconds, ten digits a telephone
or an alphabet. Redaction does not ask: it marks whatever has the form (`pgssi_probe.redact.formats`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from html import unescape
from typing import Final

from pgssi_probe.net.exchange import Exchange
from pgssi_probe.redact.text import PATTERNS

MAX_TEXT: Final = 400_000
MAX_MARKS: Final = 200
SHORTEST: Final = 4
TOLD_BY: Final = 2
"""Answers that repeat a contact detail before it is taken for the account's own."""
NIR_SAID_WITHIN: Final = 80
"""Characters before a number where what it is may be said."""
NIR_WHOLE: Final = 15
"""Characters of a NIR with its control key; 13 without."""
_NIR_SAID = re.compile(
    r"\bNIR\b|\bINS\b|\bNNI\b|s[ée]curit[ée][ _]sociale|\bs[ée]cu\b|social[ _-]?security|\bSSN\b", re.IGNORECASE
)
_FILES = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|mjs|json|html?|map|woff2?)$", re.IGNORECASE)


class Kind(StrEnum):
    """Kinds of values that tell a person, by the names of `pgssi_probe.redact.formats`."""

    NIR = "nir"
    EMAIL = "e-mail"
    PHONE = "phone"
    RPPS = "rpps"


class Belief(StrEnum):
    """How much it takes to believe that a number of the right form is what it looks like."""

    SURE = "sure"
    """A NIR whose control key is right, or that the text calls so; a telephone number written as people write one."""
    LIKELY = "likely"
    """A NIR of fifteen characters, its key wrong maybe: test accounts have such. A telephone number of ten digits."""


Wanted = frozenset[tuple[Kind, Belief]]
PROVING: Final[Wanted] = frozenset({(Kind.NIR, Belief.SURE)})
"""What no application shows to another user on purpose."""
TELLING: Final[Wanted] = frozenset(
    {(Kind.EMAIL, Belief.LIKELY), (Kind.PHONE, Belief.LIKELY), (Kind.RPPS, Belief.LIKELY)}
)
"""What a directory may show to colleagues: seen elsewhere, it is to be confirmed by a person."""
OF_A_PERSON: Final[Wanted] = frozenset(
    {(Kind.NIR, Belief.LIKELY), (Kind.EMAIL, Belief.LIKELY), (Kind.PHONE, Belief.SURE)}
)
"""What is personal wherever it is kept, in a browser or in a cache."""
NOTHING: Final[Wanted] = frozenset()


@dataclass(frozen=True)
class Marks:
    """Values that an account alone is shown. `declared` and `proving` prove, `telling` suggests. Never written."""

    declared: frozenset[str] = field(default=frozenset(), repr=False)
    proving: frozenset[str] = field(default=frozenset(), repr=False)
    telling: frozenset[str] = field(default=frozenset(), repr=False)
    named: frozenset[str] = field(default=frozenset(), repr=False)
    """Those of `telling` that bear the user name of the account: nobody else's."""
    name: str = field(default="", repr=False)
    """The user name, "" when everybody is shown it: a mark of the account that proves less."""

    @property
    def proofs(self) -> frozenset[str]:
        return self.declared | self.proving

    @property
    def values(self) -> frozenset[str]:
        return self.proofs | self.telling

    def inside(self, text: str) -> frozenset[str]:
        """The values that stand in a text."""
        return frozenset(value for value in self.values if value in text)

    def names_the_account(self, text: str) -> bool:
        return bool(self.name) and self.name.casefold() in text.casefold()

    def beside(self, text: str) -> Marks:
        """Without what only suggests and stands in a text that somebody else is shown as well."""
        telling = frozenset(value for value in self.telling if value not in text)
        return replace(self, telling=telling, named=self.named & telling)

    def __bool__(self) -> bool:
        return bool(self.values)


def marks(
    declared: Iterable[str],
    own: Sequence[str],
    *,
    others: str = "",
    public: str = "",
    username: str = "",
    proving: Wanted = PROVING,
    telling: Wanted = TELLING,
) -> Marks:
    """Values of the answers to an account that the texts shown to `others` and to everybody do not hold.

    `own` are texts: the bytes of a document hold digits by chance.
    A declared value is the account's alone even where another was shown it: that is the weakness. An address or a
    number that only suggests is the account's when it bears its user name or when several of its answers repeat it:
    what stands once may be of the doctor who wrote.
    """
    own = [text[:MAX_TEXT] for text in own]
    text, elsewhere = "\n".join(own), f"{others}\n{public}"
    suggests = _alone(text, elsewhere, telling)
    named = frozenset(value for value in suggests if _bears(value, username))
    known = len(username) >= SHORTEST and username.casefold() not in public.casefold()
    return Marks(
        declared=frozenset(value for value in declared if len(value) >= SHORTEST and value not in public),
        proving=_alone(text, elsewhere, proving),
        telling=named | {value for value in suggests if sum(value in answer for answer in own) >= TOLD_BY},
        named=named,
        name=username if known else "",
    )


def personal(text: str, wanted: Wanted = OF_A_PERSON) -> tuple[str, ...]:
    """The values of a text that are believed to be of these kinds, in order, without repeats."""
    kinds = dict(wanted)
    found: dict[str, None] = {}
    for name, pattern in PATTERNS:
        if name in kinds:
            kind, belief = Kind(name), kinds[Kind(name)]
            found.update(
                (match.group().strip(), None) for match in pattern.finditer(text) if _is_one(kind, belief, match)
            )
    return tuple(found)


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


@lru_cache(maxsize=32)
def _alone(own: str, elsewhere: str, wanted: Wanted) -> frozenset[str]:
    return frozenset([value for value in personal(own, wanted) if value not in elsewhere][:MAX_MARKS])


def _bears(value: str, username: str) -> bool:
    return bool(username) and value.partition("@")[0].casefold() == username.partition("@")[0].casefold()


def _is_one(kind: Kind, belief: Belief, match: re.Match[str]) -> bool:
    value = match.group().strip()
    match kind, belief:
        case Kind.NIR, Belief.SURE:
            return _has_its_key(value) or _is_said(match)
        case Kind.NIR, Belief.LIKELY:
            return len(_bare(value)) == NIR_WHOLE
        case Kind.PHONE, Belief.SURE:
            return value.startswith(("+33", "0033")) or not value.isdigit()
        case Kind.EMAIL, _:
            return not _FILES.search(value)
    return True


def _bare(value: str) -> str:
    return re.sub(r"&[^;]{1,8};|[^0-9ABab]", "", value).upper()


def _has_its_key(value: str) -> bool:
    """Whether the control key is right (Insee: 97 minus the number modulo 97; 19 and 18 for Corsica's 2A and 2B)."""
    bare = _bare(value)
    number = bare[:13].replace("2A", "19").replace("2B", "18")
    whole = len(bare) == NIR_WHOLE and number.isdecimal() and bare[13:].isdecimal()
    return whole and int(bare[13:]) == 97 - int(number) % 97


def _is_said(match: re.Match[str]) -> bool:
    return bool(_NIR_SAID.search(match.string, max(0, match.start() - NIR_SAID_WITHIN), match.start()))
