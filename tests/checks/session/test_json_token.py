"""JWTs taken apart: what is one, what is not, and what is put together again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.session.tokens.json_token import hmac_signed, is_signed_with, parsed, written

# The worked example of RFC 7515, appendix A.1, whose key is published there.
EXAMPLE = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_example_of_the_standard() -> None:
    token = parsed(EXAMPLE)
    assert token is not None
    assert (token.algorithm, token.payload["iss"]) == ("HS256", "joe")
    assert token.moment("exp") == datetime(2011, 3, 22, 18, 43, tzinfo=UTC)
    assert "joe" not in repr(token)


def test_what_is_signed_with_a_key_is_recognised_and_nothing_else() -> None:
    token = parsed(EXAMPLE)
    assert token is not None
    mine = parsed(hmac_signed({"alg": "HS512"}, token, b"secret"))
    assert mine is not None
    assert mine.payload == token.payload
    assert is_signed_with(mine, b"secret")
    assert not is_signed_with(mine, b"Secret")
    assert not is_signed_with(token, b"secret")
    unsigned = parsed(written({"alg": "none"}, token))
    assert unsigned is not None
    assert unsigned.signature == b""


def test_a_life_is_from_issue_to_end() -> None:
    token = parsed(EXAMPLE)
    assert token is not None
    issued = parsed(hmac_signed({"alg": "HS256"}, token, b"k"))
    assert issued is not None
    assert issued.lifetime(datetime(2011, 3, 22, 17, 43, tzinfo=UTC)) == 3600


@pytest.mark.parametrize("text", ["", "a.b.c", "..", EXAMPLE + ".x", "e30.e30.", "W10.W10.x"])
def test_what_is_no_token_is_none(text: str) -> None:
    assert parsed(text) is None


@given(st.text(max_size=200), st.binary(max_size=60))
def test_anything_is_read_without_harm(text: str, raw: bytes) -> None:
    parsed(text)
    parsed(raw.decode("latin-1"))
