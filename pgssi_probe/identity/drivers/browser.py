"""Signing in by a window of Chromium, for pages that scripts draw. What the window sent is learned, so that the next
sign-in is one request again; it is believed once it has signed in by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import quote_plus

from pgssi_probe.check.context import CheckContext, CollectorContext, Network
from pgssi_probe.check.through import Through
from pgssi_probe.discovery.address import absolute
from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.drivers.har import replayed
from pgssi_probe.identity.drivers.header import by_basic
from pgssi_probe.identity.drivers.json_api import by_json
from pgssi_probe.identity.har import Sent, anchors_of, bears_of, credentials_of
from pgssi_probe.identity.jsonapi import parsed
from pgssi_probe.identity.judging import Judgement, SignInState, no_answer, throttled_by_status
from pgssi_probe.identity.plan import Driver, Learned
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.schemes import basic
from pgssi_probe.identity.session import same_party
from pgssi_probe.identity.vocabulary import REFUSED, THROTTLED, new_text
from pgssi_probe.model.account import Secret
from pgssi_probe.net.exchange import Exchange, Headers, Request

MAX_REQUESTS: Final = 150
"""Requests of one visit that signs in [ours]: pages of heavy scripts take about fifty."""
MAX_GIVEN: Final = 2
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS")


class Window(Through):
    """The network that a window of the browser is given: never a national provider, and never more of the password, or
    more requests, than a person would send."""

    def __init__(self, network: Network, password: Secret) -> None:
        super().__init__(network)
        self._held = tuple(
            {
                form.encode()
                for form in (password.reveal(), quote_plus(password.reveal()), json.dumps(password.reveal())[1:-1])
                if form
            }
        )
        self.given = 0
        self.sent = 0

    async def send(self, request: Request) -> Exchange:
        holds = any(each in request.body for each in self._held)
        self.sent += 1
        self.given += holds
        if self.sent > MAX_REQUESTS or (holds and self.given > MAX_GIVEN) or not self.in_scope(request.url):
            refused = replace(request, url="http://refused.invalid/", body=b"", headers=())
            return replace(await self._network.send(refused), request=request)  # out of the scope: it goes nowhere
        return await super().send(request)

    def in_scope(self, url: str) -> bool:
        return super().in_scope(url) and provider_of(url) is None


async def by_browser(ctx: CheckContext | CollectorContext, attempt: Attempt) -> Judgement:
    learned = attempt.plan.learned
    if attempt.plan.basic_at:
        return await by_basic(attempt, attempt.plan.basic_at[0])
    if learned and (attempt.own or learned[0].proved):
        judged = await replayed(attempt, learned[0].sent)
        if judged.state is SignInState.SIGNED_IN and attempt.own:
            learned[0] = Learned(learned[0].sent, proved=True)
        if judged.state is not SignInState.UNKNOWN or learned[0].proved:
            return judged
        learned.clear()  # the requests do not make sense without the page around them
    if not attempt.own:
        return Judgement(SignInState.UNKNOWN, "not_ours")
    return await in_a_window(ctx, attempt)


async def by_api(ctx: CheckContext | CollectorContext, attempt: Attempt) -> Judgement:
    """By the JSON API that was found; and when the account's own credentials did not open it, in the way of the page
    itself: the address or the names may be others than those that were guessed."""
    plan = attempt.plan
    if plan.learned or plan.basic_at or plan.opened == [Driver.BROWSER]:
        return await by_browser(ctx, attempt)
    judged = await by_json(attempt)
    settled = judged.state in {SignInState.SIGNED_IN, SignInState.SECOND_FACTOR, SignInState.THROTTLED}
    silent = judged.signal in {"no_answer", "budget"}
    if settled or silent or not attempt.own or plan.found_by == "declared" or plan.accepted:
        return judged
    from pgssi_probe.browser import BROWSER

    if (await ctx.collect(BROWSER)).missing:
        return judged
    attempt.facts["api"] = judged.signal
    again = await in_a_window(ctx, attempt)
    if again.state is SignInState.SIGNED_IN:
        plan.opened[:] = [Driver.BROWSER]  # what was guessed is no sign-in: no wrong password goes there
    return judged if again.signal in {"browser_lost", "browser_no_field"} else again


def as_declared(ctx: CheckContext | CollectorContext, url: str) -> str:
    """The address with the fragment in which the operator declared the route of the form (`/#/login`)."""
    page, sign, fragment = str(ctx.declared.get("login.url") or "").partition("#")
    same = bool(sign) and absolute(page or "/", ctx.target.url) == url.partition("#")[0]
    return f"{url.partition('#')[0]}#{fragment}" if same else url


async def in_a_window(ctx: CheckContext | CollectorContext, attempt: Attempt) -> Judgement:
    from pgssi_probe.browser import BROWSER, BrowserLost, browser_sign_in

    browser = await ctx.collect(BROWSER)
    if browser.missing:
        return Judgement(SignInState.UNKNOWN, "browser_missing")
    declared = ctx.metadata.sends.methods if isinstance(ctx, CheckContext) else ("GET", "HEAD", "POST")
    plan, session = attempt.plan, attempt.session
    code = await attempt.code(attempt.totp) if attempt.totp is not None else None
    try:
        async with browser.visit(
            Window(session.network, attempt.password),
            session.clock,
            label=session.label,
            methods=tuple(method for method in METHODS if method in declared),
            seconds=60.0,
        ) as visit:
            done = await browser_sign_in(
                visit,
                as_declared(ctx, plan.page_url or plan.url),
                attempt.username,
                attempt.password,
                code=code,
                username_field=plan.username_field or "",
                password_field=plan.password_field or "",
            )
    except BrowserLost as lost:
        attempt.facts["browser"] = str(lost.reason)
        return Judgement(SignInState.UNKNOWN, "browser_lost")
    attempt.exchanges += done.exchanges
    if not plan.heard:
        plan.heard.extend(one for one in done.opening if one.request.method == "POST")
    attempt.landing = done.after.page
    if not done.typed:
        return Judgement(SignInState.UNKNOWN, "browser_no_field")
    attempt.facts["driver"] = str(Driver.BROWSER)
    session.jar = done.session.jar
    session.headers, session.origin = done.session.headers, done.session.origin
    source = done.before.exchange
    told = source.response.text if source is not None and source.response is not None else ""
    _learn(attempt, done.exchanges, tuple(session.headers), told)
    return _judged(done.exchanges, done.before.page, attempt, asks_again=done.asks_again)


def _judged(exchanges: tuple[Exchange, ...], before: object, attempt: Attempt, *, asks_again: bool) -> Judgement:
    posted = [exchange for exchange in exchanges if exchange.request.method not in {"GET", "HEAD", "OPTIONS"}]
    early = no_answer(posted[-1:]) if posted else None
    early = early or throttled_by_status(posted)
    if early is not None:
        return early
    page, first = attempt.landing, getattr(before, "document", None)
    said = new_text(first, page.document) if page is not None else ""
    if asks_again:
        if THROTTLED.search(said):
            return Judgement(SignInState.THROTTLED, "message")
        told = bool(REFUSED.search(said)) or any(exchange.status in {400, 401, 403, 422} for exchange in posted)
        return Judgement(SignInState.REFUSED, "message" if told else "form_again", sure=told)
    return Judgement(SignInState.SIGNED_IN, "left_sign_in", sure=False)


def _learn(attempt: Attempt, exchanges: Iterable[Exchange], carried: Headers, told: str) -> None:
    """Keep the requests that carried the credentials, when one of them carried the password as it was typed."""
    found: list[Sent] = []
    for exchange in exchanges:
        request = exchange.request
        kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        one = credentials_of(
            request.method, request.url, kind, request.body, attempt.username, attempt.password.reveal()
        )
        if one is not None:
            bears = bears_of(parsed(exchange.response), carried)
            page = attempt.plan.page_url or attempt.plan.url
            found.append(replace(one, bears=bears, page=page, anchors=anchors_of(one, told)))
    if not attempt.plan.basic_at:
        attempt.plan.basic_at.extend(_opened_by_basic(attempt, exchanges)[:1])
    if any("password" in one.roles.values() for one in found) and not attempt.plan.learned:
        attempt.plan.learned.append(Learned(tuple(found[:2])))


def _opened_by_basic(attempt: Attempt, exchanges: Iterable[Exchange]) -> list[str]:
    """Addresses of the target that the page read with the credentials themselves in the header."""
    carried = basic(attempt.username, attempt.password)[0][1]
    return [
        one.url
        for one in exchanges
        if one.request.method == "GET"
        and one.status == 200
        and same_party(one.url, attempt.home)
        and any(name.lower() == "authorization" and value == carried for name, value in one.request.headers)
    ]
