"""A list of accounts is known by what it holds, not by its address."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.authz.account_lists import accounts_named

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
