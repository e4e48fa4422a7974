import pytest

from pgssi_probe.guide import tls_profile
from pgssi_probe.tls.names import Version
from pgssi_probe.tls.suites import Suite, by_name, fits, offers, parts, suite_of, table, weaknesses

CASES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": ("ECDHE", "ECDSA", "AES", "AEAD", "AEAD"),
    "TLS_RSA_WITH_NULL_MD5": ("RSA", "RSA", "NULL", "NULL", "MD5"),
    "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5": ("DH", "anon", "RC4", "stream", "MD5"),
    "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA": ("DHE", "RSA", "3DES", "CBC", "SHA"),
    "TLS_RSA_WITH_AES_256_CCM_8": ("RSA", "RSA", "AES", "CCM_8", "AEAD"),
    "TLS_AES_128_CCM_SHA256": ("TLS13", "any", "AES", "AEAD", "AEAD"),
    "TLS_CHACHA20_POLY1305_SHA256": ("TLS13", "any", "CHACHA20", "AEAD", "AEAD"),
    "TLS_SHA256_SHA256": ("TLS13", "any", "NULL", "NULL", "SHA256"),
    "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256": ("ECDHE", "PSK", "CHACHA20", "AEAD", "AEAD"),
    "TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA": ("SRP", "DSS", "AES", "CBC", "SHA"),
    "TLS_KRB5_WITH_RC4_128_SHA": ("KRB5", "other", "RC4", "stream", "SHA"),
    "TLS_DH_DSS_WITH_SEED_CBC_SHA": ("DH", "DSS", "SEED", "CBC", "SHA"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_says_its_parts(name):
    part = parts(by_name()[name])
    assert (part.key_exchange, part.authentication, part.cipher, part.mode, part.mac) == CASES[name]


def test_export_is_seen():
    assert parts(by_name()["TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"]).export
    assert not parts(by_name()["TLS_RSA_WITH_DES_CBC_SHA"]).export


def test_an_unknown_number_gets_a_name_and_no_praise():
    suite = suite_of(0xFAFA)
    assert suite == Suite(0xFAFA, "suite_0xFAFA")
    assert parts(suite).cipher == "other"


def test_the_profile_names_the_same_suites():
    profile = tls_profile()
    for entry in (*profile.suites, *profile.refused):
        if entry.id in table():
            assert table()[entry.id].name.replace("SHA256_draft", "SHA256_OLD") in (
                entry.name,
                entry.name.replace("_draft", "_OLD"),
                table()[entry.id].name,
            )
    missing = [entry.name for entry in profile.suites if entry.id not in table()]
    assert missing == []


@pytest.mark.parametrize("version", list(Version)[1:])
def test_every_fitting_suite_is_offered_once(version):
    listed = [suite for offer in offers(version) for suite in offer]
    assert len(listed) == len(set(listed))
    assert set(listed) == {suite for suite in table().values() if fits(suite, version)}


def test_old_versions_are_offered_neither_aead_nor_sha2():
    names = {suite.name for offer in offers(Version.TLS_1_0) for suite in offer}
    assert not [name for name in names if "GCM" in name or name.endswith(("SHA256", "SHA384"))]
    assert "TLS_RSA_EXPORT_WITH_RC4_40_MD5" in names


def test_suites_with_the_same_weaknesses_are_interchangeable():
    first, second = by_name()["TLS_RSA_WITH_AES_128_CBC_SHA"], by_name()["TLS_RSA_WITH_AES_256_CBC_SHA"]
    assert weaknesses(first) == weaknesses(second)
    assert weaknesses(first) != weaknesses(by_name()["TLS_RSA_WITH_RC4_128_SHA"])
