"""`session.token-in-url`: what opens a session, or says who one is, stands in no address."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.session.addresses import MARK, personal_kinds, session_parameter, without
from pgssi_probe.check.harness import slugs
from pgssi_probe.model.outcome import Outcome, Strength

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
TOKEN = "b3f9a1c07d5e48f2a6c4e1d09b8f7a35"


async def test_the_hardened_portal_is_clean(signed_in: SignedIn) -> None:
    assert slugs(await signed_in("session.token-in-url")) == {"clean"}


@pytest.mark.parametrize(
    ("slug", "strength"),
    [("token", Strength.PROOF), ("session-parameter", Strength.HINT), ("personal-data", Strength.HINT)],
)
async def test_each_weakness_is_found_and_its_value_is_not_kept(
    signed_in: SignedIn, slug: str, strength: Strength
) -> None:
    (outcome,) = await signed_in("session.token-in-url", f"session.token-in-url/{slug}")
    assert (outcome.slug, outcome.strength) == (slug, strength)
    said = str(outcome.facts)
    assert TOKEN not in said
    assert "camille" not in said
    assert slug != "token" or MARK in said


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"https://p.example/a;jsessionid={TOKEN}", "jsessionid"),
        (f"https://p.example/a?x=1&PHPSESSID={TOKEN}", "PHPSESSID"),
        ("https://p.example/(S(lit3py55t21z5v55vlm25s55))/a.aspx", "(S(…))"),
        (f"https://p.example/a?_wpnonce={TOKEN}", None),
        (f"https://p.example/a?csrf={TOKEN}", None),
        ("https://p.example/a?session=printemps-2026", None),
        ("https://p.example/a?sid=12", None),
    ],
)
def test_parameters_named_like_a_session(url: str, name: str | None) -> None:
    assert session_parameter(url) == name


@pytest.mark.parametrize(
    ("url", "kinds"),
    [
        ("https://p.example/a?mail=ana%40exemple.invalid", ("e-mail",)),
        ("https://p.example/patients/295109912611193", ("nir",)),
        ("https://p.example/a?x=1", ()),
        ("https://p.example/nodes/messages?lng=fr-FR&_=1795336364799", ()),  # the time, as jQuery adds it
        ("https://p.example/patients/295109912611194", ()),
        ("https://user@p.example/a", ()),
    ],
)
def test_personal_data(url: str, kinds: tuple[str, ...]) -> None:
    assert personal_kinds(url) == kinds


def test_a_token_is_found_through_escapes_and_a_short_one_is_not_looked_for() -> None:
    assert without("https://p.example/?t=a%2Bb%2Fcdefghijk%3D", {"a+b/cdefghijk="}) == f"https://p.example/?t={MARK}"
    assert without("https://p.example/?id=1234", {"1234"}) is None
    assert without(f"https://p.example/?t={TOKEN}", set()) is None


@given(st.text(max_size=200))
def test_any_address_is_read_without_harm(text: str) -> None:
    url = f"https://p.example/{text.replace('[', '').replace(']', '')}"
    session_parameter(url)
    personal_kinds(url)
    assert without(url, {TOKEN}) is None
