"""Signing in as a recording did: the same requests, with the account's own credentials, and with fresh values for all
that serves once: hidden fields, tokens of cookies and of meta tags."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from pgssi_probe.discovery.site import Document, Form, Page
from pgssi_probe.identity import jsonapi
from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.forms import filled
from pgssi_probe.identity.har import BadHar, Sent, at, put, recorded
from pgssi_probe.identity.judging import Judgement, SignInState, judge_form, judge_json
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.schemes import bearer
from pgssi_probe.identity.session import same_party
from pgssi_probe.net.exchange import Exchange, Request
from pgssi_probe.redact import redact_url

_TOKEN_HEADER: Final = re.compile(r"csrf|xsrf|requestverificationtoken", re.IGNORECASE)
KEPT_HEADERS: Final = frozenset({"accept", "x-requested-with", "content-type"})


async def by_har(attempt: Attempt) -> Judgement:
    plan = attempt.plan
    try:
        sent = await asyncio.to_thread(
            recorded, Path(plan.har), frozenset({attempt.username}), plan.username_field, plan.password_field
        )
    except BadHar as wrong:
        return Judgement(SignInState.UNKNOWN, str(wrong))
    return await replayed(attempt, sent)


async def replayed(attempt: Attempt, sent: tuple[Sent, ...]) -> Judgement:
    """These requests again, in order, for the account of the attempt."""
    judged = Judgement(SignInState.UNKNOWN, "no_sign")
    for one in sent:
        if provider_of(one.url) is not None:
            return Judgement(SignInState.UNKNOWN, "federated")
        if not attempt.session.network.in_scope(one.url):
            attempt.facts["recorded_host"] = (urlsplit(one.url).hostname or "")[:100]
            return Judgement(SignInState.UNKNOWN, "har_other_host")
        if not attempt.own and not same_party(one.url, attempt.home):
            return Judgement(SignInState.UNKNOWN, "not_ours")
        if "code" in one.roles.values() and attempt.totp is None:
            return Judgement(SignInState.SECOND_FACTOR, "code_form")
        judged = await _replayed(attempt, one)
        if judged.state not in {SignInState.SIGNED_IN, SignInState.SECOND_FACTOR} and one is not sent[-1]:
            expected = one.status // 100 if one.status else 0
            if "password" in one.roles.values() or (attempt.exchanges[-1].status or 500) // 100 > max(expected, 3):
                break
    return judged


async def _replayed(attempt: Attempt, one: Sent) -> Judgement:
    page = await _page_before(attempt, one)
    form = _same_form(page, one) if page is not None else None
    values = await _fresh(attempt, one, form, page)
    request = _request(attempt, one, values, form, page)
    held = attempt.held()
    chain = await attempt.hand_over(request) if "password" in one.roles.values() else await attempt.follow(request)
    before = page.document if page is not None else None
    changed = attempt.held() != held
    judged = _judged(attempt, chain, before, one, changed=changed)
    if judged.state is SignInState.UNKNOWN or judged.signal == "form_expired":
        _tell(attempt, one, form, chain)
    return judged


async def _page_before(attempt: Attempt, one: Sent) -> Page | None:
    """The page from which the request was sent, fresh; the one at hand when it is that of the step before."""
    if attempt.landing is not None and _same_form(attempt.landing, one) is not None:
        return attempt.landing
    url = one.page if one.page and attempt.session.network.in_scope(one.page) else attempt.plan.url
    if provider_of(url) is None:
        await attempt.follow(Request("GET", url))
    return attempt.landing


def _same_form(page: Page, one: Sent) -> Form | None:
    """The form of a page whose fields are those that were sent."""
    wanted = set(one.roles)
    return next((form for form in page.document.forms if wanted <= {field.name for field in form.fields}), None)


async def _fresh(attempt: Attempt, one: Sent, form: Form | None, page: Page | None) -> dict[str, str]:
    """The recorded values, the credentials replaced, and what serves once as the fresh page and cookies have it."""
    response = page.exchange.response if page is not None else None
    told = response.text if response is not None else ""
    placed = {name: value for name, anchor in one.anchors.items() if (value := anchor.value_in(told))}
    hidden = {field.name: field.value for field in form.fields if field.kind == "hidden"} if form else {}
    cookies = {cookie.name: cookie.value for cookie in attempt.session.jar}
    stale = {value: cookies[name] for name, value in one.cookies.items() if len(value) > 7 and name in cookies}
    values: dict[str, str] = {}
    for name, value in one.values.items():
        match one.roles.get(name):
            case "username":
                values[name] = attempt.username
            case "password":
                values[name] = attempt.password.reveal()
            case "code" if attempt.totp is not None:
                values[name] = await attempt.code(attempt.totp)
            case _:
                values[name] = hidden.get(name) or placed.get(name) or stale.get(value, value)
    return values


def _request(attempt: Attempt, one: Sent, values: dict[str, str], form: Form | None, page: Page | None) -> Request:
    if form is not None and page is not None and one.body is None:
        target = attempt.safe(form, page)
        there = not isinstance(target, Judgement) and urlsplit(target.action).path == urlsplit(one.url).path
        if not isinstance(target, Judgement) and target.method == one.method and there:  # else a script sent it
            return filled(target, values, page.url)
    headers = [pair for pair in one.headers if pair[0].lower() in KEPT_HEADERS]
    tokens = jsonapi.csrf_headers(attempt.session, one.url, page)
    fresh = next((value for name, value in tokens if _TOKEN_HEADER.search(name)), None)
    for name, _ in one.headers:
        if _TOKEN_HEADER.search(name) and fresh is not None:
            headers.append((name, fresh))
    headers += [pair for pair in tokens if pair[0] == "Origin"]
    if page is not None:
        headers.append(("Referer", page.url))
    if one.body is None:
        headers = [pair for pair in headers if pair[0].lower() != "content-type"]
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        return Request(one.method, one.url, tuple(headers), urlencode(values).encode("ascii"))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", one.kind or "application/json"))
    body = one.body
    for name, value in values.items():
        body = put(body, name, value)
    return Request(one.method, one.url, tuple(headers), jsonapi.encoded(body))


def _judged(
    attempt: Attempt, chain: tuple[Exchange, ...], before: Document | None, one: Sent, *, changed: bool
) -> Judgement:
    data = jsonapi.parsed(chain[-1].response)
    if data is None:
        path = urlsplit(one.page or attempt.plan.url).path
        return judge_form(before, chain, attempt.landing, path, cookies_changed=changed)
    token = jsonapi.token_in(data)
    found = token is not None or any(at(data, each.path) for each in one.bears)
    judged = judge_json(chain, data, token=found, cookies_changed=changed)
    if judged.state is not SignInState.SIGNED_IN:
        return judged
    borne = tuple((each.header, each.prefix + value) for each in one.bears if (value := at(data, each.path)))
    if borne or token is not None:
        attempt.carry(borne or bearer(token or "", *attempt.plan.schemes[:1]), one.url)
    return judged


def _tell(attempt: Attempt, one: Sent, form: Form | None, chain: tuple[Exchange, ...]) -> None:
    """What differs from the recording, for the person who made it: addresses, statuses and names of fields only."""
    attempt.facts["recorded_url"] = redact_url(one.url)[:200]
    attempt.facts["recorded_status"] = one.status
    attempt.facts["got_status"] = chain[0].status
    if form is not None:
        there = {field.name for field in form.fields}
        attempt.facts["fields_gone"] = ", ".join(sorted(name[:60] for name in set(one.values) - there)[:12])
