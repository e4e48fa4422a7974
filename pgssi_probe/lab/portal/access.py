"""Signing in and out, and the guard in front of private pages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import struct
from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.refusals import Refusal, SignInNeeded
from pgssi_probe.lab.portal.site import Portal, portal_of, visit_of
from pgssi_probe.lab.sessions import AlreadyOpen, Session

Handler = Callable[[Request], Awaitable[Response]]
HOME_OF_SPACE = "/mon-espace"
UNGUARDED = "unguarded"
"""Name of the mark, on the state of a request, that a weakness sets to keep it from the guard."""


def private(page: Handler) -> Handler:
    """A page for signed-in users. Lets the access policy open some paths, or some requests, to anyone."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        portal, visit = portal_of(request), visit_of(request)
        if portal.blueprint.application and not request.url.path.startswith("/api/"):
            return _shell(request)
        if visit.username is None:
            open_path = request.url.path.startswith(portal.blueprint.access.public_paths or ("\0",))
            sent = _is_sent_all_the_same(request)
            if not open_path and not sent and not getattr(request.state, UNGUARDED, False):
                raise SignInNeeded
            visit.session = _first_patient(portal)
            return _redirected(await page(request)) if sent else await page(request)
        return await page(request)

    return guarded


def _is_sent_all_the_same(request: Request) -> bool:
    return request.url.path.startswith(portal_of(request).blueprint.access.sent_with_redirect or ("\0",))


def _redirected(response: Response) -> Response:
    """The page in the body of a redirect: what a program sends that goes on after it wrote the header."""
    response.status_code = 302
    response.headers["Location"] = "/connexion"
    return response


def _shell(request: Request) -> Response:
    """The one page of an application drawn by a script, the same for everybody."""
    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "forms are sent to the API", {"Allow": "GET, HEAD"})
    portal_of(request).open_session(request)
    return portal_of(request).page(request, "application.html")


def _first_patient(portal: Portal) -> Session:
    session = Session(token="", csrf="", opened=0, seen=0)
    session.username = portal.accounts["a"].username
    return session


def staff(page: Handler) -> Handler:
    """A page for the hospital's staff: other users are refused, and the refusal is recorded."""

    async def guarded(request: Request) -> Response:
        portal, visit = portal_of(request), visit_of(request)
        account = portal.database.account(visit.username or "")
        if portal.blueprint.access.staff_only and (account is None or account["role"] != "agent"):
            if portal.blueprint.access.glimpse:
                return portal.page(request, "gestion/apercu.html", patients=portal.database.patients()[-2:])
            if visit.session is not None and _is_sent_all_the_same(request):
                return _redirected(await page(request))
            portal.record(request, "acces-refuse", visit.username or "")
            raise Refusal(403, "not staff")
        return await page(request)

    return private(guarded)


def check_csrf(request: Request, values: dict[str, str]) -> bool:
    """Whether a form carries the token of the session it comes from."""
    visit = visit_of(request)
    if not portal_of(request).blueprint.sign_in.check_csrf or visit.bearer:
        return True
    return visit.session is not None and visit.session.csrf_matches(values.get("csrf", ""))


def one_time_code(secret: str, moment: float) -> str:
    """TOTP of RFC 6238: SHA-1, 30 seconds, 6 digits; `moment` in seconds since 1970."""
    counter = struct.pack(">Q", int(moment) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def _sign_in_page(request: Request, message: str = "", status: int = 200, wait: float = 0) -> Response:
    portal, visit = portal_of(request), visit_of(request)
    ended = portal.sessions.why_ended(visit.listed) if visit.listed and not visit.session else None
    if portal.blueprint.application:
        return _shell(request)
    if portal.blueprint.tokens.carriage == "header":
        return portal.page(request, "application.html", status)
    portal.open_session(request)
    after = request.query_params.get("suite", "")
    response = portal.page(
        request, "connexion.html", status, message=message, ended=ended, after=after[:200], wait=math.ceil(wait)
    )
    if wait:
        response.headers["Retry-After"] = str(math.ceil(wait))
    return response


async def show_sign_in(request: Request) -> Response:
    if visit_of(request).username is not None and not portal_of(request).blueprint.application:
        return RedirectResponse(HOME_OF_SPACE, 303)
    return _sign_in_page(request)


def attempt(request: Request, typed: str, password: str) -> tuple[str, float]:
    """Try a password under the brake; the user name is as typed.

    Gives `ok`, `refused`, `unknown` or `wait`, and the seconds to wait.
    """
    portal = portal_of(request)
    policy = portal.blueprint.sign_in
    username = typed.casefold()
    key = policy.throttle_key(request, typed)
    passes = policy.right_password_passes and portal.database.password_is(username, password)
    if (wait := portal.brake.remaining(key)) > 0 and not passes:
        portal.record(request, "connexion-freinee", username)
        return ("refused", 0) if policy.silent else ("wait", wait)
    lax = policy.any_password and portal.database.account(username) is not None
    if not lax and not portal.database.password_is(username, password, check_unknown=policy.check_unknown_user):
        portal.brake.failed(key)
        portal.record(request, "connexion-refusee", username)
        known = portal.database.account(username) is not None
        return "refused" if known else policy.unknown_user_message, 0
    portal.brake.succeeded(key)
    return "ok", 0


def welcome(request: Request, username: str) -> Session:
    """Open the signed-in session of a user and send its cookie. Raises AlreadyOpen."""
    portal, visit = portal_of(request), visit_of(request)
    session = portal.sessions.sign_in(visit.session or portal.sessions.open(), username)
    session.previous_sign_in = portal.database.last_sign_in(username)
    portal.database.record_sign_in(username, portal.clock.now(), request.client.host if request.client else "")
    portal.record(request, "connexion", username)
    for hook in portal.blueprint.on_sign_in:
        hook(session)
    portal.give(visit, session)
    return session


async def sign_in(request: Request) -> Response:
    if portal_of(request).blueprint.tokens.carriage == "header" or portal_of(request).blueprint.application:
        raise Refusal(405, "sign-in is by the API", {"Allow": "GET, HEAD"})
    values = await fields.form(request)
    if not check_csrf(request, values):
        return _sign_in_page(request, "form-expired", 403)
    typed = fields.text(values, "identifiant", 80, required=False)
    username = typed.casefold()
    outcome, wait = attempt(request, typed, fields.secret(values, "mot_de_passe"))
    if outcome != "ok":
        return _sign_in_page(request, outcome, 429 if wait else 200, wait)
    portal = portal_of(request)
    after = portal.blueprint.inputs.next_page(values.get("suite", "")) or HOME_OF_SPACE
    if portal.blueprint.sign_in.second_factor:
        portal.open_session(request).pending = username
        return portal.page(request, "second_facteur.html", message="", after=after)
    try:
        welcome(request, username)
    except AlreadyOpen:
        return _sign_in_page(request, "already-open", 409)
    return RedirectResponse(after, 303)


async def second_factor(request: Request) -> Response:
    """The six-digit code, for the user whose password was just right."""
    portal, session = portal_of(request), visit_of(request).session
    values = await fields.form(request)
    account = portal.database.account(session.pending or "") if session else None
    if session is None or account is None or not check_csrf(request, values):
        return _sign_in_page(request, "form-expired", 403)
    username = account["username"]
    key = "code:" + username
    after = portal.blueprint.inputs.next_page(values.get("suite", "")) or HOME_OF_SPACE
    if (wait := portal.brake.remaining(key)) > 0:
        return _sign_in_page(request, "wait", 429, wait)
    now = portal.clock.now().timestamp()
    codes = [one_time_code(account["totp_secret"], now + shift) for shift in (-30, 0, 30)]
    if not any(hmac.compare_digest(code, fields.text(values, "code", 12, required=False)) for code in codes):
        portal.brake.failed(key)
        portal.record(request, "second-facteur-refuse", username)
        return portal.page(request, "second_facteur.html", message="refused", after=after)
    portal.brake.succeeded(key)
    welcome(request, username)
    return RedirectResponse(after, 303)


def leave(request: Request) -> None:
    """End the session on the server and in the browser."""
    portal, visit = portal_of(request), visit_of(request)
    if visit.session is not None:
        portal.record(request, "deconnexion", visit.username or "")
        if portal.blueprint.sessions.end_at_sign_out:
            portal.sessions.end(visit.session, "signed-out")
    visit.session = None
    visit.set_cookie = portal.blueprint.cookies.header("", expired=True)


@private
async def sign_out(request: Request) -> Response:
    if not check_csrf(request, await fields.form(request)):
        raise Refusal(403, "csrf")
    leave(request)
    response = RedirectResponse("/au-revoir", 303)
    response.headers.update(portal_of(request).blueprint.headers.signed_out)
    return response


async def signed_out(request: Request) -> Response:
    return portal_of(request).page(request, "au_revoir.html")


ROUTES = [
    Route("/connexion", show_sign_in),
    Route("/connexion", sign_in, methods=["POST"]),
    Route("/connexion/code", second_factor, methods=["POST"]),
    Route("/deconnexion", sign_out, methods=["POST"]),
    Route("/au-revoir", signed_out),
]
