"""Files recognised by their content, and what asks for them."""

from __future__ import annotations

import re

import pytest

from pgssi_checks.input.path_traversal import FILES, shows
from pgssi_probe.check.harness import exchange, page, run_check, slugs
from pgssi_probe.net.exchange import Request, Response

RELEASE, PASSWD, WIN, WEB = FILES
HOME = "https://portal.example/"


@pytest.mark.parametrize(
    ("known", "body"),
    [
        (RELEASE, 'NAME="Alpine Linux"\nID=alpine\n'),
        (RELEASE, "<pre>PRETTY_NAME=&quot;Debian&quot;\nNAME=&quot;Debian&quot;</pre>"),
        (PASSWD, "<div>root:x:0:0:root:/root:/bin/sh\nbin:x:1:1::/:</div>"),
        (WIN, "; for 16-bit app support\r\n[fonts]\r\n"),
        (WEB, '<?xml version="1.0"?><web-app version="4.0">'),
    ],
)
def test_recognised(known, body: str) -> None:
    assert shows(exchange(HOME, page(body)), known)


@pytest.mark.parametrize(
    ("known", "body"),
    [
        (RELEASE, "NAME=Alpine"),
        (RELEASE, "/etc/os-release: no such file"),
        (PASSWD, "The file ../../etc/passwd (root:x) does not exist"),
        (PASSWD, "an entry such as root:x:0:0: is the first"),
        (WIN, "see [fonts] in the manual"),
    ],
)
def test_not_recognised(known, body: str) -> None:
    assert shows(exchange(HOME, page(body)), known) is None


def test_an_error_page_shows_nothing() -> None:
    assert shows(exchange(HOME, page("root:x:0:0:", status=404)), PASSWD) is None


async def test_through_the_address() -> None:
    """A server that decodes an address after it checked it."""

    def answer(request: Request) -> Response:
        form = request.origin_form or ""
        if re.search(r"(?:\.%2e/){4,}etc/passwd$", form):
            return page("root:x:0:0:root:/root:/bin/sh\n", content_type="text/plain")
        return page("<h1>x</h1>", status=200 if request.parts.path == "/" and not form else 404)

    found = await run_check("input.path-traversal", answer)
    assert slugs(found) == {"read"}
    assert found[0].facts["file"] == "etc/passwd"


async def test_a_page_that_shows_it_anyway_is_not_accused() -> None:
    """A manual that quotes the file, whatever is asked for."""

    def answer(request: Request) -> Response:
        return page("<a href='/?fichier=a.txt'>x</a><pre>\nroot:x:0:0:root:/root:/bin/sh\nNAME=a\nID=b\n</pre>")

    assert slugs(await run_check("input.path-traversal", answer)) == {"confined"}
