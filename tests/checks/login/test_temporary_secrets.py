"""`login.temporary-secrets`: what few samples prove, what they cannot, and that none of them is told."""

import hashlib
import secrets
import uuid
from contextlib import closing

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.login.samples import read_samples, sample_of
from pgssi_checks.login.temporary_secrets import judge
from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.lab.reset_links import IN_CLEAR
from pgssi_probe.lab.visitor import Visitor
from pgssi_probe.model.account import Account
from pgssi_probe.model.outcome import Level, Reason, Status
from pgssi_probe.registry import check

LINK = "https://portal.example/reset?user=alice%40exemple.fr&token="
ADDRESS = "alice@exemple.fr"
RANDOM = [LINK + token for token in ("p9vX2mQeR7tKc4LzN8wYb3", "Zq5hJ1sDf6gA0oUuWe2rTy", "m3Nb7VcXz9LkJh4GfDsA1q")]


def found(*samples: str) -> set[str]:
    return set(judge(read_samples(list(samples)), [ADDRESS], 128, 50))


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (RANDOM, set()),
        ([LINK + "100234", LINK + "100235", LINK + "100239"], {"sequence"}),
        ([LINK + "700000000000000", LINK + "700000050000001", LINK + "700000090000003"], {"short"}),
        ([LINK + "3f2a1c", LINK + "3f2a1d", LINK + "3f2a20"], {"sequence"}),
        ([LINK + "1763781123"], {"time-based"}),
        ([LINK + "1763781123456"], {"time-based"}),
        ([LINK + "692137ab1f3c4"], {"time-based"}),  # uniqid()
        ([LINK + hashlib.md5(ADDRESS.encode(), usedforsecurity=False).hexdigest()], {"address-derived"}),
        ([LINK + hashlib.sha256(ADDRESS.encode()).hexdigest()], {"address-derived"}),
        (["https://portal.example/r/YWxpY2VAZXhlbXBsZS5mcg"], {"address-derived"}),
        ([LINK + "2b1c3d9e-c7f0-11f0-8de9-0242ac120002"], {"uuid-v1"}),
        ([LINK + "8f14e45f-ceea-467f-a6e1-0d3d6b1f0a11"], {"short"}),  # 122 bits (ASVS 5.0 V11.5.1)
        ([RANDOM[0], RANDOM[0]], {"repeated"}),
        ([RANDOM[0].replace("https", "http")], {"sent-in-clear"}),
        (["Tmp-482"], {"short"}),
        (["k7Xv-29Qm-Tz4w"], set()),
        ([f"https://portal.example/mot-de-passe-oublie/{number}" for number in (814203, 814206, 814209)], {"sequence"}),
        (["https://portal.example/reinitialiser-mot-de-passe-oublie/8142#confirmation-demandee"], {"short"}),
        (["https://portal.example/r/abcdefgh/fr", "https://portal.example/r/ijklmnop/fr"], {"short"}),
        ([LINK + "AAAAAAAAAAAAAAAAAAAAAAAAAA" + end for end in ("k3", "z9", "b7")], {"short"}),
    ],
)
def test_what_samples_prove(samples: list[str], expected: set[str]) -> None:
    assert found(*samples) == expected


def test_true_randomness_is_never_accused() -> None:
    for _ in range(300):
        assert found(*(LINK + secrets.token_urlsafe(32) for _ in range(3))) == set()
        assert found(*(LINK + secrets.token_hex(32) for _ in range(3))) == set()
        assert found(*(LINK + str(uuid.uuid4()) for _ in range(3))) == {"short"}


@given(st.lists(st.text(max_size=80) | st.text(max_size=40).map(LINK.__add__), max_size=6))
def test_any_sample_is_read(samples: list[str]) -> None:
    judge(read_samples(samples), [ADDRESS], 128, 50)


def test_a_sample_has_no_face() -> None:
    assert "p9vX2mQeR7tKc4LzN8wYb3" not in repr(sample_of(RANDOM[0]))
    assert sample_of(RANDOM[0]).token == "p9vX2mQeR7tKc4LzN8wYb3"


async def test_the_samples_are_not_told() -> None:
    samples = [LINK + "1763781123", LINK + "1763781188"]
    accounts = {"a": Account("a", ADDRESS)}
    outcomes = await run_check("login.temporary-secrets", {}, declared={"login.samples": samples}, accounts=accounts)
    assert slugs(outcomes) == {"time-based"}
    told = repr([one.model_dump() for one in outcomes])
    assert "17637811" not in told
    assert ADDRESS not in told


@pytest.mark.parametrize("declared", [None, [], "x", [1, None], {"a": "b"}])
async def test_without_samples_nothing_is_concluded(declared: object) -> None:
    (only,) = await run_check("login.temporary-secrets", {}, declared={"login.samples": declared})
    assert only.reason is Reason.UNDECLARED


async def test_good_samples_are_no_proof() -> None:
    (only,) = await run_check("login.temporary-secrets", {}, declared={"login.samples": RANDOM})
    assert (only.slug, only.strength.value) == ("no-weakness-seen", "hint")


CHOOSE = (
    "<title>Nouveau mot de passe</title><form method=post action=/reset><input type=password name=new_password></form>"
)
GONE = "<title>Lien périmé</title><p>Ce lien a déjà servi.</p>"


@pytest.mark.parametrize(
    ("name", "shown", "slug"),
    [
        ("login.used-link", {RANDOM[0]}, "used-link-works"),
        ("login.used-link", set(), "used-link-refused"),
        ("login.expired-link", {RANDOM[0]}, "expired-link-works"),
        ("login.expired-link", set(), "expired-link-refused"),
    ],
)
async def test_a_link_that_has_served_opens_nothing(name: str, shown: set[str], slug: str) -> None:
    def answer(request):
        return page(CHOOSE if request.url in shown else GONE)

    (only,) = await run_check("login.temporary-secrets", answer, declared={name: RANDOM[0]})
    assert only.slug == slug
    assert "p9vX2mQeR7tKc4LzN8wYb3" not in repr(only.model_dump())


async def test_a_form_that_any_link_opens_accuses_nobody() -> None:
    (only,) = await run_check(
        "login.temporary-secrets", lambda _: page(CHOOSE), declared={"login.used-link": RANDOM[0]}
    )
    assert only.reason is Reason.NO_SAMPLE


async def test_a_link_is_asked_for_in_an_active_run_and_in_scope_only() -> None:
    asked = []

    def answer(request):
        asked.append(request)
        return page(CHOOSE)

    for declared, level in (
        ({"login.used-link": RANDOM[0]}, Level.PASSIVE),
        ({"login.used-link": "https://elsewhere.example/r/abc"}, Level.ACTIVE),
    ):
        (only,) = await run_check("login.temporary-secrets", answer, declared=declared, level=level)
        assert only.reason in {Reason.UNDECLARED, Reason.OUT_OF_SCOPE}
    assert not asked


# The portal, whose links are read in its out-tray as an operator reads a mailbox.

NAME = "login.temporary-secrets"
PORTAL = (
    "used-link-works",
    "expired-link-works",
    "sent-in-clear",
    "sequence",
    "time-based",
    "address-derived",
    "uuid-v1",
    "repeated",
    "short",
)


async def samples_of(lab: Lab, clock: VirtualClock, links: int = 4) -> dict[str, object]:
    """What an operator declares: links in order of arrival, one that was used, one that is past its time."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(lab.application), base_url=lab.https_url) as client:
        visitor = Visitor(lab, client)
        sent = lab.portal.resets.sent
        for _ in range(links):
            await visitor.post(
                "/mot-de-passe-oublie", {"identifiant": lab.accounts["a"].username}, form_at="/mot-de-passe-oublie"
            )
            await clock.advance(1)
        samples = [*sent]
        await clock.advance(1200)
        late = sent[0].replace(IN_CLEAR, lab.https_url)
        await visitor.post(
            "/mot-de-passe-oublie", {"identifiant": lab.accounts["b"].username}, form_at="/mot-de-passe-oublie"
        )
        used = sent[-1].replace(IN_CLEAR, lab.https_url)
        path = used.removeprefix(lab.https_url)
        chosen = await visitor.post(path, {"nouveau": "Un-mot-de-passe-tout-neuf-9"}, form_at=path)
        assert chosen.status_code == 303, chosen.text
        return {"login.samples": samples, "login.expired-link": late, "login.used-link": used}


async def on_portal(lab_answers, *weak: str):
    clock = VirtualClock()
    with closing(Lab(weak, clock=clock)) as lab:
        declared = await samples_of(lab, clock)
        accounts = {"a": Account("a", lab.accounts["a"].username)}
        return await run_check(
            NAME, lab_answers(lab), url=lab.https_url + "/", declared=declared, accounts=accounts, clock=clock
        )


async def test_the_links_of_the_portal_are_accused_of_nothing(lab_answers) -> None:
    outcomes = await on_portal(lab_answers)
    assert slugs(outcomes) == {"no-weakness-seen", "used-link-refused", "expired-link-refused"}


@pytest.mark.parametrize("slug", PORTAL)
async def test_a_weakness_of_its_links_is_found(slug: str, lab_answers) -> None:
    outcomes = await on_portal(lab_answers, f"{NAME}/{slug}")
    implied = {"time-based": {"sequence"}, "address-derived": {"repeated"}}  # moments follow, a name does not change
    assert {one.slug for one in outcomes if one.failed} == {slug} | implied.get(slug, set())


def test_every_failure_has_its_switch() -> None:
    assert set(PORTAL) == {slug for slug, one in check(NAME).metadata.outcomes.items() if one.status is Status.FAIL}
