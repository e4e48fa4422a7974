"""What a payload tells, by kinds: sensitive data is named, what every token holds is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.session.tokens.claims import sensitive_kinds, tells_identity

ORDINARY = {
    "iss": "https://sso.example",
    "sub": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "iat": 1795327268,
    "exp": 1795328168,
    "jti": "195053300000000",
    "scope": "openid profile email phone address",
    "email_verified": True,
    "phone_number_verified": False,
    "realm_access": {"roles": ["patient", "offline_access"]},
    "preferred_username": "alice",
    "name": "Alice Martin",
    "email": "alice@example.org",
}


def test_what_openid_puts_in_its_tokens_is_not_sensitive() -> None:
    assert sensitive_kinds(ORDINARY) == ()
    assert sensitive_kinds({"jti": "1795327268123", "nonce": "179532726812399"}) == ()
    assert tells_identity(ORDINARY)
    assert not tells_identity({"sub": "1"})


@pytest.mark.parametrize(
    ("claims", "kinds"),
    [
        ({"password": "21232f297a57a5a743894a0e4a801fc3"}, {"password"}),
        ({"data": {"user": {"passwordHash": "x"}}}, {"password"}),
        ({"dateNaissance": "1980-01-01"}, {"birth-date"}),
        ({"birthdate": "1980-01-01"}, {"birth-date"}),
        ({"about": "2 80 01 75 123 456 10"}, {"nir"}),
        ({"INS": "280017512345678"}, {"nir"}),
        ({"phone_number": "+33 1 99 00 00 01"}, {"phone"}),
        ({"patient": [{"diagnostic": "E10"}]}, {"health"}),
        ({"password": ""}, set()),
        ({"phone": None}, set()),
    ],
)
def test_sensitive_data_is_named_by_its_kind(claims: dict[str, Any], kinds: set[str]) -> None:
    assert set(sensitive_kinds(claims)) == kinds


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=30),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
            max_leaves=20,
        ),
        max_size=6,
    )
)
def test_any_payload_is_read(payload: dict[str, Any]) -> None:
    assert all(
        kind in {"password", "secret", "nir", "birth-date", "phone", "postal-address", "health", "iban"}
        for kind in sensitive_kinds(payload)
    )


def test_a_payload_without_end_is_read_in_part() -> None:
    deep: dict[str, Any] = {"password": "x"}
    for _ in range(60):
        deep = {"inner": deep}
    assert sensitive_kinds(deep) == ()
    assert sensitive_kinds({f"claim{number}": "x" for number in range(10_000)}) == ()
