"""`browser.cache-authenticated`: pages of an account may not be kept by caches (RFC 9111, RECOWEB; DT10)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import JsonValue

from pgssi_checks.browser.own_texts import data_texts, filled_in, marks_of
from pgssi_checks.session.ground import Ground, on_ground
from pgssi_checks.session.walk import walk
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Response, inconclusive
from pgssi_probe.compare.marks import Marks
from pgssi_probe.discovery.parse import parse_page

MAX_SHOWN = 20
_DIRECTIVE = re.compile(r"([a-z-]{2,40})(?:\s*=\s*\"?([^\",]{0,100})\"?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer given to the account, with the text that people read in it."""

    exchange: Exchange
    text: str


def directives(response: Response) -> dict[str, str]:
    """Cache-Control: the directives of all its lines, lower case."""
    lines = ",".join(response.all("cache-control"))
    return {name.lower(): value for name, value in _DIRECTIVE.findall(lines)}


def kept_by(response: Response, *, authorised: bool = False) -> str | None:
    """`shared` when a cache between the user and the server may keep and give the answer to others, `private` when the
    browser may keep it, None when nobody may. `authorised`: the request had an Authorization header, which shared
    caches respect unless told otherwise (RFC 9111 §3.5)."""
    told = directives(response)
    if "no-store" in told:
        return None
    if "private" in told:
        return "private"
    explicit = "public" in told or _seconds(told.get("s-maxage", "")) > 0
    lasting = _seconds(told.get("max-age", "")) > 0 or ("max-age" not in told and _expires_later(response))
    if explicit or (lasting and "no-cache" not in told and not authorised):
        return "shared"
    return "private"


def _seconds(value: str) -> int:
    return int(value) if value.strip().isdigit() and len(value) < 12 else 0


def _expires_later(response: Response) -> bool:
    try:
        end = parsedate_to_datetime(response.header("expires") or "")
        given = response.header("date")
        now = parsedate_to_datetime(given) if given else datetime.now(UTC)
        return end.timestamp() > now.timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


def judge(answers: Iterable[Shown], marks: Marks) -> dict[str, list[Exchange]]:
    """Slug -> answers. Only those that show something of the account count: a canary proves it, its name hints."""
    found: dict[str, list[Exchange]] = {}
    for shown in answers:
        response = shown.exchange.response
        if response is None or response.status != 200:
            continue
        proof = bool(marks.inside(shown.text))
        if not proof and not marks.names_the_account(shown.text):
            continue
        authorised = any(name.lower() == "authorization" for name, _ in shown.exchange.request.headers)
        kept = kept_by(response, authorised=authorised)
        if kept is None:
            slug = "protected"
        elif not proof:
            slug = "named-without-no-store"
        else:
            slug = "shared" if kept == "shared" else "no-store-missing"
        found.setdefault(slug, []).append(shown.exchange)
    return found


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    done = await ground.open()
    starts = (done.landing.url if done.landing else ground.oracle.url, ground.oracle.url, ctx.target.url)
    seen = await walk(ctx, done.session, starts, int(ctx.setting("pages_max")))
    answers = [
        Shown(page.exchange, f"{page.document.text}\n{filled_in(page.exchange.response)}") for page in seen.pages
    ]
    for exchange in seen.exchanges:
        texts = data_texts((exchange,))
        if texts and await parse_page(exchange) is None:
            answers.append(Shown(exchange, texts[0]))
    marks = await marks_of(ctx, ground.label, [shown.text for shown in answers])
    found = judge(answers, marks)
    if "shared" in found or "no-store-missing" in found:
        found.pop("named-without-no-store", None)
    protected = found.pop("protected", [])
    observations = [
        Observation(
            slug=slug, subject=ctx.target.site, facts=_facts(exchanges), evidence=(ctx.keep(exchanges[0], excerpt=""),)
        )
        for slug, exchanges in found.items()
    ]
    if not observations and not protected:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]  # nothing of the account was shown
    if not observations:
        facts: dict[str, JsonValue] = {"count": len(protected)}
        observations.append(Observation(slug="protected", subject=ctx.target.site, facts=facts))
    return observations


def _facts(exchanges: list[Exchange]) -> dict[str, JsonValue]:
    urls: list[JsonValue] = [*list(dict.fromkeys(exchange.url for exchange in exchanges))[:MAX_SHOWN]]
    response = exchanges[0].response
    told = ", ".join(response.all("cache-control"))[:120] if response else ""
    return {"count": len(exchanges), "urls": urls, "header": told or "—"}
