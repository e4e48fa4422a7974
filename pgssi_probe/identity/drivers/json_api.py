"""Signing in to a JSON API whose address or names may not be known: likeliest first, within bounds."""

from __future__ import annotations

from urllib.parse import urlencode

from pgssi_probe.identity import jsonapi
from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.judging import Judgement, SignInState, judge_json
from pgssi_probe.identity.plan import SignInPlan, Taken
from pgssi_probe.identity.schemes import bearer
from pgssi_probe.net.exchange import Request, Response

ABSENT = frozenset({404, 405, 501})
GRANT = "grant_type"
UNREAD = frozenset({400, 415, 422})


async def by_json(attempt: Attempt) -> Judgement:
    plan = attempt.plan
    if plan.page_url:
        await attempt.follow(Request("GET", plan.page_url))
    judged = Judgement(SignInState.UNKNOWN, "no_sign")
    for ways in _ways(attempt):
        for way in ways:
            judged, status = await _post(attempt, way)
            if status not in UNREAD:
                break
        if judged.signal not in {"no_endpoint", "no_json"}:
            break
    return judged


def _ways(attempt: Attempt) -> tuple[tuple[Taken, ...], ...]:
    """For each address the shapes to try. What was taken once, and where attempts may be counted the first only."""
    plan = attempt.plan
    if plan.accepted:
        return ((plan.accepted[0],),)
    ways = tuple(
        (*_described(plan, url), *jsonapi.shapes(url, plan.username_field, plan.password_field, plan.named))
        for url in plan.endpoints or (plan.url,)
    )
    return ways if attempt.own else (ways[0][:1],)


def _described(plan: SignInPlan, url: str) -> tuple[Taken, ...]:
    """The fields that a description names, where the operator names none."""
    if plan.username_field or plan.password_field:
        return ()
    return tuple(one for one in plan.described if one.url == url and one.names)


async def _post(attempt: Attempt, way: Taken) -> tuple[Judgement, int | None]:
    values = {"username": attempt.username, "password": attempt.password.reveal()}
    # The kind of a grant is called `password` too (RFC 6749 §4.3.2): it is no credential.
    body = {key: meaning if key == GRANT else values.get(meaning, meaning) for key, meaning in way.names.items()}
    if attempt.totp is not None:
        body |= dict.fromkeys(("totp", "otp"), await attempt.code(attempt.totp))
    kind = "application/x-www-form-urlencoded" if way.as_form else "application/json"
    headers = (*jsonapi.csrf_headers(attempt.session, way.url, attempt.landing), ("Content-Type", kind))
    if attempt.plan.page_url:
        headers = (*headers, ("Referer", attempt.plan.page_url))
    sent = urlencode(body).encode("ascii") if way.as_form else jsonapi.encoded(body)
    before, page = attempt.held(), attempt.landing
    chain = await attempt.hand_over(Request("POST", way.url, headers, sent))
    last = chain[-1]
    attempt.landing = attempt.landing or page
    if last.status in ABSENT:
        return Judgement(SignInState.UNKNOWN, "no_endpoint"), last.status
    data = jsonapi.parsed(last.response)
    token = jsonapi.token_in(data)
    changed = attempt.held() != before
    if data is None and not changed and _is_page(last.response):
        return Judgement(SignInState.UNKNOWN, "no_json", sure=False), last.status
    judged = judge_json(chain, data, token=token is not None, cookies_changed=changed)
    if judged.state is SignInState.SIGNED_IN:
        if token is not None:
            carried = bearer(token, *attempt.plan.schemes[:1])
            if attempt.plan.token_header:
                carried = (*carried, (attempt.plan.token_header, token))
            attempt.carry(carried, way.url)
        if not attempt.plan.accepted:
            attempt.plan.accepted.append(way)
    return judged, last.status


def _is_page(response: Response | None) -> bool:
    """A page for people where an API was meant: the shell of a scripted application answers at every address."""
    return response is not None and response.is_html and response.status < 400
