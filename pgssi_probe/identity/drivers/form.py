"""Signing in by the form of a page: in one step or two, with a one-time code, and on through the pages that a browser
passes by itself or with a click: an answer posted back to the application, a consent."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.discovery.site import Document, Page
from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.forms import (
    SignInForm,
    code_form,
    consent_form,
    filled,
    sends_itself,
    sign_in_button,
    sign_in_form,
)
from pgssi_probe.identity.judging import Judgement, SignInState, judge_form, no_answer, throttled_by_status
from pgssi_probe.identity.plan import Driver
from pgssi_probe.net.exchange import Exchange, Request

MAX_ONWARD: Final = 4
"""Pages passed after the credentials were given."""


async def by_form(attempt: Attempt, start: str = "") -> Judgement:
    chain = await attempt.follow(Request("GET", start or attempt.plan.url))
    if attempt.returned:
        return Judgement(SignInState.SIGNED_IN, "returned")
    chain = await _onward(attempt, chain)
    chain = await _pressed(attempt, chain)
    page = attempt.landing
    form = _found(attempt, page.document) if page else None
    if page is None or form is None:
        return Judgement(SignInState.SIGNED_IN, "returned") if attempt.returned else _no_form(chain)
    judged = await _submit(attempt, page, form)
    if form.first_step_only and attempt.landing is not None and not attempt.returned:
        second = _found(attempt, attempt.landing.document)
        if second is not None and second.password is not None:
            return await _submit(attempt, attempt.landing, second)
    return judged


async def _pressed(attempt: Attempt, chain: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    """Through the button that signs in elsewhere, where the way begins with one."""
    page = attempt.landing
    button = sign_in_button(page.document) if page is not None and attempt.plan.driver is Driver.OIDC else None
    if page is None or button is None or attempt.returned or _found(attempt, page.document) is not None:
        return chain
    target = attempt.safe(button[0], page)
    if isinstance(target, Judgement):
        return chain
    return await _onward(attempt, await attempt.follow(filled(target, {}, page.url, button=button[1])))


def _found(attempt: Attempt, document: Document) -> SignInForm | None:
    return sign_in_form(document, attempt.plan.username_field, attempt.plan.password_field)


def _no_form(chain: tuple[Exchange, ...]) -> Judgement:
    early = no_answer(chain) or throttled_by_status(chain)
    if early is not None:
        return early
    refused = (chain[-1].status or 0) >= 400
    return Judgement(SignInState.UNKNOWN, "page_refused" if refused else "form_gone")


async def _submit(attempt: Attempt, page: Page, form: SignInForm) -> Judgement:
    typed: dict[str, str] = {}
    if form.username is not None:
        typed[form.username.name] = attempt.username
    if form.password is not None:
        typed[form.password.name] = attempt.password.reveal()
    if form.code is not None and attempt.totp is not None:
        typed[form.code.name] = await attempt.code(attempt.totp)
    target = attempt.safe(form.form, page)
    if isinstance(target, Judgement):
        return target
    before = attempt.held()
    request = filled(target, typed, page.url)
    chain = await (attempt.hand_over(request) if form.password is not None else attempt.follow(request))
    chain = await _onward(attempt, chain)
    judged = _judge(attempt, page.document, chain, before, urlsplit(page.url).path)
    if judged.state is SignInState.SECOND_FACTOR and attempt.totp is not None and attempt.landing is not None:
        return await _second_factor(attempt, attempt.landing)
    return judged


async def _second_factor(attempt: Attempt, page: Page) -> Judgement:
    form = code_form(page.document)
    asked = Judgement(SignInState.SECOND_FACTOR, "code_form")
    if form is None or form.code is None or attempt.totp is None or attempt.codes:
        return asked
    target = attempt.safe(form.form, page)
    if isinstance(target, Judgement):
        return target
    attempt.codes += 1
    before = attempt.held()
    chain = await attempt.follow(filled(target, {form.code.name: await attempt.code(attempt.totp)}, page.url))
    chain = await _onward(attempt, chain)
    judged = _judge(attempt, page.document, chain, before, urlsplit(page.url).path)
    refused = judged.state is SignInState.SECOND_FACTOR
    return Judgement(SignInState.SECOND_FACTOR, "code_refused") if refused else judged


async def _onward(attempt: Attempt, chain: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    """Through the pages that send themselves, and at a provider through its consent. The last chain."""
    for _ in range(MAX_ONWARD):
        page = attempt.landing
        if page is None or attempt.returned or (chain[-1].status or 500) >= 400:
            break
        form, button = sends_itself(page.document), None
        if form is None and attempt.plan.driver is Driver.OIDC and attempt.given:
            form, button = consent_form(page.document) or (None, None)
        if form is None:
            break
        if attempt.returns is not None and attempt.returns(form.action):
            attempt.returned = form.action
            attempt.posted = {field.name: field.value for field in form.fields if field.kind == "hidden"}
            break
        target = attempt.safe(form, page)
        if isinstance(target, Judgement):
            break
        chain = (*chain, *await attempt.follow(filled(target, {}, page.url, button=button)))
    return chain


def _judge(
    attempt: Attempt, before: Document, chain: tuple[Exchange, ...], held: dict[str, str], path: str
) -> Judgement:
    if attempt.returned:
        return Judgement(SignInState.SIGNED_IN, "returned")
    return judge_form(before, chain, attempt.landing, path, cookies_changed=attempt.held() != held)
