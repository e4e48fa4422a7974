"""`compat.proxy`: what breaks twice by a way and not directly, on the portal and on applications of our own making."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from pgssi_checks.compat.proxy import opening_sockets
from pgssi_checks.compat.routes import chain, moves, routes
from pgssi_probe.check import Reason, Request
from pgssi_probe.check.harness import page, redirect, run_check, slugs
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Status
from pgssi_probe.net.exchange import Failure

RIGHT = "Le-bon-mot-de-passe-2026"
ACCOUNTS = {"a": Account("a", "alice", Secret(RIGHT))}
FORM = (
    "<title>Connexion</title><form method=post action=/login><input name=user autocomplete=username>"
    "<input type=password name=pass><button>Se connecter</button></form>"
)
INSIDE = "<title>Accueil</title><p>Bonjour alice</p><a href=/logout>Déconnexion</a>"


class Application:
    """`refuse(request)` may answer instead of the application."""

    def __init__(self, refuse=lambda _: None) -> None:
        self.refuse = refuse
        self.sessions: set[str] = set()
        self.asked: list[Request] = []

    def __call__(self, request):
        self.asked.append(request)
        refused = self.refuse(request)
        if refused is not None:
            return refused
        cookie = dict(request.headers).get("Cookie", "").partition("sid=")[2]
        path = request.parts.path
        if path == "/login" and request.method == "POST":
            if parse_qs(request.body.decode()).get("pass") != [RIGHT]:
                return page(FORM + "<p>Mot de passe incorrect</p>")
            self.sessions.add(f"s{len(self.asked)}")
            return redirect("/", status=303, headers=(("Set-Cookie", f"sid=s{len(self.asked)}"),))
        if path == "/logout":
            self.sessions.discard(cookie)
            return redirect("/login", status=303)
        if cookie in self.sessions and path == "/":
            return page(INSIDE)
        return page(FORM) if path in {"/", "/login"} else page("", status=404)

    async def run(self, jumping, url="https://portal.example/", **options):
        options = {"accounts": ACCOUNTS, "clock": jumping, **options}
        return await run_check("compat.proxy", self, url=url, **options)


def test_the_ways_without_declared_proxies() -> None:
    found = routes([], encrypted=True)
    assert [one.slug for one in found] == ["via-breaks", "http11-breaks", "proxy-breaks", "chain-breaks"]
    assert [one.via for one in found if one.via] == [("own-1",), ("own-1", "own-2")]
    assert [one.slug for one in routes([], encrypted=False)] == ["via-breaks", "proxy-breaks", "chain-breaks"]
    assert len(moves([])) == 1


def test_declared_proxies_come_first() -> None:
    assert chain(["a"]).via == ("own-1", "a")
    assert chain(["a", "b", "c"]).via == ("a", "b")
    assert [one.via for one in routes(["a", "b", "c", "d"], encrypted=True) if one.slug == "proxy-breaks"] == [
        ("a",),
        ("b",),
        ("c",),
    ]
    assert moves(["a"])[0][1].via == ("a",)


async def test_an_application_that_works_everywhere(jumping) -> None:
    app = Application()
    (only,) = await app.run(jumping)
    assert (only.slug, only.facts["count"], only.facts["steps"]) == ("works", 5, ["sign-in", "page", "sign-out"])
    assert {one.via for one in app.asked} == {(), ("own-1",), ("own-1", "own-2")}
    assert all(one.provokes_errors for one in app.asked if one.via)


REFUSALS = {
    "via-breaks": lambda request: page("", status=403) if "Via" in dict(request.headers) else None,
    "http11-breaks": lambda request: page("", status=505) if request.http_version == "1.1" else None,
    "proxy-breaks": lambda request: Failure.RESET if request.via else None,
    "chain-breaks": lambda request: page("", status=400) if len(request.via) == 2 else None,
}


@pytest.mark.parametrize("slug", REFUSALS)
async def test_each_way_that_breaks(slug: str, jumping) -> None:
    failed = {one.slug for one in await Application(REFUSALS[slug]).run(jumping) if one.failed}
    # What refuses HTTP/1.1 refuses the way on which a proxy reads and rewrites, too.
    assert failed == ({slug, "via-breaks"} if slug == "http11-breaks" else {slug})


async def test_only_the_sign_out_breaks(jumping) -> None:
    def refuse(request):
        return page("", status=403) if request.via and request.parts.path == "/logout" else None

    failed = [one for one in await Application(refuse).run(jumping) if one.failed]
    assert [(one.slug, one.facts["step"]) for one in failed] == [("proxy-breaks", "sign-out")]


async def test_a_session_that_does_not_move(jumping) -> None:
    opened: dict[str, str] = {}

    def refuse(request):
        headers = dict(request.headers)
        came_from = headers.get("X-Forwarded-For", "direct")
        cookie = headers.get("Cookie", "")
        return page(FORM) if cookie and opened.setdefault(cookie, came_from) != came_from else None

    (only,) = [one for one in await Application(refuse).run(jumping) if one.failed]
    assert (only.slug, only.strength.value) == ("address-bound", "hint")


async def test_a_failure_that_does_not_come_back_accuses_nobody(jumping) -> None:
    once: list[str] = []

    def refuse(request):
        if request.via and request.method == "POST" and not once:
            once.append(request.url)
            return page("", status=500)
        return None

    assert not [one for one in await Application(refuse).run(jumping) if one.failed]


async def test_an_application_that_fails_everywhere_is_not_accused_of_proxies(jumping) -> None:
    count = [0]

    def refuse(request):
        count[0] += 1
        return page("", status=503) if count[0] > 60 else None

    outcomes = await Application(refuse).run(jumping)
    assert not [one for one in outcomes if one.failed]


async def test_a_proxy_that_leads_nowhere_is_not_the_application(jumping) -> None:
    def refuse(request):
        return Failure.PROXY if "hospital" in request.via else None

    outcomes = await Application(refuse).run(jumping, declared={"proxies": ["hospital"]})
    assert not [one for one in outcomes if one.failed]
    assert {(one.subject.name, one.reason) for one in outcomes if one.status is Status.INCONCLUSIVE} == {
        ("hospital, own-1 → hospital", Reason.CONNECTION_FAILED)
    }
    (works,) = [one for one in outcomes if one.slug == "works"]  # by relays of our own, then
    assert {"own-1", "own-1 → own-2"} < set(works.facts["ways"])


async def test_a_proxy_that_eats_cookies_is_not_the_application(jumping) -> None:
    """As tinyproxy 1.11.1 does: of several Set-Cookie, one is left."""

    class Two(Application):
        def __call__(self, request):
            answer = super().__call__(request)
            if answer.status != 303 or request.parts.path != "/login":
                return answer
            cookies = [pair for pair in answer.headers if pair[0] == "Set-Cookie"]
            both = [("Set-Cookie", "csrf=1"), *cookies]
            return redirect("/", status=303, headers=tuple(both[:1] if request.via else both))

    class Declared(Two):
        def __call__(self, request):
            return super().__call__(request if "hospital" in request.via else replace(request, via=()))

    outcomes = await Declared().run(jumping, url="http://portal.example/", declared={"proxies": ["hospital"]})
    assert {"own-1", "own-1 → own-2"} < set(next(one.facts["ways"] for one in outcomes if one.slug == "works"))
    outcomes = await Two().run(jumping, url="http://portal.example/")
    assert not [one for one in outcomes if one.failed]
    assert {one.reason for one in outcomes if one.reason} == {Reason.PROTOCOL_ERROR}
    assert "works" not in slugs(outcomes)  # not one proxy led there unharmed
    encrypted = await Two().run(jumping)  # no proxy reads there: it is the application, then
    assert "proxy-breaks" in slugs(encrypted)


async def test_being_told_to_slow_down_is_not_being_broken(jumping) -> None:
    def refuse(request):
        return page("", status=429) if request.via else None

    outcomes = await Application(refuse).run(jumping)
    assert not [one for one in outcomes if one.failed]
    assert Reason.RATE_LIMITED in {one.reason for one in outcomes}


async def test_without_account_nothing_is_said(jumping) -> None:
    (only,) = await Application().run(jumping, accounts={})
    assert only.reason is Reason.ACCOUNT_MISSING


async def test_pages_that_open_a_websocket_are_named(jumping) -> None:
    def refuse(request):
        socket = "<script>new WebSocket('wss://portal.example/live')</script>"
        anonymous = request.parts.path == "/" and "Cookie" not in dict(request.headers)
        return page(FORM + socket) if anonymous else None

    outcomes = await Application(refuse).run(jumping)
    assert slugs(outcomes) == {"works", "opens-websocket"}
    assert opening_sockets([]) == []


async def test_the_hardened_portal_works(signed) -> None:
    assert slugs(await signed("compat.proxy")) == {"works"}


@pytest.mark.parametrize("slug", ["via-breaks", "proxy-breaks", "chain-breaks", "address-bound"])
async def test_a_weakness_of_the_portal_is_found(slug: str, signed) -> None:
    outcomes = await signed("compat.proxy", f"compat.proxy/{slug}")
    assert {one.slug for one in outcomes if one.failed} == {slug}
