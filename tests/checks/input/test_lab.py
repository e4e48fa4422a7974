"""Inputs on the portal: what is planted is found, what only looks like it is not accused."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_probe.check.harness import slugs
from pgssi_probe.model.outcome import Outcome, Status

OnLab = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]

CHECKS = (
    "input.reflected-xss",
    "input.open-redirect",
    "input.host-header",
    "input.path-traversal",
    "input.sql",
    "input.validation",
)
FOUND = (
    ("input.reflected-xss/unescaped", ()),
    ("input.reflected-xss/ambiguous", ()),
    ("input.reflected-xss/carried", ()),
    ("input.open-redirect/followed", ()),
    ("input.open-redirect/scripted", ()),
    ("input.open-redirect/after-sign-in", ("a",)),
    ("input.host-header/reflected", ()),
    ("input.host-header/forwarded", ()),
    ("input.host-header/poisoned", ()),
    ("input.path-traversal/read", ()),
    ("input.sql/error", ()),
    ("input.sql/conditions", ()),
    ("input.sql/quotes", ()),
    ("input.validation/server-error", ()),
    ("input.validation/server-error", ("a",)),
    ("input.validation/accepted", ()),
)
OWN_TRAPS = (
    *("trap/encoded-echo", "trap/json-echo", "trap/own-redirect", "trap/varying-results", "trap/block-page"),
    *("trap/always-failing", "trap/article-on-sql", "trap/refused-values", "trap/script-that-escapes"),
)
HARMLESS = {
    "input.harmless": [
        *("POST /avis", "/langue", "/livrets", "/annuaire/recherche", "/praticiens/recherche", "/glossaire"),
        *("/fiches-gardees/recherche", "/en-panne/*", "/consultations", "/connexion"),
    ]
}
BY_POST = (
    ("input.reflected-xss/executed", "/avis [avis]"),
    ("input.open-redirect/followed", "/langue [retour]"),
    ("input.path-traversal/read", "/livrets [livret]"),
    ("input.path-traversal/read", "/dernier-livret [livret]"),
    ("input.sql/error", "/annuaire/recherche [nom]"),
    ("input.sql/conditions", "/praticiens/recherche [nom]"),
)
TRAPS = (OWN_TRAPS, ("trap/soft-404",), ("trap/random-content",), ("trap/sign-in-everywhere",), ("trap/flaky",))


@pytest.mark.parametrize(("switch", "accounts"), FOUND)
async def test_found_when_on(switch: str, accounts: tuple[str, ...], signed_in: SignedIn) -> None:
    check, _, slug = switch.partition("/")
    found = await signed_in(check, switch, accounts=accounts)
    assert slug in slugs(found)
    assert all(one.status is Status.FAIL and one.evidence for one in found)


@pytest.mark.parametrize("accounts", [(), ("a",)])
@pytest.mark.parametrize("check", CHECKS)
async def test_silent_when_off(check: str, accounts: tuple[str, ...], signed_in: SignedIn) -> None:
    found = await signed_in(check, accounts=accounts)
    assert {one.status for one in found} <= {Status.PASS, Status.NOT_APPLICABLE}


@pytest.mark.parametrize("traps", TRAPS, ids=lambda traps: traps[0])
@pytest.mark.parametrize("check", CHECKS)
async def test_a_trap_accuses_nobody(check: str, traps: tuple[str, ...], on_lab: OnLab) -> None:
    found = await on_lab(check, *traps)
    assert found
    assert [one.slug for one in found if one.failed] == []


@pytest.mark.parametrize(("switch", "place"), BY_POST)
async def test_a_declared_form_is_tried_and_another_is_not(switch: str, place: str, on_lab: OnLab) -> None:
    check, _, slug = switch.partition("/")
    found = await on_lab(check, switch, declared=HARMLESS)
    there = {one.slug for one in found if one.subject.name.endswith(place)}
    assert there <= {slug, "unescaped"}  # without a browser, nothing is executed
    assert there
    undeclared = await on_lab(check, switch)
    assert "livret]" in place or not any(one.subject.name.endswith(place) for one in undeclared)


JSON_LINES = {"input.harmless": ["/api/v1/annuaire/recherche", "/api/v1/praticiens/recherche"]}


async def test_a_json_body_is_tried_where_it_is_declared(signed_in: SignedIn) -> None:
    place = "/api/v1/annuaire/recherche [/filtre/nom]"
    found = await signed_in("input.sql", "input.sql/error", declared=JSON_LINES)
    (there,) = [one for one in found if one.subject.name.endswith(place)]
    assert there.slug == "error"
    undeclared = await signed_in("input.sql", "input.sql/error")
    assert not any("/api/" in one.subject.name for one in undeclared)


@pytest.mark.parametrize("check", ["input.sql", "input.reflected-xss", "input.path-traversal", "input.validation"])
async def test_a_sound_json_body_accuses_nobody(check: str, signed_in: SignedIn) -> None:
    found = await signed_in(check, "trap/json-search", declared=JSON_LINES)
    assert [one.slug for one in found if one.failed] == []
    assert found[0].facts["tried"]


@pytest.mark.parametrize("check", CHECKS)
async def test_declared_forms_that_only_look_weak_accuse_nobody(check: str, on_lab: OnLab) -> None:
    found = await on_lab(check, *OWN_TRAPS, declared=HARMLESS)
    assert found
    assert [one.slug for one in found if one.failed] == []
