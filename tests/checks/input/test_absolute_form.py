"""`input.host-header`, asked in absolute form: a target that is merely repeated is no name taken from it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect, run_check, slugs
from pgssi_probe.net.exchange import Request, Response

Answer = Callable[[str], Response]


def not_found(asked: str) -> Response:
    return page(f"<title>Page not found at {escape(asked)}</title><p>Request URL: {escape(asked)}</p>", status=404)


def back_to(asked: str) -> Response:
    parts = urlsplit(asked)
    after = f"/login?next={parts.scheme}://{parts.netloc}"
    return page(
        f'<p>Found. Redirecting to {after}</p><a href="{after}">here</a>', status=302, headers=(("Location", after),)
    )


def told_where(asked: str) -> Response:
    return page(f"<p>Vous avez demandé {escape(asked)}</p>")


def script_base(asked: str) -> Response:
    return page(f"<p>Portail</p><script>var base = 'https://{urlsplit(asked).netloc}/static/';</script>")


def link(asked: str) -> Response:
    return page(f'<p>Portail</p><a href="https://{urlsplit(asked).netloc}/reset">Mot de passe</a>')


def moved(asked: str) -> Response:
    return redirect(f"https://{urlsplit(asked).netloc}/fr/", status=302)


def asking(answer: Answer) -> Callable[[Request], Response]:
    """A server that reads the address of the request line and knows no other header."""

    def respond(request: Request) -> Response:
        if request.origin_form is None:
            return page("<p>Portail</p>")
        return answer(request.origin_form)

    return respond


@pytest.mark.parametrize("answer", [not_found, back_to, told_where])
async def test_a_target_that_is_repeated_is_no_name(answer: Answer) -> None:
    assert slugs(await run_check("input.host-header", asking(answer))) == {"ignored"}


@pytest.mark.parametrize("answer", [script_base, link, moved])
async def test_a_name_taken_from_the_target_is_told(answer: Answer) -> None:
    assert slugs(await run_check("input.host-header", asking(answer))) == {"reflected"}


@pytest.mark.parametrize(("status", "slug"), [(400, "ignored"), (200, "reflected")])
async def test_a_refusal_that_says_which_name_it_refuses_takes_nothing_from_it(status: int, slug: str) -> None:
    """A page of debugging tells the whole address that was asked for, under the error that refuses it."""

    def respond(request: Request) -> Response:
        host = next((value for name, value in request.headers if name == "Host"), "")
        return page(f"<p>Adresse : https://{host}/</p>", status=status) if host else page("<p>Portail</p>")

    assert slugs(await run_check("input.host-header", respond)) == {slug}
