"""`https.enforcement`: nothing but a permanent redirect to HTTPS comes over plain HTTP (DT9, RECOWEB R1)."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from pydantic import JsonValue

from pgssi_checks.https.plain import (
    Hop,
    destination,
    falls_back_to_http,
    judge_hop,
    plain_address,
    sets_cookie,
)
from pgssi_probe.check import CheckContext, Exchange, Level, Observation, Reason, Request, Target, inconclusive
from pgssi_probe.compare.similarity import similarity
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Form, Page, Site
from pgssi_probe.net.exchange import Failure

MAX_URLS = 20
FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")
CLEARLY = 0.3
"""By how much an answer must be closer to one than to the other, on a scale of 1 [ours]."""


def plain_origin(target: Target) -> str | None:
    """Where plain HTTP is to be tried; None when an unusual port leaves it unknown."""
    if target.plain_http_url:
        return target.plain_http_url
    if target.scheme == "http":
        return target.origin
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"http://{host}/" if target.port == 443 else None


def addresses(site: Site, limit: int) -> list[str]:
    """Home, login pages, then other pages: HTTPS addresses whose plain form is tried."""
    urls = [site.entry[0].url, site.home.url, *(p.url for p in site.login_pages), *(p.url for p in site.pages)]
    host = urlsplit(site.home.url).hostname
    return [url for url in dict.fromkeys(urls) if urlsplit(url).hostname == host][:limit]


def clear_password_forms(pages: Sequence[Page]) -> list[tuple[Page, Form]]:
    """Forms of HTTPS pages that carry a password and are sent over plain HTTP."""
    return [
        (page, form)
        for page in pages
        for form in page.document.forms
        if page.exchange.secure and form.has_password and urlsplit(form.action).scheme == "http"
    ]


def unknown_user_body(form: Form) -> bytes:
    """The fields of a login form filled with a user who cannot exist."""
    stranger = f"pgssi-probe-{secrets.token_hex(8)}"
    filled = []
    for entry in form.fields:
        if entry.kind == "password":
            filled.append((entry.name, secrets.token_urlsafe(12)))
        elif entry.kind in {"text", "email", "tel"}:
            filled.append((entry.name, stranger))
        elif entry.kind == "hidden":
            filled.append((entry.name, entry.value))
    return urlencode(filled).encode()


def is_processed_in_clear(plain: Exchange, secure: Exchange, elsewhere: Exchange) -> bool:
    """Did the application handle a sign-in that came in clear, rather than redirect or refuse it?

    Yes when it answers as it does over HTTPS (`secure`), and not as plain HTTP answers a POST to an invented
    address (`elsewhere`), which would be a refusal of everything. The words over HTTPS may differ a little: some
    frameworks check more of a request there.
    """
    target = destination(plain)
    if target is not None and urlsplit(target).scheme != "http":
        return False
    return likeness(plain, secure) > likeness(plain, elsewhere) + CLEARLY


def likeness(one: Exchange, other: Exchange) -> float:
    """How alike two answers are, in [0, 1]; 0 as soon as their status or their landing differ."""
    if one.response is None or other.response is None or one.status != other.status:
        return 0.0
    landings = [urlsplit(destination(exchange) or "").path for exchange in (one, other)]
    return similarity(one.response.text, other.response.text) if landings[0] == landings[1] else 0.0


class _Report:
    """Observations in the making: what was seen, by slug."""

    def __init__(self, ctx: CheckContext) -> None:
        self.ctx = ctx
        self.seen: dict[str, list[Exchange]] = defaultdict(list)
        self.extra: dict[str, dict[str, JsonValue]] = defaultdict(dict)

    def add(self, slug: str, exchange: Exchange, **extra: JsonValue) -> None:
        self.seen[slug].append(exchange)
        self.extra[slug] |= extra

    def observations(self) -> list[Observation]:
        return [self._one(slug, exchanges) for slug, exchanges in self.seen.items()]

    def _one(self, slug: str, exchanges: list[Exchange]) -> Observation:
        urls: list[JsonValue] = [*list(dict.fromkeys(exchange.url for exchange in exchanges))[:MAX_URLS]]
        facts: dict[str, JsonValue] = {"count": len(urls), "urls": urls, **self.extra[slug]}
        kept = (self.ctx.keep(exchanges[0]),)
        return Observation(slug=slug, subject=self.ctx.target.site, facts=facts, evidence=kept)


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    report = _Report(ctx)
    for exchange in site.exchanges:
        entering = any(exchange is hop for hop in site.entry)
        if falls_back_to_http(exchange, any_host=entering):
            report.add("redirect-to-http", exchange, location=(destination(exchange) or "")[:500] or None)
    for page, form in clear_password_forms(site.pages):
        report.add("form-posts-http", page.exchange, action=form.action)
    if site.home.response is None:  # an application that is down proves nothing of its plain HTTP port
        return [*report.observations(), inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    if not site.home.secure:
        if ctx.target.scheme == "http":
            report.add(Hop.CONTENT, site.home)
        return report.observations() or [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    origin = plain_origin(ctx.target)
    if origin is None:
        return [*report.observations(), inconclusive(ctx.target.site, Reason.UNDECLARED)]
    reason = await _try_plain(ctx, site, origin, report)
    if reason is not None and not report.seen:
        return [inconclusive(ctx.target.site, reason)]
    return report.observations()


async def _try_plain(ctx: CheckContext, site: Site, origin: str, report: _Report) -> Reason | None:
    """Ask the known addresses over plain HTTP; why nothing could be concluded, or None."""
    reason: Reason | None = None
    for url in addresses(site, int(ctx.setting("addresses_max"))):
        exchange = await ctx.get(plain_address(url, origin))
        if exchange.failure is Failure.OUT_OF_SCOPE:
            return Reason.OUT_OF_SCOPE
        hop = judge_hop(exchange, longest_note=int(ctx.setting("redirect_note_max")))
        if hop is Hop.UNKNOWN:
            reason = Reason.SERVER_ERROR if exchange.response else Reason.CONNECTION_FAILED
            continue
        report.add(hop, exchange, location=(destination(exchange) or "")[:500] or None)
        if hop is Hop.CLOSED:
            return None
        if names := sets_cookie(exchange):
            report.add("cookie-before-https", exchange, cookies=[*names])
    if ctx.allows(Level.ACTIVE):
        await _try_sign_in(ctx, site, origin, report)
    return reason


async def _try_sign_in(ctx: CheckContext, site: Site, origin: str, report: _Report) -> None:
    """One sign-in over plain HTTP and the same over HTTPS, with a user who does not exist."""
    forms = [form for page in site.login_pages for form in page.document.forms if form.has_password]
    host = urlsplit(site.home.url).hostname
    known = next((f for f in forms if f.method == "POST" and urlsplit(f.action).hostname == host), None)
    if known is None:
        return
    body = unknown_user_body(known)
    plain = plain_address(known.action, origin)
    elsewhere = plain_address(f"/{secrets.token_hex(8)}", origin)
    answers = [await ctx.send(Request("POST", url, (FORM_TYPE,), body)) for url in (plain, known.action, elsewhere)]
    if is_processed_in_clear(*answers):
        report.add("login-over-http", answers[0])
