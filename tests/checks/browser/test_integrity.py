"""What browsers check of an integrity attribute, and who serves a file."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.browser.integrity import Owner, kind_of, owner, registrable, valid_integrity
from pgssi_probe.discovery.site import Resource

PAGE = "https://portail.chu.example.fr/accueil"


def digest(algorithm: str) -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, b'x').digest()).decode()}"


@pytest.mark.parametrize(
    ("attribute", "valid"),
    [
        (digest("sha256"), True),
        (digest("sha384"), True),
        (digest("sha512"), True),
        (f"{digest('sha1')} {digest('sha384')}", True),
        (f"{digest('sha384')}?option", True),
        (digest("sha1"), False),
        (digest("md5"), False),
        ("sha384-tooshort", False),
        (digest("sha256").replace("sha256", "sha384"), False),
        ("", False),
        ("sha384", False),
        ("SHA384-" + digest("sha384")[7:], False),
    ],
)
def test_valid_integrity(attribute: str, valid: bool) -> None:
    assert valid_integrity(attribute) is valid


@given(st.text(max_size=200))
def test_any_attribute_is_read(attribute: str) -> None:
    assert valid_integrity(attribute) in {True, False}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://portail.chu.example.fr/a.js", Owner.SELF),
        ("https://PORTAIL.chu.example.fr:443/a.js", Owner.SELF),
        ("http://portail.chu.example.fr/a.js", Owner.SELF),
        ("https://portail.chu.example.fr:8443/a.js", Owner.SAME_SITE),
        ("https://cdn.example.fr/a.js", Owner.SAME_SITE),
        ("https://example.fr/a.js", Owner.SAME_SITE),
        ("https://example.com/a.js", Owner.THIRD_PARTY),
        ("https://notexample.fr/a.js", Owner.THIRD_PARTY),
    ],
)
def test_who_serves(url: str, expected: Owner) -> None:
    assert owner(url, PAGE) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.example.fr", "example.fr"),
        ("www.sante.gouv.fr", "sante.gouv.fr"),
        ("a.b.co.uk", "b.co.uk"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("localhost", "localhost"),
        ("com", "com"),
    ],
)
def test_registrable_domain(host: str, expected: str) -> None:
    assert registrable(host) == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (Resource("script", "https://a.fr/a.js", "a.js"), "script"),
        (Resource("script", "https://a.fr/a.js", "a.js", kind="module"), "script"),
        (Resource("script", "https://a.fr/a.json", "a", kind="application/ld+json"), None),
        (Resource("script", "https://a.fr/a.js", "a", kind="text/javascript; charset=utf-8"), "script"),
        (Resource("link", "https://a.fr/a.css", "a", rel=("stylesheet",)), "style"),
        (Resource("link", "https://a.fr/a.js", "a", rel=("modulepreload",)), "script"),
        (Resource("link", "https://a.fr/", "a", rel=("preconnect",)), None),
        (Resource("link", "https://a.fr/i.png", "a", rel=("icon",)), None),
        (Resource("img", "https://a.fr/i.png", "a"), None),
        (Resource("script", "blob:https://a.fr/1", "a"), None),
    ],
)
def test_what_integrity_protects(resource: Resource, expected: str | None) -> None:
    assert kind_of(resource) == expected
