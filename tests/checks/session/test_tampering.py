"""Altered tokens: each alteration changes what the token decodes to, and nothing else."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.session.tokens.tampering import KINDS, alterations, flipped, is_readable, segments

CHANCE = random.Random(1)


@given(st.binary(min_size=6, max_size=48))
def test_a_flipped_base64_decodes_to_something_else(secret: bytes) -> None:
    token = base64.b64encode(secret).decode()
    for each in alterations(token, CHANCE):
        if each.kind.startswith("flipped"):
            assert base64.b64decode(each.value) != secret


@given(st.binary(min_size=4, max_size=32), st.booleans())
def test_a_flipped_hexadecimal_stays_one_and_changes_value(secret: bytes, upper: bool) -> None:
    token = secret.hex().upper() if upper else secret.hex()
    for each in alterations(token, CHANCE):
        if each.kind.startswith("flipped"):
            assert bytes.fromhex(each.value) != secret


@given(st.text(max_size=80))
def test_every_alteration_differs_and_flips_change_one_character(token: str) -> None:
    for each in alterations(token, CHANCE):
        assert each.value != token
        if each.kind.startswith("flipped"):
            assert len(each.value) == len(token)
            assert sum(a != b for a, b in zip(each.value, token, strict=True)) == 1


def test_a_token_of_ordinary_length_gets_every_alteration() -> None:
    whole = tuple(each.kind for each in alterations("a8f3kq92mdl20s7fh3kd92", CHANCE))
    assert whole == tuple(kind for kind in KINDS if kind != "flipped-last-part")
    assert tuple(each.kind for each in alterations("a8f3kq92.mdl20s7fh3kd92a8f3kq92", CHANCE)) == KINDS


def test_the_last_part_is_altered_within_it() -> None:
    token = "eyJzaWQiOiJhIn0.aR3x.mdl20s7fh3kd92a8f3kq92"
    (last,) = (each.value for each in alterations(token, CHANCE) if each.kind == "flipped-last-part")
    assert last.rpartition(".")[0] == token.rpartition(".")[0]
    assert last != token


@pytest.mark.parametrize(
    ("token", "readable"),
    [
        (base64.urlsafe_b64encode(b'{"user": 12, "role": "patient"}').decode() + ".c2lnbmF0dXJl", True),
        ("9f8e7d6c5b4a39281706f5e4d3c2b1a0.front2", False),
        ("s%3AaR3xQ9vK_mZ7qT1x0Yv9KpL4sWc8bNf2.hRd6gJ3aE", False),
        ("", False),
    ],
)
def test_what_a_token_says_is_read(token: str, readable: bool) -> None:
    assert is_readable(token) is readable


@pytest.mark.parametrize("at", range(9))
def test_percent_escapes_are_left_alone(at: int) -> None:
    changed = flipped("ab%3D%2Fcd", at)
    assert "%3D%2F" in changed
    assert changed != "ab%3D%2Fcd"


def test_a_value_never_shows_in_a_representation() -> None:
    assert "s3cret" not in repr(alterations("s3crets3cret", CHANCE))


def test_segments_are_dropped_with_their_separator() -> None:
    assert [(one.text, one.rest) for one in segments("ID.route1")] == [("ID", "route1"), ("route1", "ID")]
    assert [one.rest for one in segments("a.b.c")] == ["b.c", "a.c", "a.b"]
    assert [one.rest for one in segments("ana%7C123%7Cmac")][2] == "ana%7C123"
    assert segments("onepiece") == ()
