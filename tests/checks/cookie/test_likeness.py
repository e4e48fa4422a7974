"""Which cookies look like a session: real ones of known products, and what resembles them."""

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.cookie.likeness import ENOUGH_BITS, Likeness, likeness, random_bits


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("sessionid", "x3k9p2vq8rj1m0z7c5n4b6t2w8y1d3fs", Likeness.SESSION),
        ("PHPSESSID", "q1v9m2kd83hs7ab0cl5tn4oe6u", Likeness.SESSION),
        ("JSESSIONID", "0F2C7A9B4E81D6350F2C7A9B4E81D635.node1", Likeness.SESSION),
        ("ASP.NET_SessionId", "k3v1w0hsmx5dq2zj4yta1bce", Likeness.SESSION),
        (
            "connect.sid",
            "s%3AkT9-0v2QmW4xY7zA1bC3dE5fG6hI8jKL.Zx9Qw7Er5Ty3Ui1Op0As2Df4Gh6Jk8LzXcVbNm",
            Likeness.SESSION,
        ),
        ("session", "eyJfZnJlc2giOmZhbHNlfQ.ZzQ1Aw.8Yh2kLm3nOp4qRs5tUv6wXy7zA8", Likeness.SESSION),
        ("__Host-session", "3f1c0b9e7d2a4f56a8c1e0d9b7a6f543", Likeness.SESSION),
        ("access_token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMiJ9.c2lnbmF0dXJlMTIzNDU2Nzg5MA", Likeness.SESSION),
        ("sid", "0f2c7a9b4e81d635.9b4e81d6350f2c7a", Likeness.SESSION),
        ("compteurs", "1763800000123456.1763800000654321", Likeness.ORDINARY),
        ("Redmine", "RGt2NEZ5b1pXaE1Qc2xDVzNuYTJvOHFEZ1U5OA%3D%3D--1c9f0e8d7b6a5f4e3d2c", Likeness.RANDOM),
        ("parcours", "9f86d081884c7d659a2feaa0c55ad015", Likeness.RANDOM),
        ("csrftoken", "x3k9p2vq8rj1m0z7c5n4b6t2w8y1d3fs", Likeness.ORDINARY),
        ("XSRF-TOKEN", "9f86d081884c7d659a2feaa0c55ad015", Likeness.ORDINARY),
        ("csrf_token_P18010", "9f86d081884c7d659a2feaa0c55ad015", Likeness.ORDINARY),
        ("wordpress_test_cookie", "WP%20Cookie%20check", Likeness.ORDINARY),
        ("lang", "fr", Likeness.ORDINARY),
        ("affichage", "contraste-eleve-et-grands-caracteres", Likeness.ORDINARY),
        ("session", "1", Likeness.ORDINARY),
        ("session_started", "2026-11-22T10:15:00", Likeness.ORDINARY),
        ("lastvisit", "1763800000", Likeness.ORDINARY),
        ("_ga", "GA1.2.1234567890.1763800000", Likeness.ORDINARY),
        ("ARRAffinity", "0f2c7a9b4e81d6350f2c7a9b4e81d6350f2c7a9b4e81d6350f2c7a9b4e81d635", Likeness.ORDINARY),
        ("TS01a2b3c4", "0f2c7a9b4e81d6350f2c7a9b4e81d635", Likeness.ORDINARY),
        ("returnUrl", "%2Fespace%2Frendez-vous%2Fliste", Likeness.ORDINARY),
    ],
)
def test_known_cookies(name: str, value: str, expected: Likeness) -> None:
    assert likeness(name, [value]) is expected


def test_random_values_of_128_bits_count() -> None:
    source = random.Random(20261122)
    values = [source.randbytes(16) for _ in range(2000)]
    assert all(random_bits(value.hex()) >= ENOUGH_BITS for value in values)
    encoded = [base64.urlsafe_b64encode(value).decode() for value in values]
    assert sum(random_bits(value) < ENOUGH_BITS for value in encoded) <= 6


@pytest.mark.parametrize(
    "value",
    ["", "true", "accepted", "grandsCaracteresEtContraste", "1763800000123", "a" * 200, "rendez-vous_liste_complete"],
)
def test_ordinary_values_do_not_count(value: str) -> None:
    assert random_bits(value) < ENOUGH_BITS


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=3))
def test_any_cookie_is_classed(name: str, values: list[str]) -> None:
    assert likeness(name, values) in Likeness
