"""Digest against the examples of RFC 7616, TOTP against those of RFC 6238, JSON answers."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.identity import Secret
from pgssi_probe.identity.jsonapi import says_refused, shapes, token_in
from pgssi_probe.identity.schemes import DigestAuthoriser, basic, digest_answer, digest_challenge, schemes_offered
from pgssi_probe.identity.totp import BadTotpSecret, one_time_code
from pgssi_probe.net.exchange import Request

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
BOTH = tuple(
    f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={name}, nonce="{NONCE}", opaque="{OPAQUE}"'
    for name in ("SHA-256", "MD5")
)


@pytest.mark.parametrize(
    ("challenge", "response"),
    [
        (BOTH[0], "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        (BOTH[1], "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_the_examples_of_rfc_7616(challenge: str, response: str) -> None:
    parsed = digest_challenge([challenge])
    assert parsed is not None
    line = digest_answer(parsed, "Mufasa", Secret("Circle of Life"), "GET", "/dir/index.html", 1, CNONCE)
    assert f'response="{response}"' in line
    assert "nc=00000001" in line
    assert f'opaque="{OPAQUE}"' in line


def test_the_strongest_challenge_is_answered() -> None:
    parsed = digest_challenge([BOTH[1], BOTH[0]])
    assert parsed is not None
    assert parsed["algorithm"] == "SHA-256"
    assert digest_challenge(['Basic realm="x"']) is None
    assert digest_challenge(['Digest realm="x", nonce="n", algorithm=UNHEARD']) is None
    together = digest_challenge(['Basic realm="b, c", Digest realm="d", nonce="n"'])
    assert together == {"realm": "d", "nonce": "n"}


def test_schemes_offered() -> None:
    assert schemes_offered(['Basic realm="x"', "Negotiate"]) >= {"basic", "negotiate"}


def test_each_request_has_its_count_and_no_secret_is_shown() -> None:
    authorise = DigestAuthoriser({"realm": "r", "nonce": "n", "qop": "auth"}, "u", Secret("hush"))
    first, second = (authorise(Request("GET", "https://h/a?b=1"))[0][1] for _ in range(2))
    assert "nc=00000001" in first
    assert "nc=00000002" in second
    assert 'uri="/a?b=1"' in first
    assert "hush" not in repr(authorise) + first
    assert basic("u", Secret("p"))[0][1] == "Basic " + base64.b64encode(b"u:p").decode()


@given(st.lists(st.text(max_size=200), max_size=3))
def test_no_challenge_is_too_strange(values: list[str]) -> None:
    digest_challenge(values)
    schemes_offered(values)


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (2000000000, "69279037")],
)
def test_the_examples_of_rfc_6238(second: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert one_time_code(secret, datetime.fromtimestamp(second, UTC), digits=8) == code
    spaced = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)).lower()
    assert one_time_code(spaced, datetime.fromtimestamp(second, UTC)) == code[2:]


@pytest.mark.parametrize("secret", ["", "1", "not base 32!", "é"])
def test_a_bad_secret_is_said_without_it(secret: str) -> None:
    with pytest.raises(BadTotpSecret) as caught:
        one_time_code(secret, datetime.now(UTC))
    assert not secret or secret not in str(caught.value)


def test_json_answers() -> None:
    assert token_in({"data": {"attributes": {"accessToken": "abc.def-123"}}}) == "abc.def-123"
    assert token_in({"token": None, "expires": 3}) is None
    assert token_in({"token": "a b"}) is None
    assert says_refused({"jsonrpc": "2.0", "error": {"code": -32000}})
    assert says_refused({"success": False})
    assert not says_refused({"name": "alice", "error": None})


def test_one_attempt_carries_every_usual_name() -> None:
    first = shapes("/x", None, None, {"username": "matricule"})[0]
    assert first.names["user"] == first.names["identifiant"] == first.names["matricule"] == "username"
    assert first.names["pass"] == first.names["mot_de_passe"] == "password"
    assert [way.names for way in shapes("/x", "u", None)] == [{"u": "username", "password": "password"}] * 2


_JSON = st.recursive(st.none() | st.booleans() | st.text(max_size=9), lambda x: st.dictionaries(st.text(max_size=5), x))


@given(_JSON)
def test_no_json_is_too_strange(data: object) -> None:
    token_in(data)
    says_refused(data)
