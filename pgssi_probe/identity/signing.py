"""Signing in with a test account, and saying how it went. The probe tries a wrong password on `sacrifice` only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import JsonValue

from pgssi_probe.check.context import CheckContext, CollectorContext
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.danger import is_dangerous_link
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Document, Form, Page
from pgssi_probe.identity import jsonapi
from pgssi_probe.identity.forms import SignInForm, code_form, filled, sign_in_form
from pgssi_probe.identity.judging import (
    Judgement,
    SignInState,
    judge_form,
    judge_json,
    judge_status,
    no_answer,
    throttled_by_status,
)
from pgssi_probe.identity.plan import SIGN_IN, Driver, SignInPlan
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.schemes import DigestAuthoriser, basic, bearer, digest_challenge
from pgssi_probe.identity.session import Session, origin_of
from pgssi_probe.identity.totp import BadTotpSecret, one_time_code
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.net.exchange import Exchange, Request
from pgssi_probe.redact import redact_url

Context = CheckContext | CollectorContext
SACRIFICE: Final = "sacrifice"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a sign-in went. `session` is what the visitor holds after it, whatever the state. `landing` is the last page.

    `why` are facts for the report: `signal` (what the state rests on), `driver`, `status`, `landing`, `confirmed`.
    """

    state: SignInState
    session: Session
    exchanges: tuple[Exchange, ...]
    why: Mapping[str, JsonValue]
    landing: Page | None = None

    @property
    def signed_in(self) -> bool:
        return self.state is SignInState.SIGNED_IN


@dataclass
class Attempt:
    """One sign-in in progress."""

    plan: SignInPlan
    session: Session
    username: str
    password: Secret
    totp: Secret | None
    own: bool = True
    """Whether the credentials are those of the account."""
    exchanges: list[Exchange] = field(default_factory=list)
    landing: Page | None = None
    _codes: int = 0

    async def run(self) -> Judgement:
        match self.plan.driver:
            case Driver.FORM:
                return await self._form()
            case Driver.JSON:
                return await self._json()
            case Driver.BASIC:
                self._carry(basic(self.username, self.password))
                return await self._visit()
            case Driver.BEARER:
                self._carry(bearer(self.password.reveal()))
                return await self._visit()
            case Driver.DIGEST:
                return await self._digest()
            case None:
                return Judgement(SignInState.UNKNOWN, self.plan.reason or "no_form")

    async def follow(self, request: Request) -> tuple[Exchange, ...]:
        chain = await self.session.follow(request)
        self.landing = await parse_page(chain[-1])
        refresh = self._refresh()
        if refresh is not None:
            chain = (*chain, *await self.session.follow(Request("GET", refresh)))
            self.landing = await parse_page(chain[-1])
        self.exchanges += chain
        return chain

    def _refresh(self) -> str | None:
        """Where a page that only says "you are signed in" leads by itself; None for one that has a form to fill."""
        if self.landing is None or self.landing.document.asks_password:
            return None
        links = (link for link in self.landing.document.links if "refresh" in link.rel)
        url = next((link.url for link in links if not is_dangerous_link(link)), None)
        return url if url != self.landing.url else None

    async def _form(self) -> Judgement:
        chain = await self.follow(Request("GET", self.plan.url))
        page = self.landing
        form = self._found(page.document) if page else None
        if page is None or form is None:
            return self._no_form(chain)
        judged = await self._submit(page, form)
        if form.first_step_only and self.landing is not None:
            second = self._found(self.landing.document)
            if second is not None and second.password is not None:
                return await self._submit(self.landing, second)
        return judged

    def _found(self, document: Document) -> SignInForm | None:
        return sign_in_form(document, self.plan.username_field, self.plan.password_field)

    def _no_form(self, chain: tuple[Exchange, ...]) -> Judgement:
        early = no_answer(chain) or throttled_by_status(chain)
        if early is not None:
            return early
        refused = (chain[-1].status or 0) >= 400
        return Judgement(SignInState.UNKNOWN, "page_refused" if refused else "form_gone")

    async def _submit(self, page: Page, form: SignInForm) -> Judgement:
        typed: dict[str, str] = {}
        if form.username is not None:
            typed[form.username.name] = self.username
        if form.password is not None:
            typed[form.password.name] = self.password.reveal()
        if form.code is not None and self.totp is not None:
            typed[form.code.name] = self._code(self.totp)
        target = self._safe(form.form, page)
        if isinstance(target, Judgement):
            return target
        before = self._values()
        chain = await self.follow(filled(target, typed, page.url))
        judged = self._judge(page.document, chain, before, urlsplit(page.url).path)
        if judged.state is SignInState.SECOND_FACTOR and self.totp is not None and self.landing is not None:
            return await self._second_factor(self.landing)
        return judged

    async def _second_factor(self, page: Page) -> Judgement:
        form = code_form(page.document)
        asked = Judgement(SignInState.SECOND_FACTOR, "code_form")
        if form is None or form.code is None or self.totp is None or self._codes:
            return asked
        target = self._safe(form.form, page)
        if isinstance(target, Judgement):
            return target
        self._codes += 1
        before = self._values()
        chain = await self.follow(filled(target, {form.code.name: self._code(self.totp)}, page.url))
        judged = self._judge(page.document, chain, before, urlsplit(page.url).path)
        refused = judged.state is SignInState.SECOND_FACTOR
        return Judgement(SignInState.SECOND_FACTOR, "code_refused") if refused else judged

    def _code(self, secret: Secret) -> str:
        return one_time_code(secret.reveal(), self.session.clock.now())

    def _judge(self, before: Document, chain: tuple[Exchange, ...], held: dict[str, str], path: str) -> Judgement:
        return judge_form(before, chain, self.landing, path, cookies_changed=self._values() != held)

    def _values(self) -> dict[str, str]:
        return {f"{cookie.name};{cookie.domain};{cookie.path}": cookie.value for cookie in self.session.jar}

    def _safe(self, form: Form, page: Page) -> Form | Judgement:
        """The form when credentials may go where it sends them: within the scope, no national provider, not in clear
        from a page that came encrypted (the same address is then tried encrypted)."""
        if provider_of(form.action) is not None:
            return Judgement(SignInState.UNKNOWN, "federated")
        action = form.action
        parts, own = urlsplit(action), urlsplit(page.url)
        if parts.scheme == "http" and own.scheme == "https":
            if parts.hostname != own.hostname:
                return Judgement(SignInState.UNKNOWN, "clear_text")
            action = urlunsplit(("https", own.netloc, parts.path, parts.query, ""))
        if not action or not self.session.network.in_scope(action):
            return Judgement(SignInState.UNKNOWN, "out_of_scope")
        return replace(form, action=action)

    async def _json(self) -> Judgement:
        if self.plan.page_url:
            await self.follow(Request("GET", self.plan.page_url))
        judged = Judgement(SignInState.UNKNOWN, "no_sign")
        shapes = jsonapi.bodies("username", "password", self.plan.username_field, self.plan.password_field)
        if self.plan.accepted or not self.own:
            shapes = tuple(self.plan.accepted) or shapes[:1]  # one attempt is one request where it may be counted
        values = {"username": self.username, "password": self.password.reveal()}
        for shape in shapes:
            body = {key: values[meaning] for key, meaning in shape.items()}
            if self.totp is not None:
                body = {**body, "totp": self._code(self.totp), "otp": self._code(self.totp)}
            headers = (*jsonapi.csrf_headers(self.session, self.plan.url), ("Content-Type", "application/json"))
            if self.plan.page_url:
                headers = (*headers, ("Referer", self.plan.page_url))
            before = self._values()
            chain = await self.follow(Request("POST", self.plan.url, headers, jsonapi.encoded(body)))
            data = jsonapi.parsed(chain[-1].response)
            token = jsonapi.token_in(data)
            judged = judge_json(chain, data, token=token is not None, cookies_changed=self._values() != before)
            if judged.state is SignInState.SIGNED_IN:
                if token is not None:
                    self._carry(bearer(token))
                if not self.plan.accepted:
                    self.plan.accepted.append(shape)
            if chain[-1].status not in {400, 422}:
                break
        return judged

    async def _digest(self) -> Judgement:
        chain = await self.follow(Request("GET", self.plan.url))
        response = chain[-1].response
        challenge = digest_challenge(response.all("www-authenticate")) if response else None
        if challenge is None:
            return Judgement(SignInState.UNKNOWN, "no_challenge")
        self.session.authoriser = DigestAuthoriser(challenge, self.username, self.password)
        self.session.origin = origin_of(self.plan.url)
        return await self._visit()

    def _carry(self, headers: tuple[tuple[str, str], ...]) -> None:
        self.session.headers = headers
        self.session.origin = origin_of(self.plan.url)

    async def _visit(self) -> Judgement:
        return judge_status(await self.follow(Request("GET", self.plan.url)))


async def sign_in(
    ctx: Context,
    label: str,
    password: Secret | None = None,
    plan: SignInPlan | None = None,
    *,
    username: str | None = None,
    session: Session | None = None,
    confirm: bool = True,
) -> SignIn:
    """Sign in with an account of the engagement, in a fresh session unless `session` is given.

    `password` and `username` replace those of the account. What the page says is confirmed by the oracle when it is
    not plain and `confirm` is true. Costs 2 to 8 requests of the check. Never raises for what the target does.

    Raises KeyError for an account that the engagement does not have, and ValueError for credentials that are not its
    own unless the account is `sacrifice`: no other ever meets a wrong password.
    """
    account = ctx.accounts[label]
    _refuse_to_guess(account, label, password, username)
    secret = password or account.password
    found: SignInPlan = await ctx.collect(SIGN_IN) if plan is None else plan
    visitor = session or Session(ctx.network, ctx.clock, label=label)
    if secret is None:
        return SignIn(SignInState.UNKNOWN, visitor, (), {"signal": "no_password", "driver": str(found.driver or "")})
    own = secret == account.password and username in {None, account.username}
    name = account.username if username is None else username
    attempt = Attempt(found, visitor, name, secret, account.totp, own)
    try:
        judged = await attempt.run()
    except BadTotpSecret:
        judged = Judgement(SignInState.UNKNOWN, "bad_totp")
    confirmed: str | None = None
    if confirm and not judged.sure:
        judged, confirmed = await _confirmed(ctx, visitor, judged)
    elif found.captcha and judged.state is SignInState.REFUSED and judged.signal != "message":
        judged = Judgement(SignInState.UNKNOWN, "captcha")
    return SignIn(judged.state, visitor, tuple(attempt.exchanges), _why(attempt, judged, confirmed), attempt.landing)


def _refuse_to_guess(account: Account, label: str, password: Secret | None, username: str | None) -> None:
    wrong = password is not None and password != account.password
    other = username is not None and username != account.username
    if (wrong or other) and label != SACRIFICE:
        raise ValueError(f"only the account {SACRIFICE!r} may meet wrong credentials, not {label!r}")


async def _confirmed(ctx: Context, session: Session, judged: Judgement) -> tuple[Judgement, str | None]:
    from pgssi_probe.identity.oracle import ORACLE, State

    oracle = await ctx.collect(ORACLE)
    if not oracle.usable:
        return judged, None
    seen = await oracle.state(session)
    if seen is State.IN:
        return Judgement(SignInState.SIGNED_IN, judged.signal), seen
    if seen is State.OUT and judged.state is SignInState.UNKNOWN:
        return Judgement(SignInState.REFUSED, judged.signal), seen
    if seen is State.OUT and judged.state is SignInState.SIGNED_IN:
        return Judgement(SignInState.REFUSED, judged.signal), seen
    return judged, seen


def _why(attempt: Attempt, judged: Judgement, confirmed: str | None) -> dict[str, JsonValue]:
    facts: dict[str, Any] = {"signal": judged.signal, "driver": str(attempt.plan.driver or "")}
    if attempt.exchanges:
        last = attempt.exchanges[-1]
        posted = [exchange for exchange in attempt.exchanges if exchange.request.method == "POST"]
        facts["status"] = posted[-1].status if posted else last.status
        facts["landing"] = redact_url(last.url)[:200]
        leaving = location(last)
        if leaving is not None:
            facts["leads_to"] = redact_url(leaving)[:200]
    if confirmed is not None:
        facts["confirmed"] = confirmed
        if last.failure is not None:
            facts["failure"] = str(last.failure)
    return facts
