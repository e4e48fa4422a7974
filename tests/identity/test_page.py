"""Signing in by a form that a script sends in its own way, and what a page says that leads where one has no right."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from pgssi_probe.browser import BROWSER
from pgssi_probe.check.harness import page, redirect
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.identity import SIGN_IN, Driver, Secret, SignInState, sign_in
from pgssi_probe.identity.drivers import browser
from pgssi_probe.identity.drivers import page as page_driver
from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.forms import sign_in_form
from pgssi_probe.identity.har import credentials_of
from pgssi_probe.identity.judging import Judgement
from pgssi_probe.identity.plan import Learned, SignInPlan
from pgssi_probe.identity.session import Session
from pgssi_probe.net.exchange import Request

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
LOGIN = """<!doctype html><title>Portail</title><script src="/login.js"></script><form id=f method=post>
<input name=username><input type=password name=password>{more}<button>Login</button></form>"""


class Taken:
    """The page answers the plain form with itself; its script posts elsewhere, where one line of text answers."""

    def __init__(self, more: str = "") -> None:
        self.more = more
        self.posts: list[tuple[str, bytes]] = []

    def __call__(self, request: Request) -> Any:
        if request.method == "POST":
            self.posts.append((request.url.removeprefix(ORIGIN), request.body))
        if request.url == f"{ORIGIN}/api/open" and request.method == "POST":
            right = f"password={PASSWORD}".encode() in request.body
            cookie = (("Set-Cookie", "SID=open-0001; Path=/; HttpOnly"),) if right else ()
            return page("Ok." if right else "Fails.", content_type="text/plain", headers=cookie)
        if any(name == "Cookie" and "SID=open-0001" in value for name, value in request.headers):
            return page("<!doctype html><h1>Bonjour alice</h1>" + "<p>dossier</p>" * 20)
        return page(LOGIN.format(more=self.more))


def window(script: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stand-in for the window: it posts where the script of the page does, and says how often it was opened."""
    opened: list[str] = []

    async def in_a_window(ctx: Any, attempt: Any) -> Judgement:
        opened.append(attempt.username)
        body = f"username={attempt.username}&password={attempt.password.reveal()}".encode()
        kind = "application/x-www-form-urlencoded"
        await attempt.follow(Request("POST", f"{ORIGIN}/api/open", (("Content-Type", kind),), body))
        one = credentials_of("POST", f"{ORIGIN}/api/open", kind, body, attempt.username, attempt.password.reveal())
        assert one is not None
        attempt.plan.learned.append(Learned((one,)))
        return Judgement(SignInState.SIGNED_IN, "left_sign_in", sure=False)

    monkeypatch.setattr(page_driver, "in_a_window", in_a_window)
    monkeypatch.setattr(browser, "in_a_window", in_a_window)
    return opened


async def test_a_form_that_its_script_takes_over(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    it = Taken()
    opened = window(it, monkeypatch)
    ctx = visit(it, collected={BROWSER.name: SimpleNamespace(missing="")})
    plan = await ctx.collect(SIGN_IN)
    assert plan.driver is Driver.FORM
    first = await sign_in(ctx, "a")
    assert first.signed_in, first.why
    second = await sign_in(ctx, "sacrifice")
    assert second.signed_in, second.why
    assert opened == ["alice"], "learned: one window for all"
    before = len(it.posts)
    wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"))
    assert wrong.state is SignInState.REFUSED, wrong.why
    assert [path for path, _ in it.posts[before:]] == ["/api/open"], "the plain form is not sent again"


async def test_a_wrong_password_opens_no_window_and_a_window_in_vain_is_opened_once(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    async def refused(ctx: Any, attempt: Any) -> Judgement:
        opened.append(attempt.label)
        return Judgement(SignInState.REFUSED, "form_again")

    monkeypatch.setattr(page_driver, "in_a_window", refused)
    ctx = visit(Taken(), collected={BROWSER.name: SimpleNamespace(missing="")})
    await ctx.collect(SIGN_IN)
    await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), confirm=False)
    assert not opened
    for _ in range(3):
        assert (await sign_in(ctx, "a", confirm=False)).state is SignInState.REFUSED
    assert opened == ["a"]


async def test_a_form_that_worked_once_is_not_doubted(visit: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A brake that says nothing shows the form again: no window then, which would be another attempt."""
    it = app()
    it.form += "<script>track()</script>"
    it.refuse = lambda one: one.login_page()
    opened = window(it, monkeypatch)
    ctx = visit(it, collected={BROWSER.name: SimpleNamespace(missing="")})
    assert (await sign_in(ctx, "a", confirm=False)).signed_in
    it.accept = lambda one: one.login_page()
    assert (await sign_in(ctx, "a", confirm=False)).state is SignInState.REFUSED
    assert not opened


async def test_without_a_browser_the_reason_is_kept(visit: Any) -> None:
    ctx = visit(Taken(), collected={BROWSER.name: SimpleNamespace(missing="chromium")})
    done = await sign_in(ctx, "a", confirm=False)
    assert (done.state, done.why["window"]) == (SignInState.REFUSED, "missing")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("<input type=hidden name=challenge>", True),
        ("<input type=hidden name=pwd_hash>", True),
        ("<input type=hidden name=challenge value=abc>", False),
        ("<input type=hidden name=next>", False),
    ],
)
def test_a_place_for_what_a_script_computes(field: str, expected: bool) -> None:
    form = sign_in_form(parse_html(LOGIN.format(more=field), f"{ORIGIN}/"))
    assert form is not None
    assert page_driver.computes(form) is expected


def test_a_password_that_no_form_sends_is_no_first_step() -> None:
    markup = '<form method=post action="/login"><input name=username><input type=password id=p><button>Login</button>'
    assert sign_in_form(parse_html(markup, f"{ORIGIN}/")) is None


@pytest.mark.parametrize("status", [403, 404])
async def test_led_to_a_page_that_the_account_may_not_see(visit: Any, app: Any, status: int) -> None:
    """Accepted, and led to what only an administrator sees: no refusal of the credentials (Calibre-Web)."""
    it = app()
    token = (("Set-Cookie", "sid=own; Path=/; HttpOnly"),)

    def accept(one: Any) -> Any:
        one.live.add("own")
        return redirect("/admin/base", status=302, headers=token)

    def before(request: Request) -> Any:
        if request.url == f"{ORIGIN}/" and "own" in one_of(request):
            return page("<!doctype html><h1>Bonjour alice</h1><a href='/logout'>Se déconnecter</a>")
        return page("non", status=status) if request.url.endswith("/admin/base") else None

    def one_of(request: Request) -> str:
        return it.cookies(request).get("sid", "")

    it.accept, it.before = accept, before
    ctx = visit(it)
    done = await sign_in(ctx, "a")
    assert done.signed_in, done.why
    bad = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"))
    assert bad.state is SignInState.REFUSED


async def test_credentials_that_a_page_sends_by_basic_need_no_window_again(visit: Any) -> None:
    """A scripted page that puts what was typed into a header of every request (RabbitMQ management)."""
    right = "Basic " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    asked: list[str] = []

    def answer(request: Request) -> Any:
        asked.append(request.url.removeprefix(ORIGIN))
        given = next((value for name, value in request.headers if name.lower() == "authorization"), "")
        return page("{}", status=200 if given == right else 401, content_type="application/json")

    ctx = visit(answer)
    plan = SignInPlan(Driver.JSON, url=f"{ORIGIN}/api/login", page_url=f"{ORIGIN}/")
    own = Attempt(plan, Session(ctx.network, ctx.clock), "alice", Secret(PASSWORD), None, home=ORIGIN)
    url = f"{ORIGIN}/api/whoami"
    met = await ctx.network.send(Request("GET", url, (("authorization", right),)))
    browser._learn(own, [met], met.request.headers, "")
    assert plan.basic_at == [url]
    asked.clear()
    assert (await sign_in(ctx, "a", plan=plan, confirm=False)).signed_in
    wrong = await sign_in(ctx, "sacrifice", password=Secret("Wrong-1"), plan=plan, confirm=False)
    assert wrong.state is SignInState.REFUSED
    assert asked == ["/api/whoami"] * 2
