"""Sessions: what is sent, where it may go, what is kept."""

from __future__ import annotations

from typing import Any

from pgssi_probe.check.harness import page, redirect
from pgssi_probe.identity import Session
from pgssi_probe.net.exchange import Request

ORIGIN = "https://portal.example"


def header(request: Request, name: str) -> str | None:
    return next((value for key, value in request.headers if key == name), None)


async def test_cookies_are_kept_and_sent_and_the_label_is_set(visit: Any) -> None:
    ctx = visit({f"{ORIGIN}/": page("x", headers=(("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/")))})
    session = Session(ctx.network, ctx.clock, label="a")
    await session.get(f"{ORIGIN}/")
    exchange = await session.get(f"{ORIGIN}/x")
    assert header(exchange.request, "Cookie") == "a=1; b=2"
    assert exchange.request.account == "a"
    assert session.cookie_names == ("a", "b")


async def test_a_header_of_the_request_is_not_doubled(visit: Any) -> None:
    ctx = visit({})
    session = Session(ctx.network, ctx.clock, headers=(("Authorization", "Bearer t"),)).with_cookie("a", "1", ORIGIN)
    exchange = await session.send(Request("GET", f"{ORIGIN}/", (("Cookie", "own=1"), ("Authorization", "none"))))
    assert exchange.request.headers == (("Cookie", "own=1"), ("Authorization", "none"))


async def test_credentials_stay_at_their_origin(visit: Any) -> None:
    ctx = visit({})
    session = Session(ctx.network, ctx.clock, headers=(("Authorization", "Bearer t"),), origin=ORIGIN)
    assert header((await session.get(f"{ORIGIN}/")).request, "Authorization")
    assert not header((await session.get(f"{ORIGIN}:8443/")).request, "Authorization")


async def test_redirects_are_followed_like_a_browser(visit: Any) -> None:
    script = {
        f"{ORIGIN}/a": redirect("/b", status=302),
        f"{ORIGIN}/b": redirect("/c", status=307),
        f"{ORIGIN}/c": page("end"),
    }
    ctx = visit(script)
    chain = await Session(ctx.network, ctx.clock).follow(Request("POST", f"{ORIGIN}/a", body=b"secret"))
    assert [(e.request.method, e.request.body) for e in chain] == [("POST", b"secret"), ("GET", b""), ("GET", b"")]


async def test_a_body_is_never_sent_again_to_another_origin(visit: Any) -> None:
    ctx = visit({f"{ORIGIN}/a": redirect(f"{ORIGIN}:8443/b", status=307)})
    chain = await Session(ctx.network, ctx.clock).follow(Request("POST", f"{ORIGIN}/a", body=b"secret"))
    assert len(chain) == 1


async def test_the_scope_and_the_loop_end_the_chain(visit: Any) -> None:
    ctx = visit({f"{ORIGIN}/a": redirect("https://other.example/", status=302), f"{ORIGIN}/l": redirect("/l")})
    session = Session(ctx.network, ctx.clock)
    assert len(await session.follow(Request("GET", f"{ORIGIN}/a"))) == 1
    assert len(await session.follow(Request("GET", f"{ORIGIN}/l"), hops=3)) == 4


async def test_variants_leave_the_session_as_it_is(visit: Any) -> None:
    ctx = visit({})
    session = Session(ctx.network, ctx.clock, headers=(("Authorization", "x"),)).with_cookie("a", "1", ORIGIN)
    session.without_cookie("a")
    session.without_header("Authorization")
    session.with_cookie("a", "2")
    session.fork().jar.store(ORIGIN, ["a=3; Path=/"], ctx.clock.now())
    assert session.jar.value("a") == "1"
    assert session.header_names == ("Authorization",)
    assert session.with_cookie("a", "2").jar.header(f"{ORIGIN}/", ctx.clock.now()) == "a=2"
    assert session.with_only("a").header_names == ()


def test_a_session_shows_no_value(visit: Any) -> None:
    ctx = visit({})
    session = Session(ctx.network, ctx.clock, headers=(("Authorization", "hush"),)).with_cookie("a", "hush", ORIGIN)
    assert "hush" not in repr(session)
