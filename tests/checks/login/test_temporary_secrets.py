"""`login.temporary-secrets`: what few samples prove, what they cannot, and that none of them is told."""

import hashlib
import secrets
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.login.samples import read_samples, sample_of
from pgssi_checks.login.temporary_secrets import judge
from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.model.account import Account
from pgssi_probe.model.outcome import Level, Reason

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
