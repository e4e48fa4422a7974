"""Addresses: made absolute, made comparable, folded to shapes."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.discovery.address import MAX_URL, absolute, directory, extension, shape, upgraded

BASE = "https://portal.example/a/b?c=1"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", "https://portal.example/a/b?c=1"),
        ("#top", "https://portal.example/a/b?c=1"),
        ("../../../x", "https://portal.example/x"),
        ("//Other.Example", "https://other.example/"),
        ("http://portal.example:80/", "http://portal.example/"),
        ("https://portal.example:8443", "https://portal.example:8443/"),
        ("https://hôpital.example/é?ç=ü", "https://xn--hpital-ixa.example/%C3%A9?%C3%A7=%C3%BC"),
        ("/a%20b%2Fc", "https://portal.example/a%20b%2Fc"),
        ("https://[::1]:8443/", "https://[::1]:8443/"),
        ("java\nscript:alert(1)", None),
        ("mailto:a@b.example", None),
        ("https://user@portal.example/", None),
        ("http://", None),
        ("https://a:99999/", None),
        ("https://[::1/", None),
        ("https://a b.example/", None),
        ("https://" + "é" * 80 + ".example/", None),
        ("/" + "x" * MAX_URL, None),
    ],
)
def test_absolute(raw: str, expected: str | None) -> None:
    assert absolute(raw, BASE) == expected


@given(st.text(max_size=80))
def test_absolute_never_raises_and_is_stable(raw: str) -> None:
    url = absolute(raw, BASE)
    if url is not None:
        assert urlsplit(url).scheme in {"http", "https"}
        assert url.isascii()
        assert absolute(url, BASE) == url


def test_a_clear_link_to_the_same_host_is_read_over_https() -> None:
    assert upgraded("http://portal.example/x", "https://portal.example/") == "https://portal.example/x"
    assert upgraded("http://other.example/x", "https://portal.example/") == "http://other.example/x"
    assert upgraded("http://portal.example:8080/x", "https://portal.example/") == "http://portal.example:8080/x"
    assert upgraded("http://portal.example/x", "http://portal.example/") == "http://portal.example/x"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/agenda/2026/11/22", "/agenda/1999/01/02"),
        ("/agenda/2026-11-22", "/agenda/2026-11-23"),
        ("/p/9f86d081884c7d659a2feaa0c55ad015", "/p/2c26b46b68ffc68ff99b453c1d304134"),
        ("/p/123e4567-e89b-12d3-a456-426614174000", "/p/00000000-0000-4000-8000-000000000001"),
        ("/list?page=1&sort=a", "/list?sort=b&page=27"),
        ("/i.php?page=fiche&id=1", "/i.php?id=22&page=fiche"),
        ("/p/produit-12", "/p/produit-7"),
    ],
)
def test_repetition_has_one_shape(one: str, other: str) -> None:
    assert shape(f"https://h.example{one}") == shape(f"https://h.example{other}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a", "/b"),
        ("/a?x=1", "/a?y=1"),
        ("/a", "/a?x="),
        ("/a/1", "/b/1"),
        ("/contact", "/aide"),
        ("/i.php?page=agenda", "/i.php?page=patients"),
        ("/?action=voir&id=1", "/?action=lister&id=1"),
    ],
)
def test_novelty_has_another(one: str, other: str) -> None:
    assert shape(f"https://h.example{one}") != shape(f"https://h.example{other}")


def test_directory_and_extension() -> None:
    assert directory("https://h.example/a/b.php?x=/c") == "https://h.example/a/"
    assert directory("https://h.example/") == "https://h.example/"
    assert extension("https://h.example/a/b.PHP?x=.y") == ".php"
    assert extension("https://h.example/.env") == ""
    assert extension("https://h.example/a.b/c") == ""
