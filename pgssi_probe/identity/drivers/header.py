"""Signing in by what every request carries: HTTP Basic, Digest, a bearer token, a client certificate."""

from __future__ import annotations

from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.judging import Judgement, SignInState, judge_status
from pgssi_probe.identity.plan import Driver
from pgssi_probe.identity.schemes import DigestAuthoriser, basic, bearer, digest_challenge
from pgssi_probe.identity.session import origin_of
from pgssi_probe.net.exchange import Request


async def by_header(attempt: Attempt) -> Judgement:
    match attempt.plan.driver:
        case Driver.BASIC:
            attempt.carry(basic(attempt.username, attempt.password), attempt.plan.url)
        case Driver.BEARER:
            attempt.carry(bearer(attempt.password.reveal()), attempt.plan.url)
        case Driver.DIGEST:
            chain = await attempt.follow(Request("GET", attempt.plan.url))
            response = chain[-1].response
            challenge = digest_challenge(response.all("www-authenticate")) if response else None
            if challenge is None:
                return Judgement(SignInState.UNKNOWN, "no_challenge")
            attempt.session.authoriser = DigestAuthoriser(challenge, attempt.username, attempt.password)
            attempt.session.origin = origin_of(attempt.plan.url)
    return judge_status(await attempt.hand_over(Request("GET", attempt.plan.url)))


async def by_basic(attempt: Attempt, url: str) -> Judgement:
    """As a scripted page does it that sends what was typed by HTTP Basic with every request."""
    attempt.carry(basic(attempt.username, attempt.password), url)
    return judge_status(await attempt.hand_over(Request("GET", url)))


async def by_certificate(attempt: Attempt) -> Judgement:
    if attempt.session.certificate is None:
        return Judgement(SignInState.UNKNOWN, "no_certificate")
    return judge_status(await attempt.follow(Request("GET", attempt.plan.url)), certificate=True)
