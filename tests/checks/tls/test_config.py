from dataclasses import replace

import pytest
from sample_facts import SOUND, T12, T13, behaving, groups, suites, version, with_suites, with_version

from pgssi_checks.tls.config import CAUSES, SLUGS, observe
from pgssi_probe.check.harness import run_check, slugs
from pgssi_probe.model.outcome import Level, Reason, Status
from pgssi_probe.registry import check
from pgssi_probe.tls.collector import TlsEndpoints
from pgssi_probe.tls.facts import DhPrime, SignatureUse, Ticket, Unknown, Vulnerability, unreachable
from pgssi_probe.tls.merge import Disagreement
from pgssi_probe.tls.names import Version

DECLARED = check("tls.config").metadata.outcomes
SILENT = Unknown("no_answer", "timeout")


async def outcomes(*facts, level=Level.PASSIVE, differences=(), **changes):
    seen = TlsEndpoints("portal.example", 443, len(facts), facts, differences)
    seen = replace(seen, **changes)
    return await run_check("tls.config", {}, collected={"tls": seen, "tls-full": seen}, level=level)


def vulnerable(*names):
    return replace(SOUND, vulnerabilities=tuple(Vulnerability(name, True) for name in names))


# One spoilt endpoint for each slug that fails: found here, and silent on the sound one.
FAILURES = {
    "faults-found": vulnerable("heartbleed"),
    "versions-missing": with_version(with_version(SOUND, version(T13)), version(T12)),
    "old-versions-accepted": with_version(SOUND, version(Version.TLS_1_0, True)),
    "ssl-accepted": with_version(SOUND, version(Version.SSL_3, True)),
    "anonymous-accepted": with_suites("TLS_DH_anon_WITH_AES_128_CBC_SHA"),
    "forward-secrecy-missing": with_suites("TLS_RSA_WITH_AES_128_GCM_SHA256"),
    "curves-weak": replace(SOUND, groups=(groups(T12, 22),)),
    "ecdhe-missing": replace(SOUND, groups=()),
    "dhe-short": replace(SOUND, dh_primes=(DhPrime(1024, "modp1024"),)),
    "signature-weak": replace(SOUND, signatures=(SignatureUse(T12, "dsa_sha256"),)),
    "ciphers-broken": with_suites("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    "modes-weak": with_suites("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"),
    "cbc-unprotected": replace(
        with_suites("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        behaviour=replace(SOUND.behaviour, encrypt_then_mac=False),
    ),
    "hashes-weak": with_suites("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    "signature-hashes-weak": replace(SOUND, weak_signatures=("rsa_pkcs1_sha1",)),
    "extended-master-secret-missing": behaving(extended_master_secret=False),
    "extensions-unwanted": behaving(extensions=("heartbeat",)),
    "random-repeated": behaving(random_repeats=True),
    "compression-accepted": behaving(compression=True),
    "renegotiation-client": vulnerable("client_renegotiation"),
    "renegotiation-insecure": behaving(secure_renegotiation=False),
    "early-data-accepted": behaving(early_data=16384),
}
TOLERATED = {
    "versions-accepted": with_version(SOUND, version(T13)),
    "ecdhe-tolerably-missing": replace(
        with_version(
            with_version(SOUND, version(T13)), version(T12, True, *suites("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"))
        ),
        groups=(),
    ),
    "dhe-tolerated": replace(SOUND, dh_primes=(DhPrime(2048, "ffdhe2048"),)),
    "signature-psk": with_suites("TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"),
    "ciphers-tolerated": with_suites("TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256"),
    "modes-tolerated": replace(
        with_suites("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        behaviour=replace(SOUND.behaviour, encrypt_then_mac=True),
    ),
    "hashes-tolerated": replace(SOUND, weak_signatures=("ecdsa_sha224",)),
    "suites-single": with_version(SOUND, version(T12, True, SOUND.of(T12).suites[0])),
    "order-harmless": with_version(SOUND, version(T12, True, *SOUND.of(T12).suites, server_order=False)),
    "order-client": with_suites("TLS_RSA_WITH_AES_128_CBC_SHA", server_order=False),
    "downgrade-unmarked": behaving(downgrade_sentinel=False),
    "random-clock": behaving(random_follows_clock=True),
    "tickets-long": behaving(tickets=(Ticket(T12, 90_000),)),
    "resumption-absent": behaving(resumption_by_id=False, resumption_by_ticket=False),
}


async def test_a_sound_endpoint_passes_and_nothing_else():
    clean = replace(SOUND, source="merged", vulnerabilities=(Vulnerability("robot", False),))
    found = await outcomes(clean)
    assert {outcome.status for outcome in found} == {Status.PASS}
    assert len(found) == 23
    assert all(outcome.evidence for outcome in found)


def test_every_failure_has_its_example_here():
    assert set(FAILURES) == {slug for slug, declared in DECLARED.items() if declared.status is Status.FAIL}
    sayable = set(SLUGS.values()) | set(CAUSES.values()) | {"not-https", "collectors-agree", "collectors-disagree"}
    assert sayable == set(DECLARED)


@pytest.mark.parametrize("slug", FAILURES)
async def test_a_failure_is_found(slug):
    found = {outcome.slug: outcome for outcome in await outcomes(FAILURES[slug])}
    assert slug in found
    assert found[slug].failed
    assert slug not in slugs(await outcomes(SOUND))


@pytest.mark.parametrize("slug", TOLERATED)
async def test_what_is_tolerated_is_said_and_is_no_failure(slug):
    found = {outcome.slug: outcome for outcome in await outcomes(TOLERATED[slug])}
    assert found[slug].status is Status.PASS


async def test_without_a_mandate_known_flaws_stay_open():
    found = [outcome for outcome in await outcomes(SOUND) if outcome.status is not Status.PASS]
    assert [(outcome.status, outcome.reason) for outcome in found] == [(Status.INCONCLUSIVE, Reason.MANDATE_MISSING)]
    assert found[0].facts["recommendations"] == ["R2: needs_mandate"]
    assert found[0].subject.name == "portal.example:443 (R2)"


async def test_the_sentence_names_the_suites():
    found = {outcome.slug: outcome for outcome in await outcomes(FAILURES["forward-secrecy-missing"])}
    assert "TLS_RSA_WITH_AES_128_GCM_SHA256" in found["forward-secrecy-missing"].sentence.fr
    assert "portal.example:443" in found["forward-secrecy-missing"].sentence.en


async def test_an_incomplete_scan_is_inconclusive_and_names_what_is_open():
    incomplete = with_version(SOUND, version(Version.SSL_3, SILENT))
    found = [outcome for outcome in await outcomes(incomplete) if outcome.status is Status.INCONCLUSIVE]
    assert len(found) == 1
    assert found[0].reason is Reason.TIMEOUT
    assert "R4: no_answer" in found[0].facts["recommendations"]
    assert "old-versions-refused" not in slugs(await outcomes(incomplete))


async def test_an_incomplete_scan_never_hides_a_failure():
    incomplete = with_version(FAILURES["old-versions-accepted"], version(Version.SSL_3, SILENT))
    assert "old-versions-accepted" in slugs(await outcomes(incomplete))


async def test_an_endpoint_that_does_not_answer_is_inconclusive():
    gone = unreachable("portal.example", "192.0.2.1", 443, "clienthello", SILENT, 2)
    found = await outcomes(gone)
    assert [(outcome.status, outcome.reason) for outcome in found] == [(Status.INCONCLUSIVE, Reason.TIMEOUT)]


async def test_each_address_is_judged_apart():
    other = replace(FAILURES["compression-accepted"], address="192.0.2.2")
    found = await outcomes(SOUND, other)
    failed = [outcome for outcome in found if outcome.failed]
    assert [outcome.subject.name for outcome in failed] == ["portal.example:443 (192.0.2.2)"]


@pytest.mark.parametrize(
    ("reason", "status"),
    [(Reason.NOT_HTTPS, Status.NOT_APPLICABLE), (Reason.OUT_OF_SCOPE, Status.INCONCLUSIVE)],
)
async def test_nothing_to_look_at(reason, status):
    found = await outcomes(reason=reason)
    assert [outcome.status for outcome in found] == [status]


async def test_the_two_collections_are_compared_at_the_active_level():
    merged = replace(SOUND, source="merged", vulnerabilities=(Vulnerability("robot", False),))
    assert "collectors-agree" in slugs(await outcomes(merged, level=Level.ACTIVE))
    differences = (("192.0.2.1", (Disagreement("TLSv1.0", "refused", "accepted"),)),)
    found = {o.slug: o for o in await outcomes(merged, level=Level.ACTIVE, differences=differences)}
    assert "TLSv1.0 (refused / sslyze: accepted)" in found["collectors-disagree"].sentence.fr
    assert "collectors-agree" not in slugs(await outcomes(SOUND, level=Level.PASSIVE))
    assert observe is not None
