"""The scope guard: what is admitted, under which spelling, and what a name may resolve to."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.net.scope import (
    NameNotResolved,
    OutOfScope,
    Scope,
    ScopeGuard,
    canonical_host,
    is_public,
    parse_address,
)


class Names:
    """A resolver whose answers may change; counts what it is asked."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = {name.replace("_", "."): value for name, value in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        await asyncio.sleep(0)
        if host not in self.answers:
            raise OSError("no such name")
        return self.answers[host]


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("Portal.Example", "portal.example"),
        ("portal.example.", "portal.example"),
        ("hôpital.example", "xn--hpital-ixa.example"),
        ("HÔPITAL.example", "xn--hpital-ixa.example"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_hosts_are_compared_in_one_form(spelling: str, canonical: str) -> None:
    assert canonical_host(spelling) == canonical


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a..b", "a b", "user@host", "host:80", "host/path", "a" * 64 + ".example", "x\0y", "host.."]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        canonical_host(text)


@given(st.text(max_size=300))
def test_canonical_form_is_stable_and_only_valueerror_is_raised(text: str) -> None:
    try:
        once = canonical_host(text)
    except ValueError:
        return
    assert canonical_host(once) == once
    assert once == once.lower()


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://portal.example/", True),
        ("https://PORTAL.example.:443/x", True),
        ("http://portal.example/", False),
        ("https://portal.example:8443/", False),
        ("https://portal.example@evil.example/", False),
        ("https://portal.example.evil.example/", False),
        ("https://evil.example/?https://portal.example/", False),
        ("ftp://portal.example/", False),
        ("https://portal.example:99999/", False),
        ("https://[", False),
        ("//portal.example/", False),
        ("https:///", False),
        ("https://any.example:9/", True),
        ("http://any.example/", True),
    ],
)
def test_urls_in_scope(url: str, allowed: bool) -> None:
    scope = Scope.of("https://portal.example/app", "any.example:*")
    assert scope.allows_url(url) is allowed


@pytest.mark.parametrize(
    "text", ["portal.example", "portal.example:0", "portal.example:99999", "::1", "ftp://x/", "x:http"]
)
def test_an_endpoint_must_be_complete(text: str) -> None:
    with pytest.raises(ValueError):
        Scope.of(text)


def test_an_ipv6_endpoint() -> None:
    scope = Scope.of("[2001:db8::1]:8443")
    assert scope.allows_url("https://[2001:DB8:0::1]:8443/")
    assert scope.primary == "2001:db8::1"


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/",
        "/admin/users",
        "/Admin/x",
        "/%61dmin/x",
        "//admin",
        "/a/../admin",
        "/admin;x=1/y",
        "/pub/x.bak",
        "/./admin",
        "/a/%2e%2e/admin",
        "\\admin",
    ],
)
def test_excluded_paths_in_every_spelling(path: str) -> None:
    assert Scope.of("portal.example:443", excluded=["/admin", "*.bak"]).excludes(path)


@pytest.mark.parametrize("path", ["/administration", "/", "/x/admin", "/bak"])
def test_other_paths_are_not_excluded(path: str) -> None:
    assert not Scope.of("portal.example:443", excluded=["/admin/", "*.bak"]).excludes(path)


async def test_a_name_is_resolved_once_even_when_asked_at_once() -> None:
    names = Names(portal_example=["192.0.2.7", "2001:db8::7", "192.0.2.7", "::ffff:192.0.2.7"])
    guard = ScopeGuard(Scope.of("portal.example:*"), names)
    found = await asyncio.gather(*(guard.admit("Portal.Example.", port) for port in range(1, 20)))
    assert set(found) == {("192.0.2.7", "2001:db8::7")}
    assert names.asked == ["portal.example"]


async def test_a_later_answer_does_not_move_the_pin() -> None:
    names = Names(portal_example=["192.0.2.7"])
    guard = ScopeGuard(Scope.of("portal.example:443"), names)
    await guard.admit("portal.example", 443)
    names.answers["portal.example"] = ["127.0.0.1"]
    assert await guard.admit("portal.example", 443) == ("192.0.2.7",)


async def test_rebinding_is_refused_once_seen() -> None:
    names = Names(portal_example=["192.0.2.7"], api_example=["192.0.2.8", "192.0.2.9"])
    guard = ScopeGuard(Scope.of("portal.example:443", "api.example:443"), names)
    await guard.admit("portal.example", 443)
    await guard.admit("api.example", 443)
    names.answers = {"portal.example": ["192.0.2.7", "169.254.169.254"], "api.example": ["192.0.2.9"]}
    assert await guard.recheck() == ("portal.example",)
    with pytest.raises(OutOfScope):
        await guard.admit("portal.example", 443)
    assert await guard.admit("api.example", 443) == ("192.0.2.8", "192.0.2.9")
    assert await guard.recheck() == ()


async def test_a_public_address_more_is_no_rebinding_and_another_one_is() -> None:
    names = Names(cdn_example=["8.8.8.8", "8.8.4.4"])
    guard = ScopeGuard(Scope.of("cdn.example:443"), names)
    await guard.admit("cdn.example", 443)
    names.answers["cdn.example"] = ["8.8.4.4", "1.1.1.1"]
    assert await guard.recheck() == ()
    assert await guard.admit("cdn.example", 443) == ("8.8.8.8", "8.8.4.4")
    names.answers["cdn.example"] = ["8.8.8.8", "10.0.0.1"]
    assert await guard.recheck() == ("cdn.example",)
    names = Names(cdn_example=["8.8.8.8"])
    guard = ScopeGuard(Scope.of("cdn.example:443"), names)
    await guard.admit("cdn.example", 443)
    names.answers["cdn.example"] = ["1.1.1.1"]
    assert await guard.recheck() == ("cdn.example",)


async def test_a_name_that_no_longer_resolves_stays_pinned() -> None:
    names = Names(portal_example=["192.0.2.7"])
    guard = ScopeGuard(Scope.of("portal.example:443"), names)
    await guard.admit("portal.example", 443)
    names.answers.clear()
    assert await guard.recheck() == ()
    assert await guard.admit("portal.example", 443) == ("192.0.2.7",)


async def test_out_of_scope_is_refused_before_any_resolution() -> None:
    names = Names(evil_example=["192.0.2.66"])
    guard = ScopeGuard(Scope.of("portal.example:443"), names)
    for host, port in [("evil.example", 443), ("portal.example", 22), ("192.0.2.66", 443), ("a b", 443)]:
        with pytest.raises(OutOfScope):
            await guard.admit(host, port)
    assert names.asked == []
    assert issubclass(OutOfScope, OSError)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1"]
)
async def test_internal_addresses_only_for_names_that_the_operator_gave(address: str) -> None:
    names = Names(portal_example=[address], www_portal_example=[address, "8.8.8.8"])
    guard = ScopeGuard(Scope.of("portal.example:443", "*.portal.example:443"), names)
    assert len(await guard.admit("portal.example", 443)) == 1
    with pytest.raises(OutOfScope):
        await guard.admit("www.portal.example", 443)


async def test_a_wildcard_admits_public_names_below_it() -> None:
    names = Names(a_b_portal_example=["8.8.8.8"])
    guard = ScopeGuard(Scope.of("*.portal.example:443"), names)
    assert await guard.admit("a.b.portal.example", 443) == ("8.8.8.8",)
    for host in ("portal.example", "xportal.example", "a.b.portal.example.evil.example"):
        with pytest.raises(OutOfScope):
            await guard.admit(host, 443)


async def test_declared_addresses_bind_names_and_literals() -> None:
    names = Names(portal_example=["192.0.2.7"], stray_example=["192.0.2.7", "203.0.113.5"])
    scope = Scope.of(
        "portal.example:443", "stray.example:443", "203.0.113.9:443", addresses=["192.0.2.0/24", "2001:db8::/32"]
    )
    guard = ScopeGuard(scope, names)
    assert await guard.admit("portal.example", 443) == ("192.0.2.7",)
    for host in ("stray.example", "203.0.113.9"):
        with pytest.raises(OutOfScope):
            await guard.admit(host, 443)


async def test_unknown_names() -> None:
    guard = ScopeGuard(Scope.of("portal.example:443"), Names(portal_example=[]))
    with pytest.raises(NameNotResolved):
        await guard.admit("portal.example", 443)
    guard = ScopeGuard(Scope.of("gone.example:443"), Names())
    with pytest.raises(NameNotResolved):
        await guard.admit("gone.example", 443)


async def test_a_failed_resolution_is_tried_again() -> None:
    names = Names()
    guard = ScopeGuard(Scope.of("portal.example:443"), names)
    with pytest.raises(NameNotResolved):
        await guard.admit("portal.example", 443)
    names.answers["portal.example"] = ["192.0.2.7"]
    assert await guard.admit("portal.example", 443) == ("192.0.2.7",)


async def test_literals_need_no_resolver() -> None:
    guard = ScopeGuard(Scope.of("http://127.0.0.1:8080/"), Names())
    assert await guard.admit("127.0.0.1", 8080) == ("127.0.0.1",)


def test_public_addresses() -> None:
    assert is_public("8.8.8.8")
    assert not is_public("224.0.0.1")
    assert not is_public("100.64.0.1")
    assert parse_address("0x7f.1") is None
