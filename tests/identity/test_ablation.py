"""What opens the account anew, told from what carries the session."""

from __future__ import annotations

from typing import Any

from pgssi_probe.check.harness import page, redirect
from pgssi_probe.identity import Oracle, Session, carriers
from pgssi_probe.identity.ablation import reopening
from pgssi_probe.identity.oracle import seen
from pgssi_probe.identity.sighting import Trait
from pgssi_probe.net.exchange import Request

ORIGIN = "https://portal.example"


async def test_what_opens_the_account_anew_is_told_from_what_carries_the_session(visit: Any) -> None:
    """A cookie of « remember me » that serves once: leaving the others out, the account opens by it (Kanboard)."""
    tickets, live = {"t1": "alice"}, {"s1"}

    def answer(request: Request) -> Any:
        line = next((value for name, value in request.headers if name == "Cookie"), "x=")
        sent = dict(pair.split("=", 1) for pair in line.split("; "))
        more: tuple[tuple[str, str], ...] = ()
        if sent.get("sid") not in live and tickets.pop(sent.get("remember", ""), None):
            live.add("s2")
            tickets["t2"] = "alice"
            more = (("Set-Cookie", "sid=s2; Path=/"), ("Set-Cookie", "remember=t2; Path=/; Max-Age=999999"))
        elif sent.get("sid") not in live:
            return redirect("/login", status=302)
        return page("<!doctype html><h1>Bonjour alice</h1><a href=/logout>Se déconnecter</a>", headers=more)

    ctx = visit(answer)
    session = Session(ctx.network, ctx.clock, label="a")
    kept = ("sid=s1; Path=/", "remember=t1; Path=/; Max-Age=999999", "lang=fr; Path=/; Max-Age=999999")
    session.jar.store(f"{ORIGIN}/", kept, ctx.clock.now())
    inside = await seen(session, f"{ORIGIN}/", ctx.accounts, "")
    outside = await seen(Session(ctx.network, ctx.clock), f"{ORIGIN}/", ctx.accounts, "")
    oracle = Oracle(url=f"{ORIGIN}/", inside=inside, outside=outside, traits=(Trait.STATUS, Trait.REDIRECT))
    assert await reopening(session, oracle) == {"remember"}
    assert [(one.name, one.needed) for one in await carriers(session, oracle)] == [("sid", True)]
