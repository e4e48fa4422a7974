"""The TLS profile: closed, consistent with the names other implementations use, right on its dates."""

import re
from collections import Counter
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.guide import Grade, tls_profile
from pgssi_probe.guide.source import Visibility

PROFILE = tls_profile()
SUITES = {suite.id: suite for suite in (*PROFILE.suites, *PROFILE.refused)}


def test_all_39_recommendations_and_their_variants_are_there() -> None:
    plain = [item.id for item in PROFILE.recommendations if not item.id.endswith("-")]
    assert plain == [f"R{number}" for number in range(1, 40)]
    variants = [item.id for item in PROFILE.recommendations if item.id.endswith("-")]
    assert variants == ["R7-", "R8-", "R9-", "R10-", "R18-", "R21-"]
    assert PROFILE.recommendation("R6").visibility is Visibility.FULL
    with pytest.raises(KeyError):
        PROFILE.recommendation("R40")


def test_protocols_by_grade() -> None:
    assert {item.name: item.grade.value for item in PROFILE.protocols} == {
        "TLS 1.3": "recommended",
        "TLS 1.2": "accepted",
        "TLS 1.1": "forbidden",
        "TLS 1.0": "forbidden",
        "SSL 3.0": "forbidden",
        "SSL 2.0": "forbidden",
    }
    assert PROFILE.protocol(0x0303).name == "TLS 1.2"


def test_suites_are_counted_by_grade() -> None:
    assert Counter(suite.grade.value for suite in PROFILE.suites) == {"recommended": 12, "degraded": 59}
    assert {suite.name for suite in PROFILE.suites if suite.tls == "1.3"} == {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
    }


def test_names_agree_with_another_implementation() -> None:
    constants = pytest.importorskip("tlslite.constants")
    theirs = {
        number: name.upper()
        for name, number in vars(constants.CipherSuite).items()
        if name.startswith("TLS_") and isinstance(number, int) and "DRAFT" not in name.upper() and "SCSV" not in name
    }
    assert {number: SUITES[number].name.upper() for number in theirs} == theirs
    groups = {
        number: name.lower()
        for name, number in vars(constants.GroupName).items()
        if isinstance(number, int) and not name.startswith("_") and number in {group.id for group in PROFILE.groups}
    }
    assert {number: PROFILE.group(number).name.lower() for number in groups} == groups
    schemes = {item.id: item.name for item in PROFILE.signature_schemes}
    for name, value in vars(constants.SignatureScheme).items():
        number = value[0] * 256 + value[1] if isinstance(value, tuple) else None
        if number in schemes and name.startswith(("rsa_pss_rsae", "rsa_pss_pss", "rsa_pkcs1", "ecdsa_secp")):
            assert schemes[number] == name


def test_every_suite_that_the_enumeration_can_report_is_graded() -> None:
    module = pytest.importorskip("sslyze.plugins.openssl_cipher_suites.cipher_suites")
    theirs = set(module._TLS_OPENSSL_TO_RFC_NAMES_MAPPING.values()) | set(module._TLS_1_3_CIPHER_SUITES)
    names = {suite.name.upper() for suite in SUITES.values()}
    unknown = {getattr(item, "name", item).upper() for item in theirs} - names
    assert sorted(name for name in unknown if name.startswith("TLS_") and not name.endswith(("_OLD", "_SCSV"))) == []


def test_no_allowed_suite_departs_from_what_its_grade_says() -> None:
    for suite in PROFILE.suites:
        assert not re.search(r"NULL|EXPORT|anon|RC4|DES|MD5|_SHA$|CCM_8", suite.name)
        assert suite.tls == "1.3" or re.match(r"TLS_(EC)?DHE_", suite.name), suite.name
        assert ("R10-" in suite.variants) == ("_CBC_" in suite.name)
        assert ("R7-" in suite.variants) == suite.name.startswith("TLS_DHE_")
        assert ("R8-" in suite.variants) == ("_PSK_" in suite.name)
        assert ("R9-" in suite.variants) == bool(re.search("CAMELLIA|ARIA", suite.name))
        assert bool(suite.variants) == (suite.grade is Grade.DEGRADED)


def test_refused_suites_say_why() -> None:
    reasons = {
        "R5": r"_anon_",
        "R6": r"^TLS_(RSA|DH_RSA|DH_DSS|ECDH_RSA|ECDH_ECDSA|PSK|RSA_PSK|KRB5)_",
        "R9": r"NULL|EXPORT|RC4|RC2|DES|IDEA|SEED",
        "R10": r"_CBC|CCM_8",
        "R11": r"_(MD5|SHA)$",
    }
    for suite in PROFILE.refused:
        for reason, pattern in reasons.items():
            assert (reason in suite.against) >= bool(re.search(pattern, suite.name)), (suite.name, reason)
        assert suite.against
        assert suite.grade is Grade.FORBIDDEN


@given(st.integers(0, 0xFFFF))
def test_what_the_profile_does_not_name_is_forbidden(number: int) -> None:
    suite, group = PROFILE.suite(number), PROFILE.group(number)
    assert suite.id == group.id == number
    if number not in SUITES:
        assert (suite.grade, suite.name) == (Grade.FORBIDDEN, f"0x{number:04X}")
    if number not in {item.id for item in PROFILE.groups}:
        assert group.grade_on(date(2026, 11, 22)) is Grade.FORBIDDEN


def test_groups_by_grade() -> None:
    assert PROFILE.group(23).grade is Grade.RECOMMENDED
    assert PROFILE.group(29).grade is Grade.ACCEPTED
    assert (PROFILE.group(0x11EC).kind, PROFILE.group(0x11EC).grade) == ("hybrid", Grade.RECOMMENDED)
    assert PROFILE.group(22).grade is Grade.FORBIDDEN
    curves = {curve.name.lower() for curve in vars(ec).values() if isinstance(curve, type) and hasattr(curve, "name")
              and isinstance(getattr(curve, "name", None), str)}  # fmt: skip
    assert {name.lower() for name in PROFILE.certificate.curves} <= curves


@pytest.mark.parametrize(
    ("day", "grade", "bits"),
    [(date(2030, 12, 31), Grade.DEGRADED, 2048), (date(2031, 1, 1), Grade.FORBIDDEN, 3072)],
)
def test_2048_bits_end_with_2030(day: date, grade: Grade, bits: int) -> None:
    assert PROFILE.group(256).grade_on(day) is grade
    assert PROFILE.group(257).grade_on(day) is Grade.DEGRADED
    assert PROFILE.key_size("rsa", day).minimum == PROFILE.key_size("dh", day).minimum == bits
    assert PROFILE.key_size("rsa", day).recommended == 3072
    assert PROFILE.key_size("ec", day).minimum == 256


@pytest.mark.parametrize(
    ("issued", "days"),
    [
        (date(2020, 8, 31), None),
        (date(2026, 3, 14), 398),
        (date(2026, 3, 15), 200),
        (date(2027, 3, 15), 100),
        (date(2029, 3, 15), 47),
    ],
)
def test_public_certificates_get_shorter(issued: date, days: int | None) -> None:
    assert PROFILE.public_validity_days(issued) == days


def test_extensions_that_are_worth_a_finding() -> None:
    reported = {item.name for item in PROFILE.extensions if item.reported}
    assert {"heartbeat", "early_data", "truncated_hmac"} <= reported
    assert "ec_point_formats" not in reported
    assert all(item.use == "not_recommended" for item in PROFILE.extensions if item.reported)


def test_grades_are_ordered_from_the_best() -> None:
    assert [grade.rank for grade in Grade] == [0, 1, 2, 3]
    assert min(Grade, key=lambda grade: grade.rank) is Grade.RECOMMENDED
