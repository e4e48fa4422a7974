"""The portal itself: what all pages share, and the way from a request to an answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from pgssi_probe.clock import Clock
from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.password_history import PasswordHistory
from pgssi_probe.lab.portal import rendering
from pgssi_probe.lab.portal.fields import check_address
from pgssi_probe.lab.portal.refusals import BadInput, NoAnswer, Refusal, SignInNeeded
from pgssi_probe.lab.records import Database, Row
from pgssi_probe.lab.reset_links import ResetDesk
from pgssi_probe.lab.sessions import Session, SessionStore
from pgssi_probe.lab.synthetic import Account
from pgssi_probe.lab.throttling import SignInBrake
from pgssi_probe.lab.tokens import RENEWED_AFTER, RefreshList, TokenDesk

_TOKEN = re.compile(r"[\w.~+/=-]{1,4096}")
_TOKEN_FIELD = re.compile(r'<input type="hidden" name="csrf" value="[^"]*">')
log = logging.getLogger("pgssi_probe.lab")


@dataclass
class Visit:
    """One request, and the session it came with."""

    session: Session | None
    token: str | None
    """What the browser sent, live session or not."""
    listed: str | None = None
    """The session that it stands for, in the list of the server, live or not."""
    set_cookie: str | None = None
    bearer: bool = False
    stale: bool = False
    """The token is right, and old enough to be issued again."""

    @property
    def username(self) -> str | None:
        return self.session.username if self.session else None


def visit_of(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


def portal_of(request: Request) -> Portal:
    portal: Portal = request.scope["portal"]
    return portal


class Portal:
    """An ASGI application. Pages find it with `portal_of(request)`."""

    def __init__(self, blueprint: Blueprint, routes: Iterable[Route], clock: Clock) -> None:
        self.blueprint = blueprint
        self.clock = clock
        self.routes = [*blueprint.routes, *routes]
        self.database = Database(blueprint.seed, clock.now())
        self.sessions = SessionStore(blueprint.sessions, clock)
        self.tokens = TokenDesk(blueprint.tokens, blueprint.addresses.https_url, blueprint.sessions)
        self.refresh = RefreshList()
        self.brake = SignInBrake(blueprint.sign_in, clock)
        self.resets = ResetDesk(blueprint, clock)
        self.passwords = PasswordHistory(blueprint.sign_in, self.accounts.values())

    @property
    def accounts(self) -> dict[str, Account]:
        return self.database.accounts

    def close(self) -> None:
        self.database.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope["portal"] = self
        request = Request(scope, receive)
        try:
            response = await self.respond(request)
        except NoAnswer:
            if (drop := scope.get("state", {}).get("drop")) is None:
                raise
            await drop()
            return
        except Exception as error:
            log.debug("internal error on %s", request.url.path, exc_info=error)
            response = self.fail(request, 500, error)
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """The answer, headers and session cookie included."""
        self._meet(request)
        try:
            response = await self._route(request)
        except NoAnswer:
            raise
        except SignInNeeded:
            response = self._ask_to_sign_in(request)
        except BadInput as refusal:
            response = self.fail(request, self.blueprint.errors.bad_input, refusal)
        except Refusal as refusal:
            response = self.fail(request, refusal.status, refusal)
            response.headers.update(refusal.headers)
        except Exception as error:
            log.debug("internal error on %s", request.url.path, exc_info=error)
            self._close_after_error(request)
            response = self.fail(request, 500, error)
        self.finish(request, response)
        return response

    def finish(self, request: Request, response: Response) -> None:
        """Write the session cookie and the headers that every answer carries."""
        visit: Visit | None = getattr(request.state, "visit", None)
        if visit is not None and visit.stale and visit.session is not None and visit.set_cookie is None:
            self.give(visit, visit.session)
        if visit is not None and visit.set_cookie is not None:
            response.headers.append("Set-Cookie", visit.set_cookie)
            if self.blueprint.application:
                response.headers.append("Set-Cookie", self._readable(visit))
        if visit is not None and (visit.session is not None or visit.set_cookie is not None):
            response.headers.update(self.blueprint.headers.private)
        self.blueprint.headers.apply(request, response)

    @staticmethod
    def _readable(visit: Visit) -> str:
        """The cookie of the form token, for the script that sends it back; gone with the session."""
        held = f"{visit.session.csrf}; " if visit.session is not None else "; Max-Age=0; "
        return f"XSRF-TOKEN={held}Path=/; Secure; SameSite=Strict"

    def _meet(self, request: Request) -> None:
        authorization = request.headers.get("authorization", "")
        bearer = authorization[:7].lower() == "bearer "
        token = authorization[7:].strip() if bearer else request.cookies.get(self.blueprint.cookies.name)
        reading = self.tokens.read(token, self.clock.now()) if token and _TOKEN.fullmatch(token) else None
        session = self.sessions.find(reading.listed) if reading else None
        if not bearer and token and self.blueprint.sessions.adopt_unknown:
            session = session or self.sessions.find(token) or self.sessions.open(token[:512])
        if not bearer and session and session.username and self.blueprint.tokens.carriage == "header":
            session = None
        stale = not bearer and reading is not None and reading.age >= RENEWED_AFTER
        request.state.visit = Visit(session, token, reading.listed if reading else None, bearer=bearer, stale=stale)

    async def _route(self, request: Request) -> Response:
        for intercept in self.blueprint.interceptors:
            if (answer := await intercept(request)) is not None:
                return answer
        if self.blueprint.inputs.known_hosts and not self._host_is_ours(request):
            raise Refusal(421, "unknown host")
        file = self.blueprint.files.get(request.url.path)
        if file is not None and request.method in ("GET", "HEAD"):
            return Response(file.content, file.status, media_type=file.media_type)
        check_address(request)
        allowed: set[str] = set()
        for route in self.routes:
            match, child = route.matches(request.scope)
            if match is Match.FULL:
                request.scope.update(child)
                answer = await route.endpoint(request)
                assert isinstance(answer, Response)  # noqa: S101
                return answer
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if allowed:
            raise Refusal(405, "method", {"Allow": ", ".join(sorted(allowed))})
        raise Refusal(404, "no such page")

    def _host_is_ours(self, request: Request) -> bool:
        host = request.headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return name in {"localhost", "127.0.0.1", "[::1]", self.blueprint.addresses.host}

    def _ask_to_sign_in(self, request: Request) -> Response:
        if request.url.path.startswith("/api/"):
            response = self.fail(request, 401, None)
            response.headers["WWW-Authenticate"] = 'Bearer realm="portail"'
            return response
        path = request.url.path if request.method == "GET" else "/mon-espace"
        return RedirectResponse(f"/connexion?suite={path}", 303)

    def _close_after_error(self, request: Request) -> None:
        """DT8: an internal error ends the session that provoked it."""
        visit: Visit | None = getattr(request.state, "visit", None)
        if visit and visit.session and visit.username and self.blueprint.sessions.end_at_error:
            self.sessions.end(visit.session, "error")
            visit.session = None
            visit.set_cookie = self.blueprint.cookies.header("", expired=True)

    def fail(self, request: Request, status: int, error: Exception | None) -> Response:
        """An error as the policy wants it shown; by default nothing of the cause is said."""
        policy = self.blueprint.errors
        sent = policy.shown_as.get(status, status)
        body = policy.body(request, status, error) if policy.body else None
        if body is not None:
            return Response(body, sent, media_type=policy.media_type)
        if request.url.path.startswith("/api/"):
            problem = {"type": "about:blank", "status": sent, "title": rendering.problem_title(status)}
            return JSONResponse(problem, sent, media_type="application/problem+json")
        return self.page(request, "erreur.html", sent, code=status)

    def page(self, request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
        """An HTML page from a template."""
        visit: Visit | None = getattr(request.state, "visit", None)
        blueprint = self.blueprint

        def slot(place: str) -> Markup:
            parts = (html if isinstance(html, str) else html(request) for html in blueprint.markup.get(place, ()))
            return Markup("\n".join(parts))  # noqa: S704 what a weakness adds

        username = visit.username if visit and not blueprint.application else None
        user: Row | None = self.database.account(username) if username else None
        html = (
            rendering.environment()
            .get_template(template)
            .render(
                values
                | {
                    "user": user,
                    "session": visit.session if visit else None,
                    "path": request.url.path,
                    "slot": slot,
                    "listed": lambda page: page not in blueprint.hidden_pages,
                    "shown": lambda section: section not in blueprint.hidden_sections,
                    "action": lambda form, address: blueprint.form_actions.get(form, address),
                    "integrity": rendering.integrity if blueprint.asset_integrity else None,
                    "policy": blueprint.sessions,
                    "password_length": blueprint.sign_in.shortest_password,
                    "password_longest": blueprint.sign_in.longest_password,
                    "today": self.clock.now().date().isoformat(),
                }
            )
        )
        bare = blueprint.sign_in.bare_forms
        if bare == "all" or (bare == "sign-in" and template == "connexion.html"):
            html = _TOKEN_FIELD.sub("", html)
        return HTMLResponse(html, status)

    def open_session(self, request: Request) -> Session:
        """The visitor's session, made now if there is none (a form needs its token)."""
        visit = visit_of(request)
        if visit.session is None:
            self.give(visit, self.sessions.open())
        assert visit.session is not None  # noqa: S101
        return visit.session

    def give(self, visit: Visit, session: Session) -> None:
        """Make `session` the visitor's, and send its cookie."""
        visit.session = session
        visit.set_cookie = self.blueprint.cookies.header(self.token_of(session))

    def token_of(self, session: Session) -> str:
        """What its visitor will carry."""
        about: Row = {}
        if session.username is not None and (account := self.database.account(session.username)) is not None:
            profile = self.database.profile(session.username)
            about = {"name": f"{account['given_name']} {account['family_name']}"}
            about |= {name: profile[name] for name in ("email", "nir") if profile.get(name)}
        return self.tokens.issue(session, self.clock.now(), about)

    def password_is_weak(self, username: str, password: str) -> bool:
        """Whether a password that someone chose is refused."""
        return self.blueprint.sign_in.server_checks_password and (
            len(password) < self.blueprint.sign_in.shortest_password or username.split(".")[0] in password.casefold()
        )

    def record(self, request: Request, kind: str, username: str = "") -> None:
        """Write to the security journal (TR1, TR2)."""
        address = request.client.host if request.client else ""
        request_id = request.headers.get("x-request-id", "")[:64]
        self.database.record_event(self.clock.now(), kind, username, address, request_id)
