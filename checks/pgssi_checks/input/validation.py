"""`input.validation`: is a malformed value refused properly (DT1)?

A refusal or the form shown again is right; an internal error is not, when the untouched request answers well before and
after each of three tries. An impossible value that the page uses as if it were right is a hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pgssi_checks.disclosure.reading import readable
from pgssi_checks.input.asking import MAX_FOUND, Asker, Unheard, concluded, go_round, told
from pgssi_checks.input.points import VALUES, Point
from pgssi_probe.check import CheckContext, Exchange, Observation
from pgssi_probe.discovery.folding import without_accents
from pgssi_probe.discovery.parse import parse_page

Kind = Literal["date", "number", "email", "text"]
Wrong = Literal[
    "impossible-date", "not-a-number", "negative", "huge", "not-an-address", "too-long", "control", "unicode"
]

LONG: Final = 3_000
MAX_SHOWN: Final = 5
"""Parameters whose exchanges are kept."""
TYPED: Final = frozenset({"impossible-date", "not-a-number", "not-an-address"})
"""What no page can take for a right value of its kind."""
RELAYS: Final = frozenset({502, 503, 504})
_DATE_NAME = re.compile(r"(?:^|[_.-])(?:date|jour|day|debut|naissance|birth(?:date)?|dob|since|until)", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d|\d\d/\d\d/(?:19|20)\d\d")
MAX_REFUSAL: Final = 600
"""Characters of a page that refuses: that of an article is no refusal."""
_REFUSED = re.compile(
    r"\b(?:invalid|not (?:valid|found|allowed)|(?:does|do) not exist|doesn.t exist|unknown|n.existe pas|non valide|"
    r"invalide|introuvable|inconnue?|incorrecte?)\b"
)
_BROKEN = re.compile(
    r"traceback|exception|\b(?:type|value|key|name|index|range|syntax)?error:|\bline \d|stack|\bsql|warning|fatal|"
    r"internal|interne|unexpected|inattendu|unhandled|survenue|went wrong|uncaught|undefined"
)
_ERROR = re.compile(
    r"\b(?:err(?:eur|or)s?|invalid\w*|incorrect\w*|inval(?:ide|able)s?|impossible|n.existe pas|not (?:valid|found)|"
    r"must|doit|attendu|expected|format|malform\w*|mauvais\w*|bad|wrong|aucun\w*|no results?|rejected|refuse\w*)\b"
)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A value and what is wrong with it."""

    wrong: Wrong
    value: str


def kind_of(point: Point) -> Kind:
    """What the form says of the field, else what its value is."""
    declared = point.parameter.kind
    if declared in {"date", "datetime-local", "month", "week"} or _DATE.fullmatch(point.value):
        return "date"
    if declared in {"number", "range"} or re.fullmatch(r"-?\d{1,12}", point.value):
        return "number"
    if declared == "email":
        return "email"
    return "date" if _DATE_NAME.search(point.name) else "text"


def malformed(kind: Kind) -> Iterator[Malformed]:
    """A few values, the most telling first. None means anything to a database, a shell or a page."""
    match kind:
        case "date":
            yield Malformed("impossible-date", "2026-02-31")
            yield Malformed("not-a-number", "xxxx-yy-zz")
        case "number":
            yield Malformed("not-a-number", "x7y")
            yield Malformed("huge", "9" * 25)
            yield Malformed("negative", "-1")
        case "email":
            yield Malformed("not-an-address", "x@@x")
        case "text":
            yield Malformed("unicode", "\u202e\U0001d53b\u0301\ufffd\u2028é")
    yield Malformed("control", "a\x00b\x0bc")
    yield Malformed("too-long", "a" * LONG)


def is_error(exchange: Exchange) -> bool:
    """An error of the application; those of a relay say nothing of it, and a page that tells in words what is wrong
    with the value is a refusal, whatever its status."""
    failed = exchange.status is not None and exchange.status >= 500 and exchange.status not in RELAYS
    return failed and not refuses(exchange)


def refuses(exchange: Exchange) -> bool:
    """Whether a page tells shortly that a value is invalid or names nothing, and shows nothing of the code."""
    if exchange.response is None or not exchange.response.is_html:
        return False
    said = without_accents(readable(exchange.response)).lower()
    return len(said) <= MAX_REFUSAL and bool(_REFUSED.search(said)) and not _BROKEN.search(said)


def is_well(exchange: Exchange) -> bool:
    return exchange.status is not None and exchange.status < 400


async def uses(answer: Exchange, untouched: Exchange, value: str) -> bool:
    """Whether a page shows the value in its text, which is not a field, and tells of no error that it did not tell."""
    if answer.status != 200:
        return False
    page, before = await parse_page(answer), await parse_page(untouched)
    if page is None or before is None or value not in page.document.text:
        return False
    told_now, told_before = (
        set(_ERROR.findall(without_accents(one.document.text).lower().replace(value.lower(), "")))
        for one in (page, before)
    )
    return not told_now - told_before


async def _one(asker: Asker, point: Point) -> list[Observation]:
    untouched = await asker.untouched(point)
    if not is_well(untouched):
        raise Unheard
    hints: list[Observation] = []
    for tried in malformed(kind_of(point)):
        answer = await asker.shown(point, tried.value)
        if is_error(answer) and (again := await _three_times(asker, point, tried.value)) is not None:
            kept = (asker.ctx.keep(again, title="malformed"),)
            request = point.request(tried.value)
            status = again.status or 0
            return [*hints, told(asker.ctx, "server-error", point, kept, request, wrong=tried.wrong, status=status)]
        if tried.wrong in TYPED and not hints and await uses(answer, untouched, tried.value):
            again = await asker.shown(point, tried.value)
            if await uses(again, untouched, tried.value):
                kept = (asker.ctx.keep(again, excerpt=tried.value, title="used"),)
                hints = [told(asker.ctx, "accepted", point, kept, point.request(tried.value), wrong=tried.wrong)]
    return hints


async def _three_times(asker: Asker, point: Point, value: str) -> Exchange | None:
    """The last of two more errors, each between two good answers to the untouched request; None otherwise."""
    last: Exchange | None = None
    for _ in range(2):
        if not is_well(await asker.untouched(point)):
            return None
        last = await asker.shown(point, value)
        if not is_error(last):
            return None
    return last if is_well(await asker.untouched(point)) else None


async def observe(ctx: CheckContext) -> list[Observation]:
    asker = await Asker.of(ctx)
    every = asker.points(VALUES, per_template=ctx.setting("per_template"))
    every.sort(key=lambda point: (point.signs_in, kind_of(point) == "text"))  # what is converted breaks first
    done = await go_round(asker, every, _one, most=ctx.setting("points_max"))
    done.found = _together(ctx, done.found)
    return concluded(ctx, asker, done, "handled")


def _together(ctx: CheckContext, found: list[Observation]) -> list[Observation]:
    """One observation of each kind for the site: the remedy is the same everywhere."""
    groups: dict[str, list[Observation]] = {}
    for one in found:
        groups.setdefault(one.slug or "", []).append(one)
    return [
        Observation(
            slug=slug,
            subject=ctx.target.site,
            facts={
                "count": len(every),
                "requests": [*dict.fromkeys(str(one.facts["request"]) for one in every)][:MAX_FOUND],
                "wrong": [*dict.fromkeys(str(one.facts["wrong"]) for one in every)],
            },
            evidence=tuple(kept for one in every[:MAX_SHOWN] for kept in one.evidence),
        )
        for slug, every in groups.items()
    ]
