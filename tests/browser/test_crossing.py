"""What the room answers a browser, without one."""

from __future__ import annotations

import pytest

from pgssi_probe.browser.crossing import CREDENTIALS, Shelf, clear_site_data, fulfilled, shown_again
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.net.exchange import Exchange, Request

URL = "https://portal.example/a.js"


def asked(answer, *headers: tuple[str, str]) -> Exchange:
    done = exchange(URL, answer)
    return Exchange(
        id=done.id,
        request=Request("GET", URL, headers),
        sent_headers=headers,
        started=done.started,
        elapsed=0.1,
        response=done.response,
    )


@pytest.mark.parametrize(
    ("value", "cleared"),
    [
        ('"cache", "cookies", "storage"', {"cache", "cookies", "storage"}),
        ('"*"', {"cache", "cookies", "storage"}),
        ('"executionContexts"', set()),
        ("", set()),
    ],
)
def test_clear_site_data_is_read(value: str, cleared: set[str]) -> None:
    assert clear_site_data(page("x", headers={"Clear-Site-Data": value})) == cleared


@pytest.mark.parametrize(
    ("headers", "cookie", "again"),
    [
        ({}, "s=2", True),
        ({"Cache-Control": "max-age=0, must-revalidate"}, "s=2", True),
        ({"Cache-Control": "No-Store"}, "s=1", False),
        ({"Vary": "Accept-Encoding"}, "s=2", True),
        ({"Vary": "Accept-Encoding, Cookie"}, "s=2", False),
        ({"Vary": "Cookie"}, "s=1", True),
        ({"Vary": "*"}, "s=1", False),
    ],
)
def test_what_going_back_shows_again(headers: dict[str, str], cookie: str, again: bool) -> None:
    assert shown_again(asked(page("x", headers=headers), ("Cookie", "s=1")), {"Cookie": cookie}) is again


@pytest.mark.parametrize(
    ("headers", "status", "kept"),
    [
        ({}, 200, True),
        ({"Cache-Control": "private"}, 200, False),
        ({"Cache-Control": "no-store"}, 200, False),
        ({"Set-Cookie": "a=1"}, 200, False),
        ({}, 404, False),
    ],
)
def test_only_what_is_everybody_s_is_given_to_another_visitor(headers: dict[str, str], status: int, kept: bool) -> None:
    shelf = Shelf()
    shelf.keep(asked(page("x", headers=headers, status=status)))
    assert (shelf.take(URL) is not None) is kept


def test_the_shelf_has_an_end() -> None:
    shelf = Shelf(room=10)
    shelf.keep(asked(page("x" * 20)))
    assert shelf.take(URL) is None


def test_repeated_headers_stay_apart_and_those_of_the_wire_go() -> None:
    given = fulfilled(page("é", headers=(("Set-Cookie", "a=1"), ("Content-Encoding", "gzip"), ("Set-Cookie", "b=2"))))
    assert [one["value"] for one in given["responseHeaders"] if one["name"] == "Set-Cookie"] == ["a=1", "b=2"]
    assert "Content-Encoding" not in {one["name"] for one in given["responseHeaders"]}
    assert given["body"] == "w6k="


@pytest.mark.parametrize(
    ("name", "signs"),
    [
        ("Authorization", True),
        ("X-Auth-Token", True),
        ("X-ACTUAL-TOKEN", True),
        ("X-Parse-Session-Token", True),
        ("xc-auth", True),
        ("X-CSRF-Token", False),
        ("X-XSRF-TOKEN", False),
        ("X-Request-Verification-Token", False),
        ("X-Request-Id", False),
        ("X-Requested-With", False),
    ],
)
def test_headers_by_which_scripts_sign_their_requests(name: str, signs: bool) -> None:
    assert (CREDENTIALS.fullmatch(name) is not None) is signs
