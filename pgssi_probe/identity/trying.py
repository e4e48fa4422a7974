"""One sign-in, as its driver and the pages tell how it went: nothing is confirmed. See `signing` for the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import JsonValue

from pgssi_probe.check.context import CheckContext, CollectorContext
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity.drivers.attempt import AskedAgain, Attempt, Endless, Federated
from pgssi_probe.identity.drivers.browser import by_api, by_browser
from pgssi_probe.identity.drivers.command import by_command
from pgssi_probe.identity.drivers.form import by_form
from pgssi_probe.identity.drivers.har import by_har
from pgssi_probe.identity.drivers.header import by_certificate, by_header
from pgssi_probe.identity.drivers.oidc import by_oidc
from pgssi_probe.identity.drivers.page import by_page
from pgssi_probe.identity.judging import Judgement, SignInState
from pgssi_probe.identity.plan import OWN_ONLY, WITHOUT_PASSWORD, Driver, SignInPlan
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.search import plan_of
from pgssi_probe.identity.session import Session, origin_of
from pgssi_probe.identity.totp import BadTotpSecret
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.net.exchange import Exchange
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
    exchanges: tuple[Exchange, ...] = field(repr=False)
    why: Mapping[str, JsonValue]
    landing: Page | None = field(default=None, repr=False)

    @property
    def signed_in(self) -> bool:
        return self.state is SignInState.SIGNED_IN


async def tried(
    ctx: Context,
    label: str,
    password: Secret | None = None,
    plan: SignInPlan | None = None,
    *,
    username: str | None = None,
    session: Session | None = None,
) -> tuple[Attempt, Judgement]:
    """What was sent for one sign-in, and what its pages say came of it. Raises as `signing.sign_in`."""
    account = ctx.accounts[label]
    _refuse_to_guess(account, label, password, username)
    secret = password or account.password
    found = await plan_of(ctx, label) if plan is None else plan
    home = origin_of(ctx.target.url)
    visitor = session or Session(ctx.network, ctx.clock, label=label, certificate=account.certificate, shown_to=home)
    own = secret == account.password and username in {None, account.username}
    name = account.username if username is None else username
    attempt = Attempt(found, visitor, name, secret or Secret(""), account.totp, own, home, label)
    if secret is None and found.driver is not None and found.driver not in WITHOUT_PASSWORD:
        return attempt, Judgement(SignInState.UNKNOWN, "no_password")
    if not own and (found.federated or found.driver in OWN_ONLY):
        return attempt, Judgement(SignInState.UNKNOWN, "not_ours")
    return attempt, await _attempted(ctx, attempt)


def told(ctx: Context, attempt: Attempt, judged: Judgement) -> SignIn:
    """The sign-in by what its pages say alone, where nobody is asked whether the session is in."""
    if attempt.plan.captcha and judged.state is SignInState.REFUSED and judged.signal != "message":
        judged = Judgement(SignInState.UNKNOWN, "captcha")
    return concluded(ctx, attempt, judged)


def concluded(ctx: Context, attempt: Attempt, judged: Judgement, confirmed: str | None = None) -> SignIn:
    """The sign-in as it is handed on, noted for the journal. `confirmed` is what the oracle said of the session."""
    _note(ctx, attempt, judged)
    return SignIn(
        judged.state, attempt.session, tuple(attempt.exchanges), _why(attempt, judged, confirmed), attempt.landing
    )


def _note(ctx: Context, attempt: Attempt, judged: Judgement) -> None:
    """For the operator's logs (TR1): which request of the journal was a sign-in, and how it ended."""
    carrying = [exchange for exchange in attempt.exchanges if exchange.request.method == "POST"] or attempt.exchanges
    if carrying and carrying[-1].sent_headers:
        ctx.note("sign_in", request=carrying[-1].id, result=str(judged.state), account=attempt.label)


async def _attempted(ctx: Context, attempt: Attempt) -> Judgement:
    """By the driver of the plan; what the pages do to it is a judgement too."""
    if attempt.plan.usable and provider_of(attempt.plan.url) is not None:
        return Judgement(SignInState.UNKNOWN, "federated")
    try:
        judged = await _by_driver(ctx, attempt)
        if attempt.own and attempt.again and judged.state in {SignInState.REFUSED, SignInState.SECOND_FACTOR}:
            attempt.plan.codes.once, attempt.again, attempt.codes = True, False, 0
            judged = await _by_driver(ctx, attempt)  # with a code that was not given yet
        return judged
    except BadTotpSecret:
        return Judgement(SignInState.UNKNOWN, "bad_totp")
    except Endless:
        return Judgement(SignInState.UNKNOWN, "endless")
    except AskedAgain:
        return Judgement(SignInState.UNKNOWN, "asked_again")
    except Federated:
        return Judgement(SignInState.UNKNOWN, "federated")


async def _by_driver(ctx: Context, attempt: Attempt) -> Judgement:
    plan = attempt.plan
    match plan.driver:
        case Driver.OIDC if plan.provider is not None:
            return await by_oidc(attempt, plan.provider)
        case Driver.FORM:
            return await by_page(ctx, attempt)
        case Driver.OIDC:
            return await by_form(attempt)
        case Driver.JSON:
            return await by_api(ctx, attempt)
        case Driver.BASIC | Driver.BEARER | Driver.DIGEST:
            return await by_header(attempt)
        case Driver.CERTIFICATE:
            return await by_certificate(attempt)
        case Driver.HAR:
            return await by_har(attempt)
        case Driver.COMMAND:
            return await by_command(attempt)
        case Driver.BROWSER:
            return await by_browser(ctx, attempt)
        case _:
            return Judgement(SignInState.UNKNOWN, plan.reason or "no_form")


def _refuse_to_guess(account: Account, label: str, password: Secret | None, username: str | None) -> None:
    wrong = password is not None and password != account.password
    other = username is not None and username != account.username
    if (wrong or other) and label != SACRIFICE:
        raise ValueError(f"only the account {SACRIFICE!r} may meet wrong credentials, not {label!r}")


def _why(attempt: Attempt, judged: Judgement, confirmed: str | None) -> dict[str, JsonValue]:
    facts: dict[str, Any] = {"signal": judged.signal, "driver": str(attempt.plan.driver or ""), **attempt.facts}
    if attempt.exchanges:
        last = attempt.exchanges[-1]
        posted = [exchange for exchange in attempt.exchanges if exchange.request.method == "POST"]
        facts["status"] = posted[-1].status if posted else last.status
        facts["landing"] = redact_url(last.url)[:200]
        leaving = location(last)
        if leaving is not None:
            facts["leads_to"] = redact_url(leaving)[:200]
        if last.failure is not None:
            facts["failure"] = str(last.failure)
    if confirmed is not None:
        facts["confirmed"] = confirmed
    return facts
