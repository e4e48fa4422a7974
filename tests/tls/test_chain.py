import datetime as dt
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from sample_facts import BEHAVIOUR
from tls_pki import NOW, issue, with_openssl

from pgssi_probe.guide import Grade, tls_profile
from pgssi_probe.tls.certificate import UnreadableCertificate, facts_of, read
from pgssi_probe.tls.chain import Anchors, Issuer, Link, judge_chain
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.grade_certificate import grade_chain, read_staple, too_long, weak_digests
from pgssi_probe.tls.host_names import common_name_only, names_host

PROFILE = tls_profile()
R, A, D, F = Grade.RECOMMENDED, Grade.ACCEPTED, Grade.DEGRADED, Grade.FORBIDDEN
ROOT = issue("Root", ca=True)
MIDDLE = issue("Middle", by=ROOT, ca=True)
LEAF = issue(by=MIDDLE)
TRUSTED = Anchors.of([ROOT.certificate])


def der(*items):
    return tuple(item.certificate.public_bytes(Encoding.DER) for item in items)


def judge(*items, host="localhost", now=NOW, system=TRUSTED, declared=None):
    return judge_chain(der(*items), host, now, system, declared or Anchors())


def grades(chain, now=NOW, **behaviour):
    return {item.recommendation: item for item in grade_chain(chain, replace(BEHAVIOUR, **behaviour), PROFILE, now)}


def test_a_complete_chain_to_a_trusted_root():
    chain = judge(LEAF, MIDDLE)
    assert (chain.issuer, chain.link) == (Issuer.TRUSTED, Link.ORDERED)
    assert chain.names_host
    assert (chain.expired, chain.not_yet_valid) == (False, False)
    assert [item.subject for item in chain.path] == ["CN=localhost", "CN=Middle"]
    assert chain.days_left == 89


def test_the_same_chain_to_a_declared_root():
    chain = judge(LEAF, MIDDLE, system=Anchors(), declared=TRUSTED)
    assert chain.issuer is Issuer.DECLARED


def test_a_declared_intermediate_is_enough():
    assert judge(LEAF, system=Anchors(), declared=Anchors.of([MIDDLE.certificate])).issuer is Issuer.DECLARED


def test_four_causes_are_told_apart():
    alone = issue()
    assert judge(alone).issuer is Issuer.SELF_SIGNED
    assert judge(LEAF, MIDDLE, ROOT, system=Anchors()).issuer is Issuer.PRIVATE_ROOT
    assert judge(LEAF, system=Anchors()).issuer is Issuer.UNKNOWN_ISSUER
    public = issue(by=MIDDLE, aia=True)
    assert judge(public, system=Anchors()).issuer is Issuer.INCOMPLETE
    assert judge(public, MIDDLE).issuer is Issuer.TRUSTED


def test_a_declared_self_signed_certificate_is_declared():
    alone = issue()
    assert judge(alone, system=Anchors(), declared=Anchors.of([alone.certificate])).issuer is Issuer.DECLARED


def test_a_namesake_that_did_not_sign_is_no_issuer():
    impostor = issue("Root", ca=True)
    assert judge(LEAF, MIDDLE, system=Anchors.of([impostor.certificate])).issuer is Issuer.UNKNOWN_ISSUER


def test_order():
    low = issue("Low", by=MIDDLE, ca=True)
    leaf = issue(by=low)
    assert judge(leaf, low, MIDDLE).link is Link.ORDERED
    assert judge(leaf, low, MIDDLE, ROOT).link is Link.ORDERED
    assert judge(leaf, MIDDLE, low).link is Link.MISORDERED
    assert judge(LEAF, MIDDLE, issue("Stranger", ca=True)).link is Link.UNRELATED
    assert judge(LEAF, MIDDLE, ROOT).root_sent


def test_dates():
    assert judge(issue(by=MIDDLE, start=NOW - dt.timedelta(days=9), days=3), MIDDLE).expired
    assert judge(issue(by=MIDDLE, start=NOW + dt.timedelta(days=3)), MIDDLE).not_yet_valid
    old = issue("Old", by=ROOT, ca=True, start=NOW - dt.timedelta(days=9), days=3)
    assert judge(issue(by=old), old).expired_issuers == ("CN=Old",)
    later = LEAF.certificate.not_valid_after_utc + dt.timedelta(hours=1)
    assert judge(LEAF, MIDDLE, now=later).days_left == -1
    assert judge(LEAF, MIDDLE, now=later).expired


@pytest.mark.parametrize(
    ("names", "addresses", "host", "covered"),
    [
        (("portal.example",), (), "portal.example", True),
        (("Portal.Example",), (), "portal.example", True),
        (("portal.example",), (), "PORTAL.example.", True),
        (("portal.example",), (), "other.example", False),
        (("portal.example",), (), "a.portal.example", False),
        (("*.portal.example",), (), "a.portal.example", True),
        (("*.portal.example",), (), "portal.example", False),
        (("*.portal.example",), (), "a.b.portal.example", False),
        (("*.example",), (), "portal.example", False),
        (("*",), (), "localhost", False),
        (("a*.portal.example",), (), "ab.portal.example", False),
        (("xn--hpital-ixa.example",), (), "hôpital.example", True),
        ((), ("192.0.2.7",), "192.0.2.7", True),
        ((), ("192.0.2.7",), "192.0.2.8", False),
        (("192.0.2.7",), (), "192.0.2.7", False),
        ((), ("2001:db8::1",), "2001:0db8:0::1", True),
        ((), ("2001:db8::1",), "[2001:db8::1]", True),
    ],
)
def test_names(names, addresses, host, covered):
    certificate = facts_of(issue("portal.example", names=names, addresses=addresses).certificate)
    assert names_host(certificate, host) is covered


def test_the_common_name_no_longer_counts():
    certificate = facts_of(issue("portal.example", names=("other.example",)).certificate)
    assert not names_host(certificate, "portal.example")
    assert common_name_only(certificate, "portal.example")
    assert not common_name_only(
        facts_of(issue("portal.example", names=("portal.example",)).certificate), "portal.example"
    )


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_host_against_any_name_is_answered(host, pattern):
    certificate = replace(facts_of(LEAF.certificate), dns_names=(pattern,))
    assert names_host(certificate, host) in (True, False)


def test_a_sound_certificate_departs_from_nothing_that_matters():
    found = grades(
        judge(issue(by=MIDDLE, aia=True), MIDDLE), sct_in_handshake=True, ocsp_staple=Unknown("not_measured")
    )
    assert {number: item.grade for number, item in found.items() if item.grade is not R} == {
        "R35": Unknown("not_measured")
    }


@pytest.mark.parametrize(
    ("number", "options", "grade", "detail"),
    [
        ("R8", {"kind": "rsa2048"}, A, ""),
        ("R25", {"start": NOW - dt.timedelta(days=9), "days": 3}, F, "expired"),
        ("R25", {"start": NOW + dt.timedelta(days=9)}, F, "not_yet_valid"),
        ("R25", {"days": 1000}, D, "too_long"),
        ("R26", {"kind": "rsa1024"}, F, ""),
        ("R26", {"kind": "rsa2048"}, A, ""),
        ("R26", {"kind": "rsa3072"}, R, ""),
        ("R26", {"kind": "k256"}, F, ""),
        ("R26", {"kind": "ed25519"}, A, ""),
        ("R27", {"usage": False}, D, "absent"),
        ("R27", {"usage_critical": False}, D, "not_critical"),
        ("R28", {"purposes": None}, D, "absent"),
        ("R28", {"purposes": (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)}, A, ""),
        ("R28", {"purposes": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, F, "no_server_auth"),
        ("R29", {"names": ("other.example",), "addresses": ()}, F, "common_name_only"),
        ("R32", {"aki": False}, D, "absent"),
        ("R33", {"revocation": False}, D, ""),
        ("R35", {"aia": True}, D, "no_staple"),
        ("R35", {"must_staple": True}, F, "must_staple"),
        ("R38", {}, D, ""),
    ],
)
def test_each_departure(number, options, grade, detail):
    graded = grades(judge(issue(by=MIDDLE, **options), MIDDLE))[number]
    assert (graded.grade, graded.detail) == (grade, detail)


def test_rsa_2048_ends_with_2030():
    chain = judge(issue(by=MIDDLE, kind="rsa2048"), MIDDLE)
    assert grades(chain, now=dt.datetime(2031, 1, 2, tzinfo=dt.UTC))["R26"].grade is F


def test_public_limits_bind_public_certificates_only():
    long = issue(by=MIDDLE, days=300)
    assert too_long(judge(long, MIDDLE), PROFILE) == 200
    assert too_long(judge(long, MIDDLE, system=Anchors(), declared=TRUSTED), PROFILE) is None


def test_transparency_concerns_public_certificates_only():
    private = judge(LEAF, MIDDLE, system=Anchors(), declared=TRUSTED)
    assert "R38" not in grades(private)
    assert grades(judge(LEAF, MIDDLE), sct_in_handshake=True)["R38"].grade is R


def test_chain_grades():
    low = issue("Low", by=MIDDLE, ca=True)
    leaf = issue(by=low)
    assert grades(judge(leaf, MIDDLE, low))["R34"].detail == "misordered"
    assert grades(judge(issue(by=MIDDLE, aia=True), system=Anchors()))["R34"].detail == "incomplete"
    assert isinstance(grades(judge(LEAF, system=Anchors()))["R34"].grade, Unknown)
    assert "R34" not in grades(judge(issue()))


@pytest.mark.tools
@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_weak_digests_and_keys_of_real_files(tmp_path, digest):
    pem, _ = with_openssl(tmp_path, "old", bits=1024, digest=digest)
    from cryptography.x509 import load_pem_x509_certificate

    chain = judge_chain((load_pem_x509_certificate(pem.read_bytes()).public_bytes(Encoding.DER),), "localhost", NOW)
    assert grades(chain)["R24"].grade is F
    assert weak_digests(chain, PROFILE) == (f"{digest}WithRSAEncryption",)
    assert grades(chain)["R26"].named == ("rsa 1024",)


def test_eddsa_signatures_are_sound():
    authority = issue("EdDSA CA", ca=True, kind="ed25519")
    chain = judge(issue(by=authority), system=Anchors.of([authority.certificate]))
    assert grades(chain)["R24"].grade is R


def test_a_broken_leaf_is_said_and_a_broken_tail_is_not_fatal():
    with pytest.raises(UnreadableCertificate):
        judge_chain((b"not a certificate",), "localhost", NOW)
    with pytest.raises(UnreadableCertificate):
        judge_chain((), "localhost", NOW)
    chain = judge_chain((*der(LEAF, MIDDLE), b"junk"), "localhost", NOW, TRUSTED)
    assert (chain.issuer, chain.link) == (Issuer.TRUSTED, Link.UNRELATED)


@given(st.data())
def test_a_mangled_certificate_is_read_or_refused(data):
    blob = bytearray(der(LEAF)[0])
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        chain = judge_chain((bytes(blob),), "localhost", NOW, TRUSTED)
    except UnreadableCertificate:
        return
    grades(chain)


@given(st.binary(max_size=100))
def test_a_mangled_staple_is_read_or_called_unreadable(blob):
    assert read_staple(blob, NOW).status == "unreadable"


def staple(state, days):
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509 import ocsp

    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=LEAF.certificate,
        issuer=MIDDLE.certificate,
        algorithm=hashes.SHA256(),
        cert_status=state,
        this_update=NOW - dt.timedelta(days=8),
        next_update=NOW + dt.timedelta(days=days),
        revocation_time=NOW - dt.timedelta(days=9) if state is ocsp.OCSPCertStatus.REVOKED else None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, MIDDLE.certificate).sign(MIDDLE.key, hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def test_staples():
    from cryptography.x509.ocsp import OCSPCertStatus

    chain = judge(LEAF, MIDDLE)
    must = judge(issue(by=MIDDLE, must_staple=True), MIDDLE)
    assert grades(chain, ocsp_staple=staple(OCSPCertStatus.GOOD, 3))["R35"].grade is R
    assert grades(chain, ocsp_staple=staple(OCSPCertStatus.REVOKED, 3))["R35"].detail == "revoked"
    assert grades(chain, ocsp_staple=staple(OCSPCertStatus.REVOKED, 3))["R35"].grade is F
    assert grades(chain, ocsp_staple=staple(OCSPCertStatus.GOOD, -1))["R35"].grade is D
    assert grades(must, ocsp_staple=staple(OCSPCertStatus.GOOD, -1))["R35"].grade is F
    assert grades(must, ocsp_staple=staple(OCSPCertStatus.GOOD, 3))["R35"].grade is R


def test_facts_of_a_certificate():
    facts = facts_of(issue(by=MIDDLE, aia=True, must_staple=True).certificate)
    assert facts.must_staple
    assert (facts.ocsp_urls, facts.issuer_urls, facts.crl_urls) == (1, 1, 1)
    assert facts.key_usage.names == ("digitalSignature", "keyEncipherment")
    assert facts.extended_key_usage.names == ("serverAuth",)
    assert facts.authority_key == facts_of(MIDDLE.certificate).subject_key
    assert (facts.key_type, facts.key_bits, facts.curve) == ("ec", 256, "secp256r1")
    assert facts_of(read(der(MIDDLE)[0])).is_ca
