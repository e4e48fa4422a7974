"""A list of accounts is known by what it holds, not by its address."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.authz.account_lists import accounts_named, gives_passwords, names_one_of

WORDPRESS = [{"id": 1, "name": "Admin", "slug": "admin", "link": "https://x/author/admin", "url": ""}]


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (WORDPRESS, 1),
        ({"data": [{"login": "a"}, {"login": "b"}], "ok": True}, 2),
        ({"data": [{"type": "user", "attributes": {"display_name": "Alice"}}]}, 1),
        ({"directory_items": [{"id": 3, "user": {"username": "alice"}}]}, 1),
        ([], 0),
        ({"code": "rest_user_cannot_view", "message": "…"}, 0),
        ([{"id": 1, "title": "Actualité", "slug": "actualite"}], 0),
        ([{"username": ""}], 0),
        ([{"name": "Service de cardiologie", "slug": "cardio"}], 0),
        ("alice", 0),
    ],
)
def test_what_names_accounts(value: object, count: int) -> None:
    assert accounts_named(json.dumps(value).encode()) == count


@given(st.binary(max_size=300))
def test_nothing_hostile_raises(body: bytes) -> None:
    accounts_named(body)


def test_a_list_names_an_account_whole_and_in_a_member_that_names_accounts() -> None:
    listed = json.dumps({"users": [{"username": "Alice"}, {"email": "bob@exemple.fr"}]}).encode()
    assert names_one_of(listed, ["alice"])
    assert names_one_of(listed, ["bob@exemple.fr"])
    assert not names_one_of(listed, ["ali", "bob"])
    reviews = json.dumps([{"author": "alice", "text": "alice"}]).encode()
    assert not names_one_of(reviews, ["alice"])
    assert not names_one_of(b"[" * 10_000, ["alice"])


def test_a_list_gives_passwords_in_clear_or_hashed() -> None:
    def listed(**user: object) -> bytes:
        return json.dumps({"data": [{"id": 1, "caption": "x", "User": {"email": "a@exemple.fr", **user}}]}).encode()

    assert gives_passwords(listed(password="9d5ed678fe57bcca610140957afab571"))
    assert gives_passwords(listed(password_hash="$2b$12$abcdefghijkl"))
    assert not gives_passwords(listed(password="********"))
    assert not gives_passwords(listed(password=""))
    assert not gives_passwords(listed(password=True, password_changed="2026-11-22"))
    assert not gives_passwords(json.dumps([{"password": "a-value"}]).encode()), "it names no account"
