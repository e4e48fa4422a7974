"""The oracle: what it chooses, what it concludes, and when it keeps silent."""

from __future__ import annotations

from typing import Any

import pytest

from pgssi_probe.check.harness import page, redirect
from pgssi_probe.identity import ORACLE, Account, Oracle, Secret, Session, State, carriers, sign_in
from pgssi_probe.identity.sighting import Sighting, Trait, page_data, shape
from pgssi_probe.net.exchange import Failure, Request, Response

ORIGIN = "https://portal.example"


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}", **options)


async def test_it_is_chosen_and_its_quality_told(visit: Any, app: Any) -> None:
    ctx = visit(app())
    oracle = await ctx.collect(ORACLE)
    assert oracle.url == f"{ORIGIN}/space"
    assert oracle.quality["rounds"] == 3
    assert oracle.quality["status_in"] == 200
    assert oracle.quality["status_out"] == 302
    assert "redirect" in oracle.quality["traits"]


ANSWERS = {
    "too many": (page("", status=429), State.UNKNOWN),
    "server error": (html("Erreur", status=500), State.UNKNOWN),
    "unavailable": (page("", status=503), State.UNKNOWN),
    "time-out": (Failure.RESPONSE_TIMEOUT, State.UNKNOWN),
    "forced change": (redirect("/change-password", status=302), State.UNKNOWN),
    "another page": (html("<h1>Maintenance en cours</h1>"), State.UNKNOWN),
    "new 401": (page("", status=401), State.OUT),
    "sign-in page": (redirect("/login?next=/space", status=302), State.OUT),
    "forbidden": (html("Interdit", status=403), State.OUT),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_it_says_of_other_answers(visit: Any, app: Any, what: str) -> None:
    it = app()
    ctx = visit(it)
    oracle = await ctx.collect(ORACLE)
    signed = await sign_in(ctx, "a")
    answer, expected = ANSWERS[what]
    it.before = lambda request: answer if request.url == oracle.url else None
    assert await oracle.state(signed.session) is expected


async def test_a_page_for_everybody_is_told_by_its_controls(visit: Any, app: Any) -> None:
    """An application that answers 200 to all, and shows who one is."""
    it = app()

    def public(request: Request) -> Response | None:
        if not request.url.startswith(f"{ORIGIN}/space"):
            return None
        inside = it.cookies(request).get("sid") in it.live
        text = "Bienvenue sur le portail de l'hôpital, horaires, services, plan d'accès, actualités. " * 20
        return html(
            f"<p>{text}</p>" + ('<a href="/logout">Déconnexion</a>' if inside else '<a href="/login">Connexion</a>')
        )

    it.before = public
    ctx = visit(it)
    oracle = await ctx.collect(ORACLE)
    assert oracle.usable
    signed = await sign_in(ctx, "a")
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
    it.before = lambda _: html("<h1>Panne</h1>")
    assert await oracle.state(signed.session) is State.UNKNOWN


async def test_another_account_is_seen_in_though_its_page_shows_another_name(visit: Any, app: Any) -> None:
    it = app()
    accounts = {label: Account(label, name, Secret("Right-1234")) for label, name in (("a", "alice"), ("b", "bob-77"))}
    ctx = visit(it, accounts=accounts)
    oracle = await ctx.collect(ORACLE)
    signed = await sign_in(ctx, "a")
    signed.session.label = "b"
    assert await oracle.state(signed.session) is State.IN


async def test_a_remembered_name_on_the_sign_in_page_does_not_hide_that_one_is_out(visit: Any, app: Any) -> None:
    ctx = visit(it := app())
    oracle = await ctx.collect(ORACLE)
    it.before = lambda _: redirect("/login?next=/space&user=alice", status=302)
    assert await oracle.state(Session(ctx.network, ctx.clock, label="a")) is State.OUT


async def test_no_difference_no_oracle(visit: Any, app: Any) -> None:
    it = app(accept=lambda _: redirect("/", status=302, headers=(("Set-Cookie", "sid=x; Path=/"),)))
    it.before = lambda request: html("<h1>Le même</h1>") if "/space" in request.url else None
    oracle = await visit(it).collect(ORACLE)
    assert (oracle.usable, oracle.reason) == (False, "no_difference")
    assert await oracle.state(Session(visit(it).network, visit(it).clock)) is State.UNKNOWN


async def test_what_flickers_is_not_kept(visit: Any, app: Any) -> None:
    it = app()
    count = 0

    def flicker(request: Request) -> Response | None:
        nonlocal count
        if request.url != f"{ORIGIN}/space/profile":
            return None
        count += 1
        return html("x", status=200 if count % 3 else 403)

    it.before = flicker
    oracle = await visit(it, declared={"login.signed_in_url": "/space/profile"}).collect(ORACLE)
    assert not oracle.usable


async def test_the_declared_page_and_text_are_taken(visit: Any, app: Any) -> None:
    declared = {"login.signed_in_url": "/space/profile", "login.signed_in_text": "bonjour ALICE"}
    ctx = visit(app(), declared=declared)
    oracle = await ctx.collect(ORACLE)
    assert oracle.url == f"{ORIGIN}/space/profile"
    assert oracle.quality["declared"] is True


async def test_without_account_or_after_a_refusal_there_is_none(visit: Any, app: Any) -> None:
    assert (await visit(app(), accounts={}).collect(ORACLE)).reason == "no_account"
    it = app()
    ctx = visit(it)
    it.before = lambda request: it.login_page("Mot de passe incorrect") if request.method == "POST" else None
    assert (await ctx.collect(ORACLE)).reason == "sign_in_refused"


async def test_carriers_are_proved(visit: Any, app: Any) -> None:
    it = app()
    noise = (("Set-Cookie", "lang=fr; Path=/"), ("Set-Cookie", "_ga=1; Path=/"))

    def accept(a: Any) -> Response:
        token = next(iter(a.live))
        return redirect("/space", status=302, headers=(("Set-Cookie", f"sid={token}; Path=/"), *noise))

    it.accept = accept
    ctx = visit(it)
    signed = await sign_in(ctx, "a")
    found = await carriers(signed.session, await ctx.collect(ORACLE))
    assert [(one.kind, one.name, one.needed) for one in found] == [("cookie", "sid", True)]
    it.live.clear()
    assert await carriers(signed.session, await ctx.collect(ORACLE)) == ()


async def test_either_of_two_cookies_suffices(visit: Any, app: Any) -> None:
    it = app()

    def accept(a: Any) -> Response:
        return redirect(
            "/space", status=302, headers=(("Set-Cookie", "one=1; Path=/"), ("Set-Cookie", "two=2; Path=/"))
        )

    def either(request: Request) -> Response | None:
        if "/space" not in request.url:
            return None
        held = it.cookies(request)
        inside = held.get("one") == "1" or held.get("two") == "2"
        return html('<a href="/logout">Déconnexion</a>') if inside else redirect("/login", status=302)

    it.accept, it.before = accept, either
    ctx = visit(it)
    signed = await sign_in(ctx, "a")
    found = await carriers(signed.session, await ctx.collect(ORACLE))
    assert [(one.name, one.needed, one.suffices) for one in found] == [("one", False, True), ("two", False, True)]


PROSE = "Rendez-vous du mois, résultats d'analyses, messages de votre médecin et documents à télécharger. " * 5
HERE = {Trait.STATUS: "200", Trait.REDIRECT: "", Trait.SIGN_OUT: "no", Trait.PASSWORD: "no"}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Sighting(200, HERE, PROSE), State.IN),
        (Sighting(200, HERE, PROSE + " Nouveau message."), State.IN),
        (Sighting(200, HERE, "Maintenance en cours, revenez plus tard."), State.UNKNOWN),
        (Sighting(200, {**HERE, Trait.PASSWORD: "yes"}, PROSE), State.UNKNOWN),
        (Sighting(302, {Trait.STATUS: "302", Trait.REDIRECT: "/login"}), State.OUT),
        (Sighting(302, {Trait.STATUS: "302", Trait.REDIRECT: "/charte"}), State.UNKNOWN),
        (Sighting(429, {Trait.STATUS: "429", Trait.REDIRECT: ""}), State.UNKNOWN),
        (Sighting(None), State.UNKNOWN),
    ],
)
def test_a_page_without_a_control_must_still_be_the_same_page(now: Sighting, expected: State) -> None:
    outside = Sighting(302, {Trait.STATUS: "302", Trait.REDIRECT: "/login"})
    oracle = Oracle("https://h/x", "", Sighting(200, HERE, PROSE), outside, (Trait.STATUS, Trait.REDIRECT))
    assert oracle.judged(now) is expected


def test_the_shape_of_json_holds_no_value() -> None:
    assert shape({"name": "alice", "groups": [1], "x": {"y": None, "deep": {"z": 1}}}) == (
        ".groups:list|.name:some|.x.deep:some|.x.y:none"
    )
    assert "alice" not in shape({"name": "alice"})


async def test_a_session_that_dies_without_one_of_its_cookies_is_replaced(visit: Any, app: Any) -> None:
    """Roundcube closes a session that comes without `roundcube_sessauth`, phpMyAdmin one without its encrypted pair."""
    it = app()

    def accept(a: Any) -> Response:
        token = f"s{len(a.sent)}"
        pair = (("Set-Cookie", f"sid={token}; Path=/"), ("Set-Cookie", f"auth=a{token}; Path=/"))
        return redirect("/space", status=302, headers=(*pair, ("Set-Cookie", "lang=fr; Path=/")))

    def jealous(request: Request) -> Response | None:
        held = it.cookies(request)
        if held.get("sid") and held.get("auth") != f"a{held['sid']}":
            it.live.discard(held["sid"])
        return None

    it.accept, it.before = accept, jealous
    ctx = visit(it)
    oracle = await ctx.collect(ORACLE)
    session = (await sign_in(ctx, "a")).session
    assert await carriers(session, oracle) == ()

    opened: list[Session] = []

    async def another() -> Session:
        opened.append((await sign_in(ctx, "a")).session)
        return opened[-1]

    session = await another()
    found = await carriers(session, oracle, another)
    assert [(one.name, one.needed) for one in found] == [("sid", True), ("auth", True)]
    assert len(opened) == 2
    assert await oracle.state(session) is State.IN


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('window.app_config = {"auth_required": true};', ".auth_required:some"),
        ('  {"user": {"name": "alice"}}', ".user.name:some"),
        ('var boot={"user":{"isSignedIn":false}};start()', ".user.isSignedIn:none"),
        ("window.x = {a: 1}", ""),
        ("if (a) { b() }", ""),
        ('x = {"a": ', ""),
        ("", ""),
    ],
)
def test_the_names_in_the_data_that_a_page_gives_to_its_scripts(script: str, expected: str) -> None:
    assert page_data([script]) == expected


async def test_a_shell_that_is_the_same_for_everybody_tells_by_its_data(visit: Any) -> None:
    """One page, the same words and the same status: only what its script starts from differs (Gradio)."""
    shell = "<!doctype html><title>x</title><p>Il faut JavaScript.</p><script>window.config = {};</script>"
    given = {True: '{"version": "6", "components": [1], "username": "a"}', False: '{"auth_required": true}'}

    def answer(request: Request) -> Response:
        inside = any(name == "Cookie" and "sid=1" in value for name, value in request.headers)
        if request.url.endswith("/login") and request.method == "POST":
            headers = (("Set-Cookie", "sid=1; Path=/"),)
            return page('{"success": true}', content_type="application/json", headers=headers)
        known = request.url == f"{ORIGIN}/"
        return page(shell.replace("{};", f"{given[inside]};")) if known else page("non", status=404)

    declared = {"login.driver": "json", "login.url": f"{ORIGIN}/login"}
    ctx = visit(answer, declared=declared)
    oracle = await ctx.collect(ORACLE)
    assert oracle.traits == (Trait.STATE,)
    signed = await sign_in(ctx, "a")
    assert await oracle.state(signed.session) is State.IN
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.OUT
