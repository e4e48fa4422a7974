"""Each recommendation both ways: the departure is found, and what departs from nothing is not accused."""

import datetime as dt
from dataclasses import replace

import pytest
from sample_facts import SOUND, SOUND_12, T12, T13, behaving, groups, version, with_suites, with_version

from pgssi_probe.guide import Grade, tls_profile
from pgssi_probe.tls.facts import DhPrime, SignatureUse, Ticket, Unknown, Vulnerability
from pgssi_probe.tls.grade import Graded, grade_endpoint, unfinished
from pgssi_probe.tls.names import Version

PROFILE = tls_profile()
DAY = dt.date(2026, 11, 22)
SILENT = Unknown("no_answer")
R, A, D, F = Grade.RECOMMENDED, Grade.ACCEPTED, Grade.DEGRADED, Grade.FORBIDDEN


def grades(facts, day=DAY) -> dict[str, Graded]:
    return {item.recommendation: item for item in grade_endpoint(facts, PROFILE, day)}


def grade_of(facts, number, day=DAY):
    return grades(facts, day)[number].grade


def test_a_sound_endpoint_is_accused_of_nothing():
    found = grades(SOUND)
    # Groups accept x25519; R15 only lists; R21- leans on tickets, whose keys cannot be seen.
    # R2 waits for a mandate.
    expected = {"R2": Unknown("needs_mandate"), "R7": A, "R15": A, "R21-": D}
    assert {number: item.grade for number, item in found.items()} == {
        number: expected.get(number, R) for number in found
    }
    assert set(found) == {f"R{number}" for number in (*range(2, 17), 18, 19, 20, 22, 23)} | {"R7-", "R18-", "R21-"}


SUITES = {
    "R5": ("TLS_ECDH_anon_WITH_AES_128_CBC_SHA", F),
    "R6": ("TLS_RSA_WITH_AES_128_GCM_SHA256", F),
    "R8": ("TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", F),
    "R9": ("TLS_RSA_WITH_RC4_128_SHA", F),
    "R10": ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", F),
    "R11": ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", F),
}


@pytest.mark.parametrize("number", SUITES)
def test_a_suite_is_named_under_the_recommendation_that_it_departs_from(number):
    name, grade = SUITES[number]
    graded = grades(with_suites(name))[number]
    assert graded.grade is grade
    assert name in graded.named
    assert all(sound.name not in graded.named for sound in SOUND_12)


@pytest.mark.parametrize("number", SUITES)
def test_a_departure_counts_even_when_the_enumeration_is_not_complete(number):
    assert grade_of(with_suites(SUITES[number][0], coverage="partial"), number) is F


@pytest.mark.parametrize("number", ["R5", "R6", "R9", "R10", "R11", "R7", "R7-", "R12"])
def test_a_good_grade_needs_a_complete_enumeration(number):
    incomplete = with_version(SOUND, version(T12, True, *SOUND_12, coverage="partial"))
    assert isinstance(grade_of(incomplete, number), Unknown)
    unknown = with_version(SOUND, version(Version.TLS_1_0, SILENT))
    if number != "R12":  # which looks at TLS 1.2 and 1.3 only
        assert isinstance(grade_of(unknown, number), Unknown)


def test_a_suite_of_an_old_version_is_named_with_it():
    facts = with_suites("TLS_RSA_WITH_3DES_EDE_CBC_SHA", number=Version.TLS_1_0)
    assert grades(facts)["R9"].named == ("TLS_RSA_WITH_3DES_EDE_CBC_SHA (TLSv1.0)",)


@pytest.mark.parametrize("name", ["TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256", "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"])
def test_camellia_is_tolerated(name):
    assert grade_of(with_suites(name), "R9") is D


def test_cbc_is_tolerated_with_encrypt_then_mac_only():
    cbc = with_suites("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256")
    for answer, grade in ((True, D), (False, F)):
        facts = replace(cbc, behaviour=replace(cbc.behaviour, encrypt_then_mac=answer))
        assert grade_of(facts, "R10") is grade
    facts = replace(cbc, behaviour=replace(cbc.behaviour, encrypt_then_mac=SILENT))
    assert grade_of(facts, "R10") == SILENT


def test_versions():
    assert grade_of(with_version(SOUND, version(T13)), "R3") is A
    assert grade_of(with_version(with_version(SOUND, version(T13)), version(T12)), "R3") is F
    assert grade_of(with_version(SOUND, version(T13, SILENT)), "R3") == SILENT
    for number, detail in (
        (Version.TLS_1_1, "tls"),
        (Version.TLS_1_0, "tls"),
        (Version.SSL_3, "ssl"),
        (Version.SSL_2, "ssl"),
    ):
        graded = grades(with_version(SOUND, version(number, True)))["R4"]
        assert (graded.grade, graded.named, graded.detail) == (F, (number.label,), detail)
        assert grade_of(with_version(SOUND, version(number, SILENT)), "R4") == SILENT


def test_curves():
    assert grade_of(replace(SOUND, groups=(groups(T13, 23, 24),)), "R7") is R
    assert grade_of(replace(SOUND, groups=(groups(T13, 0x11EC, 23),)), "R7") is R
    graded = grades(replace(SOUND, groups=(groups(T13, 23), groups(T12, 22))))["R7"]
    assert (graded.grade, graded.named) == (F, ("secp256k1",))
    assert isinstance(grade_of(replace(SOUND, groups=(groups(T13, 23, complete=False),)), "R7"), Unknown)
    assert grade_of(replace(SOUND, groups=(), groups_unknown=((T13, SILENT),)), "R7") == SILENT
    assert grade_of(replace(SOUND, groups=()), "R7") is F


def test_without_elliptic_exchange_dhe_is_tolerated():
    only_dhe = with_version(with_version(SOUND, version(T13)), version(T12, True, *with_suites_dhe()))
    assert grade_of(replace(only_dhe, groups=()), "R7") is D


def with_suites_dhe():
    from sample_facts import suites

    return suites("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384")


def test_finite_fields():
    short = replace(SOUND, dh_primes=(DhPrime(1024, "modp1024"),))
    assert grades(short)["R7-"].named == ("modp1024 (1024)",)
    assert grade_of(short, "R7-") is F
    enough = replace(SOUND, dh_primes=(DhPrime(2048, None),))
    assert grade_of(enough, "R7-") is D
    assert grades(enough)["R7-"].detail == "custom_prime"
    assert grade_of(enough, "R7-", dt.date(2031, 1, 1)) is F
    assert grade_of(replace(SOUND, dh_primes=(DhPrime(3072, "ffdhe3072"),)), "R7-", dt.date(2031, 1, 1)) is D
    assert grade_of(replace(SOUND, groups=(groups(T13, 23, 256),)), "R7-") is D
    assert grade_of(replace(SOUND, dh_primes=SILENT), "R7-") == SILENT


def test_signatures():
    assert grade_of(replace(SOUND, signatures=(SignatureUse(T12, "rsa_pkcs1_sha256"),)), "R8") is A
    assert grade_of(replace(SOUND, signatures=(SignatureUse(T12, "dsa_sha256"),)), "R8") is F
    for scheme, grade in (("rsa_pkcs1_sha1", F), ("rsa_pkcs1_md5", F), ("ecdsa_sha224", D)):
        assert grade_of(replace(SOUND, weak_signatures=(scheme,)), "R11") is grade
    assert grade_of(replace(SOUND, weak_signatures=SILENT), "R11") == SILENT


def test_a_single_suite_is_to_be_justified():
    assert grade_of(with_version(SOUND, version(T12, True, SOUND_12[0])), "R12") is D
    two_bad = with_version(SOUND, version(T12, True, *with_suites("TLS_RSA_WITH_RC4_128_SHA").of(T12).suites[1:]))
    assert grades(two_bad)["R12"].named == ("TLSv1.2",)


def test_the_order_of_the_client_matters_where_there_is_something_to_lose():
    harmless = with_version(SOUND, version(T12, True, *SOUND_12, server_order=False))
    assert grade_of(harmless, "R13") is A
    assert grade_of(with_suites("TLS_RSA_WITH_AES_128_CBC_SHA", server_order=False), "R13") is D
    assert grade_of(with_version(SOUND, version(T12, True, *SOUND_12, server_order=SILENT)), "R13") == SILENT


@pytest.mark.parametrize(
    ("number", "name", "bad", "grade"),
    [
        ("R5", "raw_public_key", True, F),
        ("R14", "extended_master_secret", False, F),
        ("R18", "downgrade_sentinel", False, D),
        ("R18-", "random_follows_clock", True, D),
        ("R19", "compression", True, F),
        ("R22", "secure_renegotiation", False, F),
        ("R23", "early_data", 16384, F),
        ("R16", "early_data", 16384, F),
        ("R17", "random_repeats", True, F),
        ("R20", "tickets", (Ticket(T12, 86_401),), D),
    ],
)
def test_a_feature_both_ways(number, name, bad, grade):
    assert grade_of(behaving(**{name: bad}), number) is grade
    good = grades(SOUND).get(number)
    assert good is None or good.grade is R


@pytest.mark.parametrize("name", ["compression", "extended_master_secret", "early_data", "secure_renegotiation"])
def test_an_unknown_feature_is_an_unknown_grade(name):
    numbers = {
        "compression": "R19",
        "extended_master_secret": "R14",
        "early_data": "R23",
        "secure_renegotiation": "R22",
    }
    assert grade_of(behaving(**{name: SILENT}), numbers[name]) == SILENT


def test_a_question_that_does_not_arise_departs_from_nothing():
    only_tls13 = behaving(extended_master_secret=None, secure_renegotiation=None, downgrade_sentinel=None)
    assert grade_of(only_tls13, "R14") is R
    assert grade_of(only_tls13, "R22") is R
    assert "R18" not in grades(only_tls13)


@pytest.mark.parametrize("name", ["heartbeat", "truncated_hmac", "client_certificate_url"])
def test_unwanted_extensions(name):
    graded = grades(behaving(extensions=("server_name", name)))["R16"]
    assert (graded.grade, graded.named) == (F, (name,))


def test_what_most_servers_answer_is_no_unwanted_extension():
    assert grade_of(behaving(extensions=("ec_point_formats", "max_fragment_length")), "R16") is R


def test_the_absence_of_an_extension_means_nothing_when_it_was_not_offered():
    assert isinstance(grade_of(behaving(extensions_probed=()), "R16"), Unknown)


def test_vulnerabilities():
    assert grade_of(replace(SOUND, source="merged"), "R2") == Unknown("tool_failed")
    clean = replace(SOUND, vulnerabilities=(Vulnerability("heartbleed", False), Vulnerability("robot", False)))
    assert grade_of(clean, "R2") is R
    bad = replace(SOUND, vulnerabilities=(Vulnerability("heartbleed", True), Vulnerability("robot", SILENT)))
    assert grades(bad)["R2"].named == ("heartbleed",)
    assert grade_of(replace(SOUND, vulnerabilities=(Vulnerability("robot", SILENT),)), "R2") == SILENT


def test_client_renegotiation_is_told_apart():
    graded = grades(replace(SOUND, vulnerabilities=(Vulnerability("client_renegotiation", True),)))["R22"]
    assert (graded.grade, graded.detail) == (D, "client_renegotiation")
    assert grade_of(replace(SOUND, vulnerabilities=(Vulnerability("client_renegotiation", False),)), "R22") is R


def test_resumption_by_identifier_alone():
    assert grades(behaving(resumption_by_id=True, resumption_by_ticket=False))["R21-"].named == ("session_id",)
    assert grade_of(behaving(resumption_by_id=False, resumption_by_ticket=False), "R21-") is R
    assert "R21-" not in grades(behaving(resumption_by_id=SILENT))


def test_unfinished_names_the_version():
    assert unfinished(SOUND) is None
    assert (
        unfinished(with_version(SOUND, version(T12, True, *SOUND_12, coverage="partial"))).detail == "suites of TLSv1.2"
    )


def test_unknown_facts_give_no_good_grade_at_all():
    from pgssi_probe.tls.facts import unreachable

    gone = unreachable("h", "a", 1, "clienthello", SILENT, 1)
    good = {number for number, item in grades(gone).items() if item.grade in (R, A)}
    assert good <= {"R13", "R15"}
