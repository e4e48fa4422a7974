import datetime as dt
from dataclasses import replace

import pytest
from sample_facts import BEHAVIOUR, SOUND, T12
from tls_pki import NOW, issue

from pgssi_checks.tls.certificate import judge
from pgssi_probe.check.harness import run_check, slugs
from pgssi_probe.guide import tls_profile
from pgssi_probe.model.outcome import Reason, Status
from pgssi_probe.registry import check
from pgssi_probe.tls.chain import NO_ANCHORS, Anchors, judge_chain
from pgssi_probe.tls.collector import TlsEndpoints
from pgssi_probe.tls.facts import SentChain, TrustFacts, Unknown, unreachable

DECLARED = check("tls.certificate").metadata.outcomes
ROOT = issue("Root", ca=True)
MIDDLE = issue("Middle", by=ROOT, ca=True)
OLD_MIDDLE = issue("Old", by=ROOT, ca=True, start=NOW - dt.timedelta(days=9), days=3)
LOW = issue("Low", by=MIDDLE, ca=True)
TRUSTED = Anchors.of([ROOT.certificate])
LATE = NOW - dt.timedelta(days=60)


def found(issued, *, system=TRUSTED, declared=NO_ANCHORS, host="localhost", chain=None, trust=(), now=NOW, **behaviour):
    """Slugs and facts for one chain; a public authority with transparency unless told otherwise."""
    der = chain or issued.der
    facts = replace(
        SOUND,
        chains=(SentChain(der, (T12,)),),
        trust=trust,
        behaviour=replace(BEHAVIOUR, **{"sct_in_handshake": True, **behaviour}),
    )
    judged = judge_chain(der, host, now, system, declared)
    return dict(judge(judged, facts, tls_profile(), now, 30))


def signed(**options):
    return issue(by=MIDDLE, **options)


STAPLED = b"0\x03\x0a\x01\x06"  # an OCSP responder that answers "unauthorized"
FAILURES = {
    "self-signed": lambda: found(issue()),
    "private-authority": lambda: found(signed(), system=NO_ANCHORS),
    "chain-incomplete": lambda: found(signed(aia=True), chain=signed(aia=True).der[:1], system=NO_ANCHORS),
    "chain-refused": lambda: found(signed(), trust=(TrustFacts("system", 47, "permitted subtree violation"),)),
    "chain-misordered": lambda: found(
        None, chain=(issue_low := issue(by=LOW)).der[:1] + MIDDLE.der[:1] + issue_low.der[1:2]
    ),
    "wrong-name": lambda: found(signed(names=("other.example",), addresses=()), host="portal.example"),
    "common-name-only": lambda: found(signed(names=("other.example",), addresses=())),
    "expired": lambda: found(signed(start=LATE, days=30)),
    "not-yet-valid": lambda: found(signed(start=NOW + dt.timedelta(days=2))),
    "issuer-expired": lambda: found(issue(by=OLD_MIDDLE)),
    "expiring-soon": lambda: found(signed(start=LATE, days=70)),
    "key-weak": lambda: found(signed(kind="rsa1024")),
    "purpose-wrong": lambda: found(signed(purposes=(CLIENT_AUTH,))),
    "must-staple-missing": lambda: found(signed(must_staple=True)),
    "transparency-missing": lambda: found(signed(), sct_in_handshake=False),
}


def test_a_sound_public_certificate():
    assert set(found(signed())) == {
        "trusted",
        "name-covered",
        "dates-valid",
        "key-recommended",
        "digest-sound",
        "transparency-logged",
        "profile-followed",
    }


def test_every_failure_has_its_example():
    # digest-weak and revoked are shown below: they need openssl, and a signed OCSP response.
    failing = {slug for slug, declared in DECLARED.items() if declared.status is Status.FAIL}
    assert set(FAILURES) | {"digest-weak", "revoked"} == failing


@pytest.mark.parametrize("slug", FAILURES)
def test_a_failure_is_found_and_is_silent_on_a_sound_one(slug):
    assert slug in FAILURES[slug]()
    assert slug not in found(signed())


def test_self_signed_internal_and_incomplete_are_never_confused():
    causes = {"self-signed", "private-authority", "chain-incomplete", "trusted", "trusted-declared", "chain-refused"}
    for slug in ("self-signed", "private-authority", "chain-incomplete"):
        assert set(FAILURES[slug]()) & causes == {slug}


def test_a_declared_authority():
    values = found(signed(), system=NO_ANCHORS, declared=TRUSTED)
    assert "trusted-declared" in values
    assert "transparency-logged" not in values
    assert "transparency-missing" not in found(signed(), system=NO_ANCHORS, declared=TRUSTED, sct_in_handshake=False)


def test_openssl_may_know_more_than_we_do():
    trust = (TrustFacts("system", 0, "ok"),)
    assert "trusted" in found(signed(), system=NO_ANCHORS, trust=trust)
    assert "trusted-declared" in found(signed(), system=NO_ANCHORS, trust=(TrustFacts("declared", 0, "ok"),))


def test_a_refusal_for_dates_is_about_dates():
    late = signed(start=LATE, days=30)
    values = found(late, trust=(TrustFacts("system", 10, "certificate has expired"),))
    assert {"trusted", "expired"} <= set(values)


def test_the_warning_fits_certificates_that_live_short():
    # 90 days renewed at 30 left: 25 left is no alarm, 20 is.
    assert "dates-valid" in found(signed(start=NOW - dt.timedelta(days=65), days=90.5))
    assert "expiring-soon" in found(signed(start=NOW - dt.timedelta(days=70), days=90.5))


def test_key_sizes():
    assert "key-accepted" in found(signed(kind="rsa2048"))
    assert "key-recommended" in found(signed(kind="rsa3072"))
    assert found(signed(kind="rsa1024"))["key-weak"]["keys"] == ["rsa 1024"]


def test_minor_departures_make_one_list():
    values = found(signed(usage=False, revocation=False))
    assert values["profile-remarks"]["remarks"] == [
        "R27 (keyUsage)",
        "R33 (cRLDistributionPoints / authorityInfoAccess)",
    ]


def test_a_long_validity_is_a_remark():
    assert found(signed(days=300))["validity-long"]["limit"] == 200


def test_a_staple_that_fails_a_certificate_that_demands_one():
    assert "must-staple-missing" in found(signed(must_staple=True), ocsp_staple=STAPLED)


def test_revoked_by_its_own_staple():
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp

    leaf = signed()
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=MIDDLE.certificate,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.REVOKED,
        this_update=NOW - dt.timedelta(days=1),
        next_update=NOW + dt.timedelta(days=1),
        revocation_time=NOW - dt.timedelta(days=1),
        revocation_reason=None,
    )
    response = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, MIDDLE.certificate).sign(
        MIDDLE.key, hashes.SHA256()
    )
    assert "revoked" in found(leaf, ocsp_staple=response.public_bytes(Encoding.DER))


@pytest.mark.tools
def test_a_weak_digest(tmp_path):
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate
    from tls_pki import with_openssl

    pem, _ = with_openssl(tmp_path, "old", bits=2048, digest="sha1")
    der = load_pem_x509_certificate(pem.read_bytes()).public_bytes(Encoding.DER)
    assert found(None, chain=(der,))["digest-weak"]["algorithms"] == ["sha1WithRSAEncryption"]
    assert "digest-weak" not in found(signed())


async def outcomes(*facts, reason=None):
    seen = TlsEndpoints("localhost", 443, len(facts), facts, (), reason)
    return await run_check("tls.certificate", {}, collected={"tls": seen}, url="https://localhost/")


async def test_each_chain_is_judged_apart():
    chains = (SentChain(issue().der, (T12,)), SentChain(issue(kind="rsa2048").der, (T12,)))
    found_ = await outcomes(replace(SOUND, chains=chains))
    names = {outcome.subject.name for outcome in found_ if outcome.slug == "self-signed"}
    assert names == {"localhost:443 ec", "localhost:443 rsa"}
    assert all(outcome.evidence for outcome in found_)


async def test_a_chain_that_cannot_be_read_is_inconclusive():
    found_ = await outcomes(replace(SOUND, chains=(SentChain((b"junk",), (T12,)),)))
    assert [(o.status, o.reason) for o in found_] == [(Status.INCONCLUSIVE, Reason.PROTOCOL_ERROR)]


async def test_no_chain_is_inconclusive():
    gone = unreachable("localhost", "127.0.0.1", 443, "clienthello", Unknown("not_tls"), 2)
    assert [o.status for o in await outcomes(gone)] == [Status.INCONCLUSIVE]
    assert slugs(await outcomes(reason=Reason.NOT_HTTPS)) == {"not-https"}
    assert [o.reason for o in await outcomes(reason=Reason.OUT_OF_SCOPE)] == [Reason.OUT_OF_SCOPE]


async def test_a_machine_without_authorities_accuses_nobody(monkeypatch):
    from pgssi_checks.tls import certificate
    from pgssi_probe.tls.ssl_handshake import NoTrustStore

    def none():
        raise NoTrustStore

    monkeypatch.setattr(certificate, "system_anchors", none)
    leaf = signed()
    found_ = await outcomes(replace(SOUND, chains=(SentChain(leaf.der, (T12,)),)))
    assert "private-authority" not in slugs(found_)
    assert Reason.TOOL_MISSING in {o.reason for o in found_}


from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: E402

CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
