"""`https.enforcement`: whole sites, over HTTPS and plain HTTP."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from pgssi_checks.https.enforcement import plain_origin, unknown_user_body
from pgssi_probe.check import Target
from pgssi_probe.check.harness import Answer, page, redirect, run_check, scripted, slugs
from pgssi_probe.discovery.site import Form, FormField
from pgssi_probe.model.outcome import Level, Reason, Status
from pgssi_probe.net.exchange import Failure, Request
from pgssi_probe.registry import check

LOGIN = (
    '<form method=post action="/login"><input name=u>'
    "<input type=hidden name=t value=7><input name=p type=password></form>"
)


def site(plain: Callable[[Request], Answer], login: str = LOGIN):
    """A portal with a sign-in page over HTTPS, and something over plain HTTP."""

    def respond(request: Request) -> Answer:
        if request.parts.scheme == "http":
            return plain(request)
        if request.method == "POST":
            return page(login + "<p>Identifiants incorrects</p>")
        path = request.parts.path
        return (
            page('<a href="/login">Connexion</a>')
            if path == "/"
            else page(login)
            if path == "/login"
            else page("", status=404)
        )

    return respond


def to_https(request: Request) -> Answer:
    return redirect(request.url.replace("http://", "https://"))


async def run(plain: Callable[[Request], Answer], **options):
    return await run_check("https.enforcement", site(plain), **options)


async def test_a_permanent_redirect_everywhere_passes() -> None:
    outcomes = await run(to_https)
    assert slugs(outcomes) == {"enforced"}
    assert outcomes[0].facts["count"] == 2


async def test_a_closed_port_passes() -> None:
    outcomes = await run(lambda _: Failure.REFUSED)
    assert slugs(outcomes) == {"closed"}
    assert outcomes[0].status is Status.PASS


async def test_a_sign_in_page_over_plain_http_is_found_behind_a_sound_home() -> None:
    outcomes = await run(
        lambda request: page(LOGIN) if request.parts.path == "/login" else to_https(request), level=Level.PASSIVE
    )
    assert slugs(outcomes) == {"enforced", "content-over-http"}


async def test_a_cookie_before_https() -> None:
    def plain(request: Request) -> Answer:
        return redirect(request.url.replace("http://", "https://"), headers=(("Set-Cookie", "a=1"),))

    outcomes = await run(plain)
    assert "cookie-before-https" in slugs(outcomes)


async def test_an_unusual_port_is_unknown() -> None:
    outcomes = await run(to_https, url="https://portal.example:8443/")
    assert [outcome.reason for outcome in outcomes] == [Reason.UNDECLARED]


async def test_an_unusual_port_may_be_declared() -> None:
    asked = []

    def plain(request: Request) -> Answer:
        asked.append(request.url)
        return redirect("https://portal.example:8443/")

    outcomes = await run(plain, url="https://portal.example:8443/", plain_http_url="http://portal.example:8080/")
    assert slugs(outcomes) == {"enforced"}
    assert asked[0] == "http://portal.example:8080/"


async def test_a_plain_http_target_is_content_in_clear() -> None:
    outcomes = await run(lambda _: page("<h1>Accueil</h1>"), url="http://portal.example/")
    assert slugs(outcomes) == {"content-over-http"}


async def test_a_plain_http_target_that_redirects_is_enforced() -> None:
    outcomes = await run(to_https, url="http://portal.example/")
    assert slugs(outcomes) == {"enforced"}


async def test_a_broken_plain_port_is_inconclusive() -> None:
    outcomes = await run(lambda _: page("", status=503))
    assert [outcome.reason for outcome in outcomes] == [Reason.SERVER_ERROR]


async def test_a_password_form_that_posts_in_clear() -> None:
    login = LOGIN.replace('"/login"', '"http://portal.example/login"')
    outcomes = await run_check("https.enforcement", site(to_https, login))
    (found,) = [outcome for outcome in outcomes if outcome.slug == "form-posts-http"]
    assert found.facts["action"] == "http://portal.example/login"


async def test_https_that_sends_back_to_http() -> None:
    def respond(request: Request) -> Answer:
        if request.parts.scheme == "http":
            return to_https(request)
        return redirect("http://portal.example/login", status=302) if request.parts.path == "/" else page(LOGIN)

    assert "redirect-to-http" in slugs(await run_check("https.enforcement", respond))


def handles_posts(request: Request) -> Answer:
    return (
        page(LOGIN + "<p>Identifiants incorrects</p>")
        if request.method == "POST" and request.parts.path == "/login"
        else to_https(request)
    )


def refuses_posts(request: Request) -> Answer:
    return page("<h1>Méthode refusée</h1>", status=405) if request.method == "POST" else to_https(request)


@pytest.mark.parametrize(
    ("plain", "found"),
    [(handles_posts, True), (refuses_posts, False), (to_https, False)],
)
async def test_a_sign_in_sent_in_clear(plain: Callable[[Request], Answer], found: bool) -> None:
    assert ("login-over-http" in slugs(await run(plain, level=Level.ACTIVE))) is found


@pytest.mark.parametrize(("landing", "found"), [("/login?echec=1", True), ("/ailleurs", False)])
async def test_a_clear_sign_in_that_redirects(landing: str, found: bool) -> None:
    def respond(request: Request) -> Answer:
        origin = f"{request.parts.scheme}://portal.example"
        if request.method == "POST" and request.parts.path == "/login":
            where = landing if request.parts.scheme == "http" else "/login?echec=1"
            return redirect(origin + where, status=303)
        if request.parts.scheme == "http":
            return page("", status=404) if request.method == "POST" else to_https(request)
        return page(LOGIN)

    outcomes = await run_check("https.enforcement", respond, level=Level.ACTIVE)
    assert ("login-over-http" in slugs(outcomes)) is found


async def test_an_answer_given_to_every_post_is_not_a_sign_in() -> None:
    def plain(request: Request) -> Answer:
        return page(LOGIN + "<p>Identifiants incorrects</p>") if request.method == "POST" else to_https(request)

    assert "login-over-http" not in slugs(await run(plain, level=Level.ACTIVE))


async def test_nothing_is_posted_at_the_passive_level() -> None:
    registered = check("https.enforcement")
    run = scripted(registered.metadata, site(handles_posts), level=Level.PASSIVE)
    await registered.observe()(run.context)
    assert {request.method for request in run.network.sent} == {"GET"}


def test_the_user_of_a_clear_sign_in_does_not_exist() -> None:
    fields = (
        FormField("u", "text"),
        FormField("p", "password"),
        FormField("t", "hidden", "7"),
        FormField("go", "submit", "ok"),
    )
    sent = parse_qs(unknown_user_body(Form("https://portal.example/login", "POST", fields)).decode())
    assert sent["u"][0].startswith("pgssi-probe-")
    assert sent["t"] == ["7"]
    assert sent["p"][0]
    assert "go" not in sent
    assert unknown_user_body(Form("x", "POST", fields)) != unknown_user_body(Form("x", "POST", fields))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target("https://portal.example/"), "http://portal.example/"),
        (Target("https://[2001:db8::1]/"), "http://[2001:db8::1]/"),
        (Target("https://portal.example:8443/"), None),
        (
            Target("https://portal.example:8443/", plain_http_url="http://portal.example:81/"),
            "http://portal.example:81/",
        ),
        (Target("http://portal.example:8000/"), "http://portal.example:8000"),
    ],
)
def test_where_plain_http_is_tried(target: Target, expected: str | None) -> None:
    assert plain_origin(target) == expected
