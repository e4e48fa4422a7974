"""`headers.cors`: tricks that servers fall for, and the grants that are harmless."""

import re
from urllib.parse import urlsplit

import pytest

from pgssi_checks.headers.cors import Grant, forged_origins, grant_of, verdict
from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.net.exchange import Failure, Request, Response

HOME = "https://portal.example/"
ALLOW, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"


def origin_of(request: Request) -> str:
    return dict(request.headers).get("Origin", "")


def server(trusts, *, credentials: bool = True, answer: str = "", api_only: bool = False):
    """A site that grants the origins that `trusts` accepts."""

    def respond(request: Request) -> Response:
        is_api = urlsplit(request.url).path == "/api"
        if not is_api and urlsplit(request.url).path != "/":
            return page("absent", status=404)
        body = page("{}", content_type="application/json") if is_api else page('<a href="/api">api</a>')
        origin = origin_of(request)
        if origin and trusts(origin) and (is_api or not api_only):
            granted = (
                (ALLOW, answer or origin),
                ("Vary", "Origin"),
                *(((CREDENTIALS, "true"),) if credentials else ()),
            )
            return Response(body.status, "", "HTTP/1.1", (*body.headers, *granted), body.body, body.wire_bytes)
        return body

    return respond


@pytest.mark.parametrize(
    ("trusts", "expected"),
    [
        (lambda _: True, {"reflected-origin"}),
        (lambda origin: origin == "null", {"null-origin"}),
        (lambda origin: origin.startswith("https://portal.example"), {"prefix-match"}),
        (lambda origin: origin.endswith("portal.example"), {"suffix-match"}),
        (lambda origin: re.match(r"https://.*portal\.example", origin), {"prefix-match", "suffix-match"}),
        (lambda origin: origin == "https://portal.example", {"closed"}),
        (lambda origin: re.fullmatch(r"https://([a-z0-9-]+\.)*portal\.example", origin), {"closed"}),
        (lambda _: False, {"closed"}),
    ],
)
async def test_whom_a_server_trusts(trusts, expected: set[str]) -> None:
    assert slugs(await run_check("headers.cors", server(trusts))) == expected


async def test_an_api_that_nobody_else_reflects_is_found() -> None:
    outcomes = await run_check("headers.cors", server(lambda _: True, api_only=True))
    assert slugs(outcomes) == {"reflected-origin"}
    assert outcomes[0].facts["urls"] == ["https://portal.example/api"]


async def test_reflection_without_credentials_is_lesser() -> None:
    assert slugs(await run_check("headers.cors", server(lambda _: True, credentials=False))) == {
        "lenient-without-credentials"
    }


async def test_a_public_wildcard_is_fine_and_with_credentials_is_not() -> None:
    assert slugs(await run_check("headers.cors", server(lambda _: True, answer="*", credentials=False))) == {"closed"}
    assert slugs(await run_check("headers.cors", server(lambda _: True, answer="*"))) == {"wildcard-credentials"}


async def test_one_stray_answer_is_not_believed() -> None:
    granted = iter([True] + [False] * 500)
    assert slugs(await run_check("headers.cors", server(lambda _: next(granted)))) == {"closed"}


async def test_a_server_that_stops_answering_is_inconclusive() -> None:
    def respond(request: Request) -> Response | Failure:
        return Failure.RESET if origin_of(request) else page("x", status=200 if request.url == HOME else 404)

    (outcome,) = await run_check("headers.cors", respond)
    assert outcome.slug == "inconclusive"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), None),
        (((ALLOW, "https://a.fr"),), Grant("https://a.fr", False, False)),
        (
            ((ALLOW, "https://a.fr"), (CREDENTIALS, "true"), ("Vary", "Accept, Origin")),
            Grant("https://a.fr", True, True),
        ),
        (((ALLOW, "https://a.fr"), (CREDENTIALS, "True")), Grant("https://a.fr", False, False)),
        (((ALLOW, "https://a.fr, https://b.fr"),), None),
        (((ALLOW, "https://a.fr"), (ALLOW, "https://b.fr")), None),
        (((ALLOW, " "),), None),
    ],
)
def test_what_browsers_read_of_a_grant(headers: tuple[tuple[str, str], ...], expected: Grant | None) -> None:
    assert grant_of(page("x", headers=headers)) == expected


def test_forged_origins_belong_to_nobody_or_only_resemble_ours() -> None:
    forged = forged_origins("https://portal.example:8443")
    assert forged["null-origin"] == "null"
    assert forged["reflected-origin"].endswith(".invalid")
    assert re.fullmatch(r"https://portal\.example\.[0-9a-f]+\.invalid", forged["prefix-match"])
    assert re.fullmatch(r"https://[0-9a-f]+portal\.example:8443", forged["suffix-match"])


def test_a_grant_to_somebody_else_is_harmless() -> None:
    assert verdict("reflected-origin", Grant("https://partenaire.fr", True, True), "https://x.invalid") is None


async def test_what_was_tried_is_counted() -> None:
    (outcome,) = await run_check("headers.cors", server(lambda _: False))
    assert (outcome.facts["count"], outcome.facts["apis"]) == (2, 1)
