"""`input.sql`: does a parameter reach a database as part of a query (CWE-89)?

A quote that brings out an error of a database engine, or pairs of conditions, one true and one false, that the page
obeys three times out of three. Nothing waits, nothing is written: a condition joined by AND only narrows a reading.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from pgssi_checks.disclosure.error_pages import sql_error
from pgssi_checks.disclosure.reading import readable
from pgssi_checks.disclosure.traces import Trace
from pgssi_checks.input.asking import Asker, Unheard, concluded, few_pages, go_round, told
from pgssi_checks.input.carried import cookies_of, headers_on
from pgssi_checks.input.conditions import Round, Style, lines, obeyed, styles
from pgssi_checks.input.points import REFUSED, VALUES, Point
from pgssi_probe.check import CheckContext, Exchange, Observation
from pgssi_probe.inventory.model import Place

QUOTES: Final = "'\""
ROUNDS: Final = 3
_SYNTAX: Final = re.compile(
    r"(?<!input )syntax|unterminated|unclosed|not properly (?:ended|terminated)|unrecognized token", re.IGNORECASE
)
"""What an engine says of a query that it cannot read, rather than of a value that it cannot take."""
UNKNOWN: Final = "a"
"""Put where no value is known."""


def error_in(exchange: Exchange) -> Trace | None:
    return sql_error(readable(exchange.response)) if exchange.response is not None else None


async def _one(asker: Asker, point: Point) -> list[Observation]:
    value = point.value or UNKNOWN
    untouched = await asker.shown(point, value)
    if untouched.response is None or (untouched.status or 500) >= 500 or untouched.status in REFUSED:
        raise Unheard
    found = await _error(asker, point, value, untouched)
    if not found and untouched.status == 200 and point.parameter.place is not Place.HEADER:
        for style in styles(value):
            found = await _conditions(asker, point, value, style, untouched)
            if found:
                break
    return found or await _quotes(asker, point, value, untouched)


async def _quotes(asker: Asker, point: Point, value: str, untouched: Exchange) -> list[Observation]:
    """A quote makes the page fail, the same one doubled does not, three times: a sign of a query that breaks without
    saying so, and of nothing else that is common."""
    if untouched.response is None or (untouched.status or 500) >= 400:
        return []
    for quote in QUOTES:
        last: Exchange | None = None
        for _ in range(ROUNDS):
            once = await asker.shown(point, value + quote)
            if not fails(once):
                break
            twice = await asker.shown(point, value + quote * 2)
            plain = await asker.shown(point, value)
            if twice.status != untouched.status or plain.status != untouched.status:
                break
            last = once
        else:
            assert last is not None  # noqa: S101 every round gave one
            kept = (asker.ctx.keep(last, title="quote"),)
            return [told(asker.ctx, "quotes", point, kept, point.request(value + quote), rounds=ROUNDS)]
    return []


def fails(exchange: Exchange) -> bool:
    """An error of the application, not of a relay before it."""
    return exchange.status is not None and exchange.status >= 500 and exchange.status not in {502, 503, 504}


async def _error(asker: Asker, point: Point, value: str, untouched: Exchange) -> list[Observation]:
    """A message of an engine that the quote alone brings out, twice; another strange value does not."""
    got = await asker.shown(point, value + QUOTES)
    trace = error_in(got)
    if trace is None or error_in(untouched) is not None:
        return []
    other = await asker.shown(point, value + "zz")
    if error_in(other) is not None and value.isdigit() and _SYNTAX.search(trace.excerpt):
        other = await asker.shown(point, value + "1")  # letters beside a number are no syntax either
    again = await asker.shown(point, value + QUOTES)
    trace = error_in(again)
    if trace is None or error_in(other) is not None:
        return []
    kept = (asker.ctx.keep(again, excerpt=trace.excerpt, title="quote"),)
    request = point.request(value + QUOTES)
    return [told(asker.ctx, "error", point, kept, request, technology=trace.technology)]


async def _conditions(asker: Asker, point: Point, value: str, style: Style, untouched: Exchange) -> list[Observation]:
    rounds: list[Round] = []
    before = untouched
    last: tuple[Exchange, Exchange] | None = None
    for turn in range(ROUNDS):
        number = secrets.randbelow(8_000) + 1_000
        true, false = style.true(value, number), style.false(value, number)
        order = (true, false) if turn % 2 == 0 else (false, true)  # what alternates by itself obeys neither
        answers = {sent: await asker.shown(point, sent) for sent in order}
        when_true, when_false = answers[true], answers[false]
        if when_true.response is None or when_false.response is None or before.response is None:
            return []
        if when_true.status != 200 or (when_false.status or 500) >= 500 or before.status != 200:
            return []
        rounds.append(
            Round(
                lines(before.response, value, value),
                lines(when_true.response, true, value),
                lines(when_false.response, false, value),
            )
        )
        if not obeyed(rounds, frozenset()):
            return []
        last = (when_true, when_false)
        before = await asker.shown(point, value)
    senseless = style.senseless(value, secrets.randbelow(8_000) + 1_000)
    broken = await asker.shown(point, senseless)
    if broken.response is None or before.response is None or last is None:
        return []
    rounds.append(Round(lines(before.response, value, value), rounds[-1].true, rounds[-1].false))
    telling = obeyed(rounds, lines(broken.response, senseless, value))
    if not telling:
        return []
    when_true, when_false = last
    shown = min(telling, key=len)[:200]
    kept = (
        asker.ctx.keep(when_true, excerpt=shown, title="when-true"),
        asker.ctx.keep(when_false, excerpt=None, title="when-false"),
    )
    request = when_false.request
    return [told(asker.ctx, "conditions", point, kept, request, rounds=ROUNDS, lines=len(telling), style=style.name)]


async def observe(ctx: CheckContext) -> list[Observation]:
    asker = await Asker.of(ctx)
    wanted = asker.points(VALUES, per_template=ctx.setting("per_template"))
    carried = [point for url in few_pages(asker) for point in headers_on(url)] + cookies_of(asker)
    done = await go_round(asker, [*wanted, *carried], _one, most=ctx.setting("points_max"))
    return concluded(ctx, asker, done, "separate")
