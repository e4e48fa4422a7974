"""What the application gives away to those who signed in: the same checks, on the walks of the accounts."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from pgssi_checks.disclosure.secrets import Place, is_cut
from pgssi_probe.check.harness import Answer, Script, exchange, page, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Level, Outcome
from pgssi_probe.net.exchange import Request, Response, Truncation

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
Wrap = Callable[[Script, VirtualClock], Script]
KEY = "AKIA" + "Q3EGRWKPL7HD2MVN"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLW9mLXRlc3QtMDEyMzQ1Njc4OQ"
PRIVATE = "/resultats"


def written(text: str, *, path: str = PRIVATE, status: int | None = None) -> Wrap:
    """The portal, with something written at the end of a page of the space of an account."""

    def wrap(script: Script, _clock: VirtualClock) -> Script:
        assert callable(script)

        def answer(request: Request) -> Answer:
            got = script(request)
            if isinstance(got, Response) and got.status == 200 and request.parts.path == path and got.is_html:
                body = got.body.replace(b"</body>", text.encode() + b"</body>")
                return replace(got, body=body, wire_bytes=len(body), status=status or 200)
            return got

        return answer

    return wrap


async def test_a_key_in_a_page_of_the_space_is_found(signed_in: SignedIn) -> None:
    hidden = written(f"<script>var aws = {{accessKeyId: '{KEY}'}}</script>")
    outcomes = await signed_in("disclosure.secrets", answers=hidden)
    assert slugs(outcomes) == {"cloud-key"}
    assert outcomes[0].subject.name.endswith(PRIVATE)


async def test_a_key_in_the_code_that_a_page_of_the_space_loads_is_found(signed_in: SignedIn) -> None:
    loads = written('<script src="/espace-prive.js"></script>')

    def answers(script: Script, clock: VirtualClock) -> Script:
        inner = loads(script, clock)
        assert callable(inner)
        code = page(f"var aws = {{accessKeyId: '{KEY}'}}", content_type="text/javascript")
        return lambda request: code if request.parts.path == "/espace-prive.js" else inner(request)

    outcomes = await signed_in("disclosure.secrets", answers=answers)
    assert slugs(outcomes) == {"cloud-key"}
    assert outcomes[0].subject.name.endswith("/espace-prive.js")


async def test_a_page_that_counts_on_a_session_and_fails_without_one(signed_in: SignedIn) -> None:
    """Pages of PHP that read the session without asking whether there is one."""
    warning = '<b>Warning</b>:  Undefined array key "pid" in <b>/srv/app/panel.php</b> on line <b>8</b><br />'

    def answers(script: Script, _clock: VirtualClock) -> Script:
        assert callable(script)

        def answer(request: Request) -> Answer:
            got = script(request)
            guarded = isinstance(got, Response) and got.status == 303 and request.method == "GET"
            return page(f"<br />{warning}<h1>Dossier</h1>") if guarded and request.provokes_errors else got

        return answer

    outcomes = await signed_in("disclosure.verbose-errors", answers=answers)
    (found,) = [one for one in outcomes if one.slug == "stack-trace-php"]
    assert found.facts["provoked_by"] == ["no-session"]


async def test_without_a_mandate_for_more_than_reading_nobody_signs_in(signed_in: SignedIn) -> None:
    hidden = written(f"<script>var aws = {{accessKeyId: '{KEY}'}}</script>")
    outcomes = await signed_in("disclosure.secrets", answers=hidden, level=Level.PASSIVE)
    assert slugs(outcomes) == {"none"}


async def test_the_token_of_an_account_is_no_secret_kept_from_it(signed_in: SignedIn) -> None:
    outcomes = await signed_in("disclosure.secrets", answers=written(f"<script>var t = '{TOKEN}'</script>"))
    assert slugs(outcomes) == {"none"}


async def test_a_comment_in_the_space_tells_a_version(signed_in: SignedIn) -> None:
    generator = written("<!-- Powered by Apache Tomcat/9.0.31 -->")
    anonymous = await signed_in("disclosure.banners", answers=generator, accounts=())
    outcomes = await signed_in("disclosure.banners", answers=generator)
    assert slugs(outcomes) - slugs(anonymous) == {"comment"}


@pytest.mark.parametrize(("name", "cut"), [("a.js", False), ("b.js", True)])
def test_a_file_cut_for_an_account_was_read_where_anybody_was_given_it_whole(name: str, *, cut: bool) -> None:
    script = page("x", content_type="text/javascript")
    whole = exchange("https://portal.example/a.js", script)
    short = exchange(f"https://portal.example/{name}", replace(script, truncated=Truncation.DECODED_CAP))
    assert is_cut([Place(whole, "x", script=True), Place(short, "x", script=True, own=True)]) is cut
    assert is_cut([Place(whole, "x", script=True), Place(short, "x", script=True)])


TRACE = (
    "<pre>Traceback (most recent call last):\n"
    '  File "/srv/portail/vues/resultats.py", line 41, in liste\n    return ligne["date"]\nKeyError: \'date\'\n</pre>'
)


async def test_an_error_met_in_the_space_is_read(signed_in: SignedIn) -> None:
    outcomes = await signed_in("disclosure.verbose-errors", answers=written(TRACE, status=500))
    assert "stack-trace-python" in slugs(outcomes)


PHPINFO = (
    "<!DOCTYPE html><html><head><title>PHP 8.4.14 - phpinfo()</title></head><body><h1 class='p'>PHP Version 8.4.14</h1>"
    '<table><tr><td class="e">DOCUMENT_ROOT</td><td class="v">/srv/portail</td></tr></table></body></html>'
)


def at_address(path: str, body: str, *, only_inside: bool) -> Wrap:
    """The portal, whose space links to one more page."""
    loads = written(f"<a href='{path}'>Serveur</a>")

    def wrap(script: Script, clock: VirtualClock) -> Script:
        inner = loads(script, clock)
        assert callable(inner)

        def answer(request: Request) -> Answer:
            inside = any(name.lower() == "cookie" for name, _ in request.headers)
            known = request.parts.path == path and (inside or not only_inside)
            return page(body) if known else inner(request)

        return answer

    return wrap


async def test_a_page_of_phpinfo_that_only_an_account_is_shown_is_found(signed_in: SignedIn) -> None:
    answers = at_address("/outils/serveur", PHPINFO, only_inside=True)
    (found,) = await signed_in("disclosure.verbose-errors", answers=answers)
    assert found.slug == "server-page"
    assert found.facts["technology"] == ["phpinfo()"]
    assert found.facts["provoked_by"] == ["ordinary"]
    assert [url.endswith("/outils/serveur") for url in found.facts["urls"]] == [True]  # type: ignore[union-attr]


async def test_the_switch_is_found_with_an_account_only(signed_in: SignedIn) -> None:
    switch = "disclosure.verbose-errors/server-page"
    assert slugs(await signed_in("disclosure.verbose-errors", switch)) == {"server-page"}
    assert slugs(await signed_in("disclosure.verbose-errors", switch, accounts=())) == {"plain"}


async def test_a_page_that_speaks_of_phpinfo_is_not_accused(signed_in: SignedIn) -> None:
    speaks = (
        "<h1>Aide</h1><p>La page phpinfo() dit &lt;h1 class='p'&gt;PHP Version 8.4</p><p class='e'>DOCUMENT_ROOT</p>"
    )
    answers = at_address("/outils/serveur", speaks, only_inside=True)
    assert slugs(await signed_in("disclosure.verbose-errors", answers=answers)) == {"plain"}


@pytest.mark.parametrize(
    "name", ["disclosure.secrets", "disclosure.banners", "disclosure.files", "disclosure.verbose-errors"]
)
async def test_the_hardened_space_gives_nothing_away(name: str, signed_in: SignedIn) -> None:
    outcomes = await signed_in(name)
    assert outcomes
    assert {outcome.status for outcome in outcomes} == {"pass"}
