"""Where a browser goes, by the rules of browsers."""

from __future__ import annotations

import pytest

from pgssi_checks.input.landing import host_of, sends_to
from pgssi_probe.check.harness import page
from pgssi_probe.discovery.parse import parse_html

HERE = "https://portal.example/a/b"


@pytest.mark.parametrize(
    "target",
    [
        "https://x.invalid/",
        "HTTPS://X.invalid",
        "//x.invalid/a",
        "///x.invalid",
        "/\\x.invalid/",
        "\\\\x.invalid",
        "/\t/x.invalid/",
        " \n//x.invalid",
        "http:x.invalid/",
        "http:/x.invalid/",
        "https://portal.example@x.invalid/",
        "https://x.invalid:8443?x",
        "https:\\\\x.invalid\\a",
    ],
)
def test_leads_elsewhere(target: str) -> None:
    assert host_of(HERE, target) == "x.invalid"


@pytest.mark.parametrize(
    "target",
    ["", "/", "x.invalid", "./x.invalid", "/x.invalid/", "https:x.invalid/", "?u=//x.invalid", "#//x.invalid",
     "https://portal.example/?u=https://x.invalid/", "/%2f/x.invalid", "https://portal.example\\@x.invalid/"],
)  # fmt: skip
def test_stays_here(target: str) -> None:
    assert host_of(HERE, target) == "portal.example"


@pytest.mark.parametrize("target", ["mailto:a@x.invalid", "javascript:location='//x.invalid'", "data:,x"])
def test_is_no_host(target: str) -> None:
    assert host_of(HERE, target) == ""


def test_every_way_on_is_read() -> None:
    markup = (
        "<meta http-equiv=refresh content='0; URL=\"https://b.invalid/\"'>"
        "<script>location.href = 'https:\\/\\/c.invalid/'; if (location == 'https://d.invalid/') x()</script>"
    )
    answer = page(markup, status=302, headers={"Location": "//l.invalid", "Refresh": "5;url=//r.invalid"})
    sent = {one.how: host_of(HERE, one.target) for one in sends_to(answer, parse_html(markup, HERE))}
    assert sent == {"location": "l.invalid", "refresh": "r.invalid", "meta-refresh": "b.invalid", "script": "c.invalid"}


def test_a_location_without_a_redirect_is_nothing() -> None:
    assert not list(sends_to(page("", status=201, headers={"Location": "//l.invalid"}), None))
