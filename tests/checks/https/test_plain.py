"""The first answer over plain HTTP."""

import pytest

from pgssi_checks.https.plain import Hop, destination, falls_back_to_http, judge_hop, plain_address, sets_cookie
from pgssi_probe.check.harness import Answer, exchange, page, redirect
from pgssi_probe.net.exchange import Failure

HOME = "http://portal.example/"
HTTPS = "https://portal.example/"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (redirect(HTTPS), Hop.ENFORCED),
        (redirect(HTTPS, status=308), Hop.ENFORCED),
        (redirect("https://portal.example:8443/x"), Hop.ENFORCED),
        (redirect("https://PORTAL.example/"), Hop.ENFORCED),
        (redirect(HTTPS, status=302), Hop.TEMPORARY),
        (redirect(HTTPS, status=307), Hop.TEMPORARY),
        (redirect("/accueil"), Hop.NOT_HTTPS),
        (redirect("http://portal.example/a"), Hop.NOT_HTTPS),
        (redirect("//portal.example/a"), Hop.NOT_HTTPS),
        (redirect("https://www.portal.example/"), Hop.OTHER_HOST),
        (page("x" * 5000, status=301, headers={"Location": HTTPS}), Hop.CONTENT_WITH_REDIRECT),
        (page("<h1>Moved</h1>", status=301, headers={"Location": HTTPS}), Hop.ENFORCED),
        (page("<h1>Accueil</h1>"), Hop.CONTENT),
        (page("", status=200), Hop.REFUSED),
        (page("<h1>Interdit</h1>", status=403), Hop.REFUSED),
        (page("", status=426), Hop.REFUSED),
        (page("", status=401, headers={"WWW-Authenticate": "Basic"}), Hop.CONTENT),
        (page("", status=301), Hop.REFUSED),
        (page("", status=301, headers={"Location": "https://["}), Hop.REFUSED),
        (page("oops", status=503), Hop.UNKNOWN),
        (Failure.REFUSED, Hop.CLOSED),
        (Failure.CONNECT_TIMEOUT, Hop.CLOSED),
        (Failure.PROTOCOL, Hop.UNKNOWN),
        (Failure.RESPONSE_TIMEOUT, Hop.UNKNOWN),
    ],
)
def test_first_hop(answer: Answer, expected: Hop) -> None:
    assert judge_hop(exchange(HOME, answer), longest_note=2048) is expected


def test_destination_of_what_is_no_redirect() -> None:
    assert destination(exchange(HOME, page("x", headers={"Location": HTTPS}))) is None
    assert destination(exchange(HOME, Failure.RESET)) is None


@pytest.mark.parametrize(
    ("url", "location", "expected"),
    [
        (HTTPS, "http://portal.example/login", True),
        (HTTPS, "http://portal.example:8080/login", True),
        (HTTPS, "http://ailleurs.example/", False),
        (HTTPS, "/login", False),
        (HOME, "http://portal.example/login", False),
    ],
)
def test_falling_back_to_plain_http(url: str, location: str, expected: bool) -> None:
    assert falls_back_to_http(exchange(url, redirect(location, status=302))) is expected


def test_the_way_in_counts_whatever_the_host() -> None:
    away = exchange(HTTPS, redirect("http://ailleurs.example/", status=302))
    assert falls_back_to_http(away, any_host=True)
    assert not falls_back_to_http(away)


def test_cookies_that_are_set_count_and_those_deleted_do_not() -> None:
    headers = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=; Max-Age=0"))
    assert sets_cookie(exchange(HOME, page("x", headers=headers))) == ("a",)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://portal.example/a?b=c#d", "http://portal.example:8080/a?b=c"),
        ("https://portal.example", "http://portal.example:8080/"),
    ],
)
def test_the_same_address_in_plain_http(url: str, expected: str) -> None:
    assert plain_address(url, "http://portal.example:8080/") == expected
