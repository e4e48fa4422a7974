"""Known secrets: tried here, within a bound of computing, and never shown."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pgssi_checks.session.tokens import guessing
from pgssi_checks.session.tokens.guessing import candidates, guessed, is_guessed, known_secrets, site_words
from pgssi_checks.session.tokens.json_token import JsonToken, hmac_signed, parsed

BLANK = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0."


def signed_with(key: bytes, algorithm: str = "HS256") -> JsonToken:
    blank = parsed(BLANK)
    assert blank is not None
    token = parsed(hmac_signed({"alg": algorithm}, blank, key))
    assert token is not None
    return token


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (b"your-256-bit-secret", "HS256"),
        (b"CHANGEME", "HS384"),
        (b"secret\n", "HS512"),
        (b"valombre2026", "HS256"),
        (b"Valombre-secret", "HS256"),
        (b"", "HS256"),
    ],
)
def test_a_known_secret_is_recognised(key: bytes, algorithm: str) -> None:
    assert is_guessed(signed_with(key, algorithm), site_words(["portail.valombre.example"]), 5)


def test_a_published_key_that_is_written_in_base64_is_recognised() -> None:
    """The symmetric key of RFC 7515, appendix A.1, signs its example."""
    example = parsed(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
        "LmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    assert example is not None
    assert is_guessed(example, (), 5)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_random_secret_is_not_guessed(algorithm: str) -> None:
    assert not is_guessed(signed_with(bytes(range(7, 39)), algorithm), site_words(["portail.valombre.example"]), 5)


def test_an_asymmetric_token_is_not_guessed_at() -> None:
    token = parsed("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.AAAA")
    assert token is not None
    assert not is_guessed(token, (), 5)


def test_the_search_stops_at_its_bound() -> None:
    clock = iter(range(1000))
    last = list(candidates(("zzz",)))[-2]
    assert not is_guessed(signed_with(last), ("zzz",), 1, now=lambda: float(next(clock)))
    assert is_guessed(signed_with(last), ("zzz",), 1e9, now=lambda: float(next(clock)))


async def test_the_search_leaves_the_loop_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[int] = []

    def seen(*_: object) -> bool:
        where.append(threading.get_ident())
        return False

    monkeypatch.setattr(guessing, "is_guessed", seen)
    assert not await asyncio.wait_for(guessed(signed_with(b"x"), (), 1), 5)
    assert where != [threading.get_ident()]


def test_the_list_is_small_and_holds_no_secret_twice() -> None:
    assert 200 < len(known_secrets()) < 1000
    assert len(set(known_secrets())) == len(known_secrets())
    assert len(list(candidates(site_words(["a.very.long.name.of.a.portal.example"])))) < 5000
