from dataclasses import replace

import pytest
from sample_facts import SOUND, T12, T13, groups, version, with_version

from pgssi_probe.check.harness import run_check
from pgssi_probe.model.outcome import Reason, Status
from pgssi_probe.registry import check
from pgssi_probe.tls.collector import TlsEndpoints
from pgssi_probe.tls.facts import Unknown, unreachable

HYBRID = 0x11EC


async def outcome(facts, reason=None):
    seen = TlsEndpoints("portal.example", 443, 1, (facts,) if facts else (), (), reason)
    found = await run_check("tls.pqc-readiness", {}, collected={"tls": seen})
    assert len(found) == 1
    return found[0]


def with_groups(*ids, order=True, complete=True):
    return replace(SOUND, groups=(replace(groups(T13, *ids, complete=complete), server_order=order),))


def test_it_never_fails():
    assert Status.FAIL not in {declared.status for declared in check("tls.pqc-readiness").metadata.outcomes.values()}


@pytest.mark.parametrize(
    ("facts", "slug"),
    [
        (with_groups(HYBRID, 29), "hybrid-preferred"),
        (with_groups(29, HYBRID), "hybrid-accepted"),
        (with_groups(HYBRID, 29, order=False), "hybrid-accepted"),
        (with_groups(HYBRID, order=None), "hybrid-preferred"),
        (with_groups(29, 23), "hybrid-absent"),
        (with_version(SOUND, version(T13)), "no-tls13"),
    ],
)
async def test_what_is_said(facts, slug):
    assert (await outcome(facts)).slug == slug


async def test_the_group_is_named():
    assert "X25519MLKEM768" in (await outcome(with_groups(HYBRID, 29))).sentence.fr


@pytest.mark.parametrize(
    "facts",
    [
        with_groups(29, complete=False),
        replace(SOUND, groups=(groups(T12, 29),), groups_unknown=((T13, Unknown("budget")),)),
        with_version(SOUND, version(T13, Unknown("no_answer"))),
        unreachable("portal.example", "192.0.2.1", 443, "clienthello", Unknown("not_tls"), 1),
    ],
)
async def test_what_is_not_known_is_inconclusive(facts):
    assert (await outcome(facts)).status is Status.INCONCLUSIVE


async def test_a_hybrid_found_in_an_incomplete_list_is_found():
    assert (await outcome(with_groups(HYBRID, complete=False))).slug.startswith("hybrid-")


async def test_plain_http():
    assert (await outcome(None, Reason.NOT_HTTPS)).slug == "not-https"
