"""`session.logout`: a control on every signed-in page, and a session that ends on the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_checks.session.ground import DOOR
from pgssi_checks.session.logout import lacking, logout_beside
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, exchange, page, redirect, run_check, scripted, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome, Reason, Strength
from pgssi_probe.registry import check

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


def page_at(url: str, html: str) -> Page:
    return Page(exchange(url, page(html)), parse_html(html, url))


async def test_the_hardened_portal_passes(signed_in: SignedIn) -> None:
    outcomes = await signed_in("session.logout")
    assert slugs(outcomes) == {"offered", "ended"}
    assert {o.facts["seconds"] for o in outcomes if o.slug == "ended"} == {300}


async def test_a_session_that_outlives_sign_out_is_proved(signed_in: SignedIn) -> None:
    outcomes = await signed_in("session.logout", "session.logout/still-valid")
    assert slugs(outcomes) == {"offered", "still-valid"}
    (found,) = (o for o in outcomes if o.slug == "still-valid")
    assert found.strength is Strength.PROOF
    assert found.facts["seconds"] == 0
    assert found.sentence.fr.startswith("Aussitôt après la déconnexion, l'ancien jeton")
    assert len(found.evidence) == 3  # the answer before, the answer after, what tells an open session


def test_every_moment_of_a_replay_is_said_in_words() -> None:
    declared = check("session.logout").metadata
    moments = {str(int(float(one))) for one in declared.settings["replays_seconds"].value}  # type: ignore[union-attr,arg-type]
    assert moments == set(declared.words["moment"])


async def test_no_control_is_suspected_and_then_nothing_is_said_of_the_end(signed_in: SignedIn) -> None:
    outcomes = await signed_in("session.logout", "session.logout/no-control")
    assert slugs(outcomes) == {"no-control", "inconclusive"}
    (found,) = (o for o in outcomes if o.slug == "no-control")
    assert found.strength is Strength.HINT
    assert found.facts["count"] == found.facts["pages"]


@pytest.mark.parametrize("mode", ["mode/single-session", "mode/refuse-second-session"])
async def test_applications_with_one_session_are_judged_by_a_new_sign_in(signed_in: SignedIn, mode: str) -> None:
    assert slugs(await signed_in("session.logout", mode)) == {"offered", "ended"}


async def test_the_only_session_that_outlives_sign_out_is_proved(signed_in: SignedIn) -> None:
    outcomes = await signed_in("session.logout", "mode/single-session", "session.logout/still-valid")
    assert "still-valid" in slugs(outcomes)


async def test_a_session_that_comes_back_minutes_later_is_proved(signed_in: SignedIn) -> None:
    """A list of ended sessions kept for a minute only."""

    def forgetful(script: Script, clock: VirtualClock) -> Script:
        ended: dict[str, float] = {}

        def answer(request: Request) -> Response:
            cookie = dict(request.headers).get("Cookie", "")
            if request.method == "POST" and request.parts.path == "/deconnexion":
                ended[cookie] = clock.monotonic()
            if request.method == "GET" and clock.monotonic() - ended.get(cookie, float("-inf")) < 60:
                return script(Request(request.method, request.url))  # type: ignore[operator]
            return script(request)  # type: ignore[operator]

        return answer

    outcomes = await signed_in("session.logout", "session.logout/still-valid", answers=forgetful)
    assert {o.facts["seconds"] for o in outcomes if o.slug == "still-valid"} == {300}


async def test_a_ban_after_sign_out_is_no_proof_that_the_session_ended(signed_in: SignedIn) -> None:
    def banning(script: Script, _clock: VirtualClock) -> Script:
        left: list[bool] = []

        def answer(request: Request) -> Response:
            if left:
                return page("Forbidden", status=403)
            if request.method == "POST" and request.parts.path == "/deconnexion":
                left.append(True)
            return script(request)  # type: ignore[operator]

        return answer

    outcomes = await signed_in("session.logout", answers=banning)
    assert slugs(outcomes) == {"inconclusive"}


async def test_a_sign_out_that_our_request_did_not_do_accuses_nobody(signed_in: SignedIn) -> None:
    def deaf(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            if request.method == "POST" and request.parts.path == "/deconnexion":
                return page("Êtes-vous sûr ?")
            return script(request)  # type: ignore[operator]

        return answer

    assert slugs(await signed_in("session.logout", answers=deaf)) == {"inconclusive"}


async def test_without_an_account_nothing_is_sent_nor_said() -> None:
    (outcome,) = await run_check("session.logout", {})
    assert outcome.reason is Reason.ACCOUNT_MISSING


@pytest.mark.parametrize(
    ("html", "lacks"),
    [
        ("<a href=/x>Accueil</a>", True),
        ("<a href=/x>Accueil</a><a href=/bye>Se déconnecter</a>", False),
        ("<a href=/x>Home</a><form action=/logout method=post><button>Log out</button></form>", False),
        ("<p>A fragment without any link</p>", False),
    ],
)
def test_what_owes_a_control(html: str, lacks: bool) -> None:
    assert bool(lacking([page_at("https://portal.example/a", html)])[1]) is lacks


def test_a_print_view_owes_nothing() -> None:
    assert lacking([page_at("https://portal.example/a?print=1", "<a href=/x>Accueil</a>")]) == ([], [])


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://p.example/api/login", "https://p.example/api/logout"),
        ("https://p.example/api/connexion?x=1", "https://p.example/api/deconnexion"),
        ("https://p.example/api/token", None),
    ],
)
def test_the_address_that_goes_with_a_sign_in(endpoint: str, expected: str | None) -> None:
    assert logout_beside(endpoint) == expected


async def test_checks_of_one_run_sign_in_one_after_the_other() -> None:
    """A list of sessions rewritten whole at each sign-in loses one of two that come together."""
    metadata = check("session.logout").metadata
    run = scripted(metadata, {})
    assert await run.context.collect(DOOR) is await run.context.collect(DOOR)


def test_the_shell_of_a_page_drawn_by_scripts_owes_nothing() -> None:
    """JupyterLab: an icon, scripts, and a menu with « Log Out » that only scripts draw."""
    shell = "<title>JupyterLab</title><link rel=icon href=/f.ico><script src=/main.js></script>"
    assert lacking([page_at("https://portal.example/lab", shell)]) == ([], [])
    assert lacking([page_at("https://portal.example/lab", shell + "<a href=/x>Accueil</a>")])[1] != []


PLACE = "https://portal.example"


class Scripted:
    """A link to sign out that scripts complete with the token of a form; by itself it changes nothing."""

    def __init__(self, way: str) -> None:
        self.way, self.live, self.opened = way, set[str](), 0

    def __call__(self, request: Request) -> Response:
        path, headers = request.parts.path, dict(request.headers)
        held = headers.get("Cookie", "").removeprefix("sid=")
        if path == "/login" and request.method == "POST":
            self.opened += 1
            self.live.add(f"s{self.opened}")
            return redirect("/space", status=302, headers=(("Set-Cookie", f"sid=s{self.opened}; Path=/"),))
        if path == "/space" and held in self.live:
            token = f"<form action=/q><input name=q><input type=hidden name=_token value=jeton-{held}></form>"
            return page(f"<title>Espace</title><h1>Bonjour alice</h1>{token}<a href=/logout>Se déconnecter</a>")
        if path == "/logout" and held in self.live:
            given = request.body.decode() if self.way == "post" else request.parts.query
            if given == f"_token=jeton-{held}" and request.method == ("POST" if self.way == "post" else "GET"):
                self.live.discard(held)
            return page("<title>Espace</title>")
        if path in {"/space", "/"}:
            return redirect("/login", status=302)
        return page(
            "<title>Connexion</title><form method=post action=/login><input name=user><input type=password name=pass>"
            "<button>Se connecter</button></form>"
        )


@pytest.mark.parametrize("way", ["post", "address"])
async def test_a_link_that_scripts_complete_with_a_token_signs_out(way: str) -> None:
    """phpMyAdmin wants a POST with the token of its forms, Roundcube the token behind the address of the link."""
    accounts = {"a": Account("a", "alice", Secret("Right-1234"))}
    clock = JumpingClock()
    outcomes = await run_check("session.logout", Scripted(way), url=f"{PLACE}/", accounts=accounts, clock=clock)
    assert slugs(outcomes) == {"offered", "ended"}


class JumpingClock(VirtualClock):
    async def sleep(self, seconds: float) -> None:
        await self.advance(max(0.0, seconds))


class Api:
    """A JSON API whose sign-out wants the refresh token back. `lasting`: the token in the header lives on."""

    def __init__(self, *, lasting: bool) -> None:
        self.lasting, self.live, self.opened = lasting, set[str](), 0

    def __call__(self, request: Request) -> Response:
        held = dict(request.headers).get("Authorization", "").removeprefix("Bearer ")
        match request.parts.path, request.method:
            case "/auth/login", "POST":
                self.opened += 1
                given = {"access_token": f"access-of-alice-{self.opened}", "refresh_token": f"refresh-of-{self.opened}"}
                self.live.add(given["access_token"])
                return self.told({"data": given})
            case "/auth/logout", "POST":
                handed = json.loads(request.body or b"{}").get("refresh_token", "")
                if not handed:
                    return self.told({"error": "refresh_token is required"}, 400)
                if not self.lasting:
                    self.live.discard(handed.replace("refresh-of", "access-of-alice"))
                return self.told({}, 200)
            case "/users/me", "GET":
                return self.told({"user": "alice"}) if held in self.live else self.told({"error": "who?"}, 401)
        return self.told({"error": "nothing here"}, 404)

    @staticmethod
    def told(data: dict[str, Any], status: int = 200) -> Response:
        return page(json.dumps(data), status=status, content_type="application/json")


@pytest.mark.parametrize(("lasting", "slug"), [(True, "still-valid"), (False, "ended")])
async def test_an_api_that_wants_the_refresh_token_back_is_signed_out_of(lasting: bool, slug: str) -> None:
    declared = {"login.driver": "json", "login.url": "/auth/login", "login.signed_in_url": "/users/me"}
    outcomes = await run_check(
        "session.logout",
        Api(lasting=lasting),
        url=f"{PLACE}/",
        accounts={"a": Account("a", "alice", Secret("Right-1234"))},
        clock=JumpingClock(),
        declared=declared,
    )
    assert slug in slugs(outcomes)


class Everywhere(Api):
    """Cockpit: its shell at every address, 405 to a POST there; the true way out is a message of its script."""

    def __call__(self, request: Request) -> Response:
        answer = super().__call__(request)
        if request.parts.path in {"/auth/login", "/users/me"}:
            return answer
        shell = "<title>Console</title><div id=main></div><script src=/main.js></script>"
        return page(shell) if request.method == "GET" else page("no", status=405)


async def test_a_shell_shown_at_every_address_is_no_sign_out() -> None:
    outcomes = await run_check(
        "session.logout",
        Everywhere(lasting=True),
        url=f"{PLACE}/",
        accounts={"a": Account("a", "alice", Secret("Right-1234"))},
        clock=JumpingClock(),
        declared={"login.driver": "json", "login.url": "/auth/login", "login.signed_in_url": "/users/me"},
    )
    assert slugs(outcomes) == {"inconclusive"}
