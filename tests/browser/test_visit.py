"""A visit sees what a browser sees, keeps to its limits, and ends for certain."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pgssi_probe.browser import Browser, BrowserLost, Digests, Fate, Place, browser_sign_in
from pgssi_probe.check.harness import ScriptedNetwork, page, redirect
from pgssi_probe.clock import VirtualClock
from pgssi_probe.identity import Jar, Session
from pgssi_probe.identity.jar import Cookie
from pgssi_probe.model.account import Secret
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.exchange import Request

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOME = "https://portal.example/"


def network(script) -> ScriptedNetwork:
    return ScriptedNetwork(script, VirtualClock(), HOME)


async def test_scripts_run_and_what_they_keep_is_read(chromium) -> None:
    script = """
    localStorage.setItem('l', 'one'); sessionStorage.setItem('s', 'two');
    document.cookie = 'c=three; path=/';
    const base = indexedDB.open('base');
    base.onupgradeneeded = () => base.result.createObjectStore('store').put({who: 'four'}, 'key');
    caches.open('files').then((c) => c.put('/kept', new Response('five', {headers: {'content-type': 'text/plain'}})));
    Storage.prototype.getItem = () => 'a lie';
    fetch('/api').then((r) => r.json()).then((j) => { document.body.append(j.name); });
    """
    net = network(
        {
            HOME: page(f"<!doctype html><body><p>Bonjour </p><script>{script}</script>"),
            HOME + "api": page('{"name": "Jeanne"}', content_type="application/json"),
        }
    )
    async with chromium.visit(net, VirtualClock()) as visit:
        landing = await visit.open(HOME)
        dump = await visit.kept()
    assert "Jeanne" in landing.text
    values = {entry.place: entry.value for entry in dump.entries}
    assert values[Place.LOCAL] == "one"
    assert values[Place.SESSION] == "two"
    assert values[Place.COOKIE] == "three"
    assert json.loads(values[Place.DATABASE]) == {"who": "four"}
    assert values[Place.CACHE] == "five"
    table = json.dumps(Digests().table(dump))
    assert "four" not in table
    assert "one" not in table


async def test_cookies_of_a_session_go_in_and_come_back(chromium) -> None:
    lines = (("Set-Cookie", "b=2; Path=/; Secure; Max-Age=3600"), ("Set-Cookie", "c=3; Path=/x"))
    net = network({HOME: page("ok", headers=lines)})
    clock = VirtualClock()
    jar = Jar([Cookie("__Host-a", "1", "portal.example", "/", secure=True, http_only=True, same_site="strict")])
    session = Session(net, clock, jar, label="a", headers=(("Authorization", "Bearer t"),), origin=HOME.rstrip("/"))
    async with chromium.visit(net, clock, session=session) as visit:
        await visit.open(HOME)
        back = await visit.session()
    sent = dict(net.sent[0].headers)
    assert sent["Cookie"] == "__Host-a=1"
    assert sent["Authorization"] == "Bearer t"
    assert net.sent[0].account == "a"
    assert {cookie.name: cookie.value for cookie in back.jar} == {"__Host-a": "1", "b": "2", "c": "3"}
    host, lasting = (next(c for c in back.jar if c.name == name) for name in ("__Host-a", "b"))
    assert host.host_only
    assert host.http_only
    assert lasting.expires is not None
    assert abs((lasting.expires - clock.now()).total_seconds() - 3600) < 30


@pytest.mark.parametrize(
    ("headers", "shown"), [({}, True), ({"Cache-Control": "no-store"}, False)], ids=["kept", "no-store"]
)
async def test_back_shows_what_a_cache_would_keep(headers: dict[str, str], shown: bool, chromium) -> None:
    asked = {"times": 0}

    def script(request: Request):
        if request.url == HOME + "private":
            asked["times"] += 1
            return page("<h1>Dossier 1234</h1>" if asked["times"] == 1 else "<h1>Connexion</h1>", headers=headers)
        return page("<h1>Au revoir</h1>")

    async with chromium.visit(network(script), VirtualClock()) as visit:
        await visit.open(HOME + "private")
        await visit.open(HOME + "out")
        landing = await visit.back()
    assert ("Dossier 1234" in landing.text) is shown


async def test_clear_site_data_clears(chromium) -> None:
    net = network(
        {
            HOME: page(
                "<script>localStorage.setItem('l', '1'); document.cookie = 'c=1'</script>",
                headers={"Set-Cookie": "h=1; HttpOnly"},
            ),
            HOME + "out": page("bye", headers={"Clear-Site-Data": '"cache", "cookies", "storage"'}),
        }
    )
    async with chromium.visit(net, VirtualClock()) as visit:
        await visit.open(HOME)
        assert len((await visit.kept()).entries) == 3
        await visit.open(HOME + "out")
        assert (await visit.kept()).entries == ()


async def test_visitors_do_not_share_anything(chromium) -> None:
    net = network({HOME: page("<script>localStorage.setItem('l', '1')</script>", headers={"Set-Cookie": "c=1"})})
    async with chromium.visit(net, VirtualClock()) as visit:
        await visit.open(HOME)
    async with chromium.visit(net, VirtualClock()) as visit:
        await visit.open(HOME + "other")
        assert (await visit.kept()).entries == ()


FORM = """<!doctype html><div id=app></div><script>
const app = document.getElementById('app');
app.innerHTML = '<form><input id=u placeholder=Identifiant><input id=p type=password><button>Entrer</button></form>';
app.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await fetch('/api/in', {method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({u: document.getElementById('u').value, p: document.getElementById('p').value})});
  const token = (await answer.json()).token;
  await fetch('/api/me', {headers: {Authorization: 'Bearer ' + token}});
  app.textContent = 'Bonjour';
});
</script>"""


async def test_signing_in_gives_a_session_with_the_token_that_scripts_send(chromium) -> None:
    def script(request: Request):
        if request.url.endswith("/api/in"):
            given = json.loads(request.body)
            return page(json.dumps({"token": f"{given['u']}-{given['p']}"}), content_type="application/json")
        return page(FORM) if request.url == HOME else page("{}", content_type="application/json")

    net = network(script)
    async with chromium.visit(net, VirtualClock(), label="a", methods=("GET", "POST")) as visit:
        done = await browser_sign_in(visit, HOME, "alice", Secret("s3cret"))
    assert done.filled == ("username", "password")
    assert not done.asks_again
    assert done.session.headers == (("Authorization", "Bearer alice-s3cret"),)
    assert "s3cret" not in repr(done.why)
    assert [request.method for request in net.sent].count("POST") == 1


async def test_two_steps_are_followed_and_one_password_is_sent(chromium) -> None:
    def script(request: Request):
        if request.method == "POST" and b"pass=" in request.body:
            return redirect("/in", status=303)
        if request.method == "POST":
            return page("<form method=post action=/two><input type=password name=pass><button>Suivant</button></form>")
        return page(
            "<form method=post action=/one><input name=email type=email><button>Suivant</button></form>"
            if request.url == HOME
            else "in"
        )

    net = network(script)
    async with chromium.visit(net, VirtualClock(), methods=("GET", "POST")) as visit:
        done = await browser_sign_in(visit, HOME, "alice@exemple.invalid", Secret("x"))
    assert done.filled == ("username", "password")
    assert done.after.url == HOME + "in"


async def test_a_page_that_never_ends_is_left(chromium) -> None:
    net = network({HOME: page("<script>for (;;) { }</script>")})
    with pytest.raises(BrowserLost) as lost:
        async with chromium.visit(net, VirtualClock(), seconds=3) as visit:
            await visit.open(HOME)
    assert lost.value.reason is Reason.TIMEOUT
    async with chromium.visit(network({HOME: page("again")}), VirtualClock()) as visit:
        assert (await visit.open(HOME)).text == "again"


async def test_a_page_that_eats_memory_is_ended() -> None:
    browser = Browser(memory_max=150_000_000)

    async def grow() -> None:
        async with browser.visit(network({HOME: page("x")}), VirtualClock(), seconds=20) as visit:
            await visit.open(HOME)
            await asyncio.sleep(3)
            await visit.open(HOME)

    try:
        with pytest.raises(BrowserLost):
            await grow()
    finally:
        await browser.aclose()


async def test_an_interrupted_visit_leaves_no_process_behind() -> None:
    browser = Browser()
    started = asyncio.Event()
    pids: list[int] = []

    async def wander() -> None:
        async with browser.visit(network({HOME: page("x")}), VirtualClock()) as visit:
            await visit.open(HOME)
            pids.append(visit.chromium.pid)
            started.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(wander())
    await asyncio.wait_for(started.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await browser.aclose()
    for _ in range(50):
        if not _alive(pids[0]):
            break
        await asyncio.sleep(0.1)
    assert not _alive(pids[0])


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_visit_within_a_visit_waits_for_nobody(chromium) -> None:
    net = network({HOME: page("<title>x</title>x")})
    async with chromium.visit(net, VirtualClock()) as first:
        await first.open(HOME)
        async with chromium.visit(net, VirtualClock()) as second:
            assert (await second.open(HOME)).text == "x"
        assert (await first.open(HOME)).text == "x"


async def test_the_budget_of_the_check_holds(chromium) -> None:
    from pgssi_probe.net.exchange import Failure

    body = "".join(f"<script src=/s{number}.js></script>" for number in range(10))
    count = {"left": 5}

    def script(request: Request):
        count["left"] -= 1
        if count["left"] < 0:
            return Failure.BUDGET
        return page("<!doctype html>" + body)

    async with chromium.visit(network(script), VirtualClock()) as visit:
        await visit.open(HOME)
        fates = [one.fate for one in visit.asked]
    assert fates.count(Fate.SENT) == 5
    assert fates.count(Fate.BUDGET) == 6


async def test_a_browser_that_is_missing_is_lost_at_once() -> None:
    with pytest.raises(BrowserLost) as lost:
        async with Browser("chromium").visit(network({}), VirtualClock()):
            pass
    assert lost.value.reason is Reason.BROWSER_MISSING
