"""What came back from a sign-in: accepted, refused, held back, or one more step. Pure, over captured pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Document, Page
from pgssi_probe.identity.forms import code_form, sign_in_form
from pgssi_probe.identity.jsonapi import says_refused
from pgssi_probe.identity.logout import find_logout
from pgssi_probe.identity.vocabulary import ALREADY_OPEN, CAPTCHA, EXPIRED_FORM, REFUSED, THROTTLED, new_text
from pgssi_probe.net.exchange import Exchange, Failure

REFUSING: Final = frozenset({400, 401, 403, 404, 409, 422})
WAITING: Final = frozenset({423, 429})
CONFLICT: Final = 409
"""The state of the account stands in the way, not the credentials (RFC 9110 §15.5.10): it is signed in elsewhere."""


class SignInState(StrEnum):
    SIGNED_IN = "signed_in"
    REFUSED = "refused"
    SECOND_FACTOR = "second_factor"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`signal` is what it rests on, a key under `identity.signal`. `sure` is False when the oracle should be asked."""

    state: SignInState
    signal: str
    sure: bool = True


def throttled_by_status(chain: Sequence[Exchange]) -> Judgement | None:
    """429, 423, or 503 that says when to come back."""
    for exchange in chain:
        response = exchange.response
        if response is None:
            continue
        if response.status in WAITING or (response.status == 503 and response.header("retry-after")):
            return Judgement(SignInState.THROTTLED, "status")
    return None


def no_answer(chain: Sequence[Exchange]) -> Judgement | None:
    """A chain whose last exchange brought nothing: for want of requests, or of an answer."""
    last = chain[-1]
    if last.response is not None:
        return None
    return Judgement(SignInState.UNKNOWN, "budget" if last.failure is Failure.BUDGET else "no_answer")


def judge_form(
    before: Document | None,
    chain: Sequence[Exchange],
    landing: Page | None,
    sign_in_path: str,
    *,
    cookies_changed: bool,
) -> Judgement:
    """After a form was sent. `before` is the page that held it; `chain` from the POST to the landing."""
    early = no_answer(chain) or throttled_by_status(chain)
    if early is not None:
        return early
    last = chain[-1]
    status = last.status or 0
    document = landing.document if landing is not None else None
    said = new_text(before, document) if document is not None else _plain_words(last)
    has_logout = document is not None and find_logout(document) is not None
    had_logout = before is not None and find_logout(before) is not None
    if has_logout and not had_logout and status < 400:
        return Judgement(SignInState.SIGNED_IN, "sign_out_control")
    asks_again = document is not None and _asks_again(document)
    if status == CONFLICT or (ALREADY_OPEN.search(said) and asks_again):
        return Judgement(SignInState.REFUSED, "already_open")
    if THROTTLED.search(said) and (asks_again or status >= 400):
        return Judgement(SignInState.THROTTLED, "message")
    if document is not None and status < 400 and code_form(document) is not None:
        return Judgement(SignInState.SECOND_FACTOR, "code_form")
    if EXPIRED_FORM.search(said) and (asks_again or status >= 400):
        return Judgement(SignInState.UNKNOWN, "form_expired")
    if cookies_changed and not asks_again and _led_away(chain, sign_in_path):
        return Judgement(SignInState.UNKNOWN, "landing_closed", sure=False)
    if any(exchange.status in REFUSING for exchange in chain):
        return Judgement(
            SignInState.REFUSED, "status", sure=bool(REFUSED.search(said)) or chain[0].status in {401, 422}
        )
    if status >= 500:
        refused = bool(REFUSED.search(said))
        return Judgement(
            SignInState.REFUSED if refused else SignInState.UNKNOWN, "message" if refused else "error", sure=False
        )
    if document is not None and asks_again:
        if _has_captcha(document) and (before is None or not _has_captcha(before)):
            return Judgement(SignInState.THROTTLED, "captcha")
        told = bool(REFUSED.search(said))
        same = urlsplit(last.url).path == sign_in_path
        return Judgement(SignInState.REFUSED, "message" if told else "form_again", sure=told or same)
    if location(last) is not None:
        state = SignInState.SIGNED_IN if cookies_changed else SignInState.UNKNOWN
        return Judgement(state, "left_scope", sure=False)
    if urlsplit(last.url).path != sign_in_path and cookies_changed:
        return Judgement(SignInState.SIGNED_IN, "left_sign_in", sure=False)
    if REFUSED.search(said):
        return Judgement(SignInState.REFUSED, "message", sure=False)
    if cookies_changed:
        return Judgement(SignInState.SIGNED_IN, "cookies", sure=False)
    return Judgement(SignInState.UNKNOWN, "no_sign", sure=False)


def judge_json(chain: Sequence[Exchange], data: Any, *, token: bool, cookies_changed: bool) -> Judgement:
    """After credentials were posted as JSON."""
    early = no_answer(chain) or throttled_by_status(chain)
    if early is not None:
        return early
    last = chain[-1]
    status, text = last.status or 0, last.response.text[:20_000] if last.response else ""
    said = words_of(text)
    if status >= 400 or says_refused(data):
        if THROTTLED.search(said):
            return Judgement(SignInState.THROTTLED, "message")
        if status == CONFLICT or ALREADY_OPEN.search(said):
            return Judgement(SignInState.REFUSED, "already_open")
        if "csrf" in said.split():
            return Judgement(SignInState.UNKNOWN, "form_expired")
        if status >= 500:
            return Judgement(SignInState.UNKNOWN, "error", sure=False)
        return Judgement(
            SignInState.REFUSED,
            "status" if status >= 400 else "message",
            sure=status in {401, 403} or status < 400,
        )
    if token:
        return Judgement(SignInState.SIGNED_IN, "token")
    if cookies_changed:
        return Judgement(SignInState.SIGNED_IN, "cookies", sure=False)
    return Judgement(SignInState.UNKNOWN, "no_sign", sure=False)


def judge_status(chain: Sequence[Exchange], *, certificate: bool = False) -> Judgement:
    """After an address was asked for with credentials in a header, or with a certificate on its connection."""
    if certificate and chain[-1].failure in {Failure.TLS, Failure.RESET}:
        return Judgement(SignInState.REFUSED, "certificate_refused")
    early = no_answer(chain) or throttled_by_status(chain)
    if early is not None:
        return early
    status = chain[-1].status or 0
    if any(exchange.status in {401, 407} for exchange in chain):
        return Judgement(SignInState.REFUSED, "status")
    if status >= 500:
        return Judgement(SignInState.UNKNOWN, "error")
    if status < 400 or status in {403, 404}:  # it knows who asks, and has nothing for them there
        return Judgement(SignInState.SIGNED_IN, "status", sure=False)
    return Judgement(SignInState.REFUSED, "status", sure=False)


def _led_away(chain: Sequence[Exchange], sign_in_path: str) -> bool:
    """Whether the form was answered by a redirect to another page, and that page alone is refused: an account may be
    let in and have no right to what it was led to."""
    first, last = chain[0], chain[-1]
    led = 300 <= (first.status or 0) < 400 and urlsplit(last.url).path != sign_in_path
    return led and last.status in {403, 404} and all((one.status or 500) < 400 for one in chain[:-1])


def _plain_words(exchange: Exchange) -> str:
    """The words of an answer that is bare text, as interfaces for scripts give it."""
    response = exchange.response
    bare = response is not None and response.media_type == "text/plain"
    return words_of(response.text[:2000]) if bare and response is not None else ""


def _asks_again(document: Document) -> bool:
    form = sign_in_form(document)
    return form is not None or document.asks_password


def _has_captcha(document: Document) -> bool:
    fields = (field for form in document.forms for field in form.fields)
    return any(CAPTCHA.search(f"{field.name} {field.identifier}") for field in fields) or any(
        CAPTCHA.search(resource.url) for resource in document.resources
    )
