"""An application that refuses a second session of an account: what one check leaves open, the next one closes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from pgssi_checks.session.sharing.lane import LANE, SINGLE
from pgssi_checks.session.sharing.left_open import KEPT, LEFT_OPEN, make_room
from pgssi_checks.session.sharing.patience import patient_sign_in
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import page, redirect, scripted
from pgssi_probe.clock import VirtualClock
from pgssi_probe.identity import Account, Secret, SignInState
from pgssi_probe.inventory.collect import INVENTORY
from pgssi_probe.registry import check

CHECKS = {
    "session.logout": "ended",
    "session.fixation": "renewed",
    "session.token-integrity": "refused",
    "session.token-in-url": "clean",
    "session.concurrent": "locked-out",
}
ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
IDLE = 3600.0
FORM = (
    "<form method=post action=/login><input name=user><input type=password name=pass><button>Connexion</button></form>"
)
OPEN = "<p>Une session est déjà ouverte pour ce compte. Fermez-la avant de vous connecter.</p>"
LEAVE = (
    '<form method=post action=/logout><input type=hidden name=t value="{token}"><button>Se déconnecter</button></form>'
)


@dataclass
class OneSeat:
    """One session of an account at a time; a second sign-in is refused until the first has signed out, with the token
    of the page of now, or was left alone for an hour."""

    clock: VirtualClock
    seat: str = ""
    used: float = 0.0
    issued: int = 0
    refused: int = 0
    page: int = 0
    opened: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        now = self.clock.monotonic()
        if now - self.used > IDLE:
            self.seat = ""
        line = next((value for name, value in request.headers if name.lower() == "cookie"), "")
        held = dict(pair.split("=", 1) for pair in line.split("; ") if "=" in pair).get("sid", "")
        inside = bool(self.seat) and held == self.seat
        self.used = now if inside else self.used
        match request.parts.path, request.method:
            case "/login", "POST":
                return self.sign_in(request)
            case "/login", _:
                return page(f"<html lang=fr><title>Connexion</title><h1>Connexion</h1>{FORM}")
            case "/logout", "POST" if inside:
                given = parse_qs(request.body.decode()).get("t", [""])[0]
                if given != f"t{self.page}":
                    return page("<p>Formulaire expiré</p>", status=403)
                self.seat = ""
                return redirect("/login", status=302, headers=(("Set-Cookie", "sid=; Max-Age=0; Path=/"),))
            case "/" | "/dossier", "GET" if inside:
                self.page += 1
                out = LEAVE.replace("{token}", f"t{self.page}")
                return page(f"<html lang=fr><title>D</title><p>Bonjour alice</p><a href=/dossier>Dossier</a>{out}")
        return redirect("/login", status=302)

    def sign_in(self, request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (given.get("user"), given.get("pass")) != ("alice", PASSWORD):
            return page(f"<html lang=fr><p>Identifiant ou mot de passe incorrect</p>{FORM}")
        if self.seat:
            self.refused += 1
            return page(f"<html lang=fr>{OPEN}{FORM}")
        self.issued += 1
        self.seat = f"{self.issued:04d}c0ffee9f3b7a51d2e8640c"
        self.used = self.clock.monotonic()
        self.opened.append(self.seat)
        cookie = f"sid={self.seat}; Path=/; Secure; HttpOnly"
        return redirect("/", status=302, headers=(("Set-Cookie", cookie),))


@pytest.fixture
def seat() -> OneSeat:
    return OneSeat(VirtualClock())


def visit(app: OneSeat, which: str = "session.logout") -> Any:
    accounts = {"a": Account("a", "alice", Secret(PASSWORD))}
    return scripted(check(which).metadata, app, url=f"{ORIGIN}/", accounts=accounts, clock=app.clock).context


async def judged(app: OneSeat, context: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    """Slugs, or reasons, of each check: all at once, in the time of the clock."""
    ways = [check(name).observe()(replace(context, metadata=check(name).metadata)) for name in names]
    task = asyncio.gather(*ways)
    while not task.done():
        for _ in range(200):
            await asyncio.sleep(0)
        await app.clock.advance(1.0)
    return [{one.slug: one.reason for one in observed} for observed in await task]


@pytest.mark.parametrize("which", CHECKS)
async def test_each_check_concludes_alone(seat: OneSeat, which: str) -> None:
    (found,) = await judged(seat, visit(seat, which), [which])
    assert CHECKS[which] in found, found


async def test_the_five_checks_conclude_in_one_run(seat: OneSeat) -> None:
    context = visit(seat)
    for name, found in zip(CHECKS, await judged(seat, context, [*CHECKS]), strict=True):
        assert CHECKS[name] in found, (name, found)
    assert await context.collect(SINGLE)
    assert (await context.collect(LANE)).refuses
    assert seat.refused, "the application was never asked for a second session"


@pytest.mark.parametrize("which", CHECKS)
async def test_what_another_check_left_open_is_closed(seat: OneSeat, which: str) -> None:
    """A check that is no session check signs in first of all, and goes away without signing out."""
    context = visit(seat, which)
    (first,) = await judged(seat, context, ["login.mfa"])
    assert "inconclusive" not in first
    assert seat.seat, "nothing was left open"
    (found,) = await judged(seat, context, [which])
    assert CHECKS[which] in found, found


async def test_what_is_left_open_between_two_session_checks_is_closed(seat: OneSeat) -> None:
    """That the application refuses a second session is known by then."""
    context = visit(seat)
    found = [await judged(seat, context, [name]) for name in ("session.token-in-url", "login.mfa", "session.fixation")]
    assert "clean" in found[0][0]
    assert "renewed" in found[2][0], found
    (again,) = await judged(seat, context, ["session.token-integrity"])
    assert "refused" in again, again


async def test_room_is_made_by_the_control_of_the_page_of_now(seat: OneSeat) -> None:
    """The token of the page that was landed on is of no use any more."""
    context = visit(seat)
    done = await patient_sign_in(context, "a")
    await done.session.get(f"{ORIGIN}/dossier")
    assert (await patient_sign_in(context, "a")).state is SignInState.REFUSED
    await make_room(context, "a")
    assert seat.seat == ""
    assert (await context.collect(LEFT_OPEN)) == {}
    assert (await patient_sign_in(context, "a")).signed_in


async def test_few_sessions_are_kept_and_a_refusal_is_none(seat: OneSeat) -> None:
    context = visit(seat)
    for _ in range(KEPT + 2):
        assert (await patient_sign_in(context, "a")).signed_in
        seat.seat = ""
    kept = (await context.collect(LEFT_OPEN))["a"]
    assert [one.session.jar.value("sid") for one in kept] == seat.opened[-KEPT:]
    seat.seat = "somebody"
    assert not (await patient_sign_in(context, "a")).signed_in
    assert len((await context.collect(LEFT_OPEN))["a"]) == KEPT


async def test_the_inventory_walks_in_the_session_of_the_witness(seat: OneSeat) -> None:
    """It could not open one of its own."""
    inventory = await visit(seat, "authz.forced-browsing").collect(INVENTORY)
    assert seat.refused
    assert any(one.url.endswith("/dossier") for one in inventory.visits["a"].pages)
