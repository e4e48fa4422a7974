from dataclasses import replace

from sample_facts import SOUND, SOUND_12, T12, T13, behaving, groups, suites, version, with_suites, with_version

from pgssi_probe.tls.facts import DhPrime, SentChain, TrustFacts, Unknown, Vulnerability, unreachable
from pgssi_probe.tls.merge import Disagreement, merge
from pgssi_probe.tls.names import Version

FULL = replace(SOUND, source="sslyze", connections=600)
SILENT = Unknown("tool_failed")
NOTHING = unreachable("portal.example", "192.0.2.1", 443, "sslyze", SILENT, 0)


def test_two_that_agree():
    merged = merge(SOUND, FULL)
    assert merged.disagreements == ()
    assert merged.facts == replace(SOUND, source="merged", connections=640)


def test_a_collector_that_failed_changes_nothing():
    merged = merge(SOUND, NOTHING)
    assert merged.disagreements == ()
    assert merged.facts.versions == SOUND.versions
    assert merged.facts.behaviour == SOUND.behaviour
    assert merge(NOTHING, FULL).facts.versions == FULL.versions


def test_an_acceptance_beats_a_refusal_and_is_said():
    old = version(Version.TLS_1_0, True, *suites("TLS_RSA_WITH_AES_128_CBC_SHA"))
    merged = merge(SOUND, with_version(FULL, old))
    assert merged.facts.of(Version.TLS_1_0).accepted is True
    assert merged.disagreements == (Disagreement("TLSv1.0", "refused", "accepted"),)
    other = merge(with_version(SOUND, old), FULL)
    assert other.facts.of(Version.TLS_1_0).accepted is True
    assert other.disagreements == (Disagreement("TLSv1.0", "accepted", "refused"),)


def test_known_beats_unknown_without_a_word():
    merged = merge(with_version(SOUND, version(Version.SSL_3, SILENT)), FULL)
    assert merged.facts.of(Version.SSL_3).accepted is False
    assert merged.disagreements == ()


def test_a_suite_that_only_sslyze_found_is_kept_and_said():
    name = "TLS_RSA_WITH_AES_128_CBC_SHA"
    merged = merge(SOUND, replace(with_suites(name), source="sslyze"))
    assert name in {suite.name for suite in merged.facts.of(T12).suites}
    assert merged.disagreements == (Disagreement(f"TLSv1.2 {name}", "refused", "accepted"),)


def test_a_suite_that_sslyze_refused_is_said_and_one_that_it_never_asked_is_not():
    name = "TLS_RSA_WITH_AES_128_CBC_SHA"
    hello = with_suites(name)
    asked = with_version(FULL, version(T12, True, *SOUND_12, refused_ids=(0x002F,)))
    assert merge(hello, asked).disagreements == (Disagreement(f"TLSv1.2 {name}", "accepted", "refused"),)
    assert merge(hello, FULL).disagreements == ()


def test_a_short_enumeration_is_completed_without_a_word():
    short = version(Version.TLS_1_0, True, *suites("TLS_RSA_WITH_AES_128_CBC_SHA"), coverage="every_weakness")
    long = version(Version.TLS_1_0, True, *suites("TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"))
    merged = merge(with_version(SOUND, short), with_version(FULL, long))
    assert merged.disagreements == ()
    assert merged.facts.of(Version.TLS_1_0).coverage == "every_suite"
    assert len(merged.facts.of(Version.TLS_1_0).suites) == 2
    weaker = version(Version.TLS_1_0, True, *suites("TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_RC4_128_MD5"))
    assert merge(with_version(SOUND, short), with_version(FULL, weaker)).disagreements


def test_hybrids_are_beyond_sslyze_and_no_contradiction():
    hello = replace(SOUND, groups=(groups(T13, 0x11EC, 23, 29), groups(T12, 23, 29)))
    merged = merge(hello, FULL)
    assert merged.disagreements == ()
    assert merged.facts.groups_of(T13).groups[0].name == "X25519MLKEM768"


def test_a_curve_seen_by_one_only_is_said():
    more = replace(FULL, groups=(groups(T13, 23, 29, 24),))
    assert merge(SOUND, more).disagreements == (Disagreement("TLSv1.3 secp384r1", "refused", "accepted"),)
    less = replace(FULL, groups=(groups(T13, 23),))
    assert merge(SOUND, less).disagreements == (Disagreement("TLSv1.3 x25519", "accepted", "refused"),)
    unsure = replace(FULL, groups=(groups(T13, 23, complete=False),))
    assert merge(SOUND, unsure).disagreements == ()


def test_the_worse_of_two_answers_about_a_feature_is_kept():
    for name, bad in (("compression", True), ("extended_master_secret", False), ("early_data", 1)):
        spoilt = replace(behaving(**{name: bad}), source="sslyze")
        for first, second in ((SOUND, spoilt), (replace(spoilt, source="clienthello"), FULL)):
            merged = merge(first, second)
            assert bool(getattr(merged.facts.behaviour, name)) is bool(bad)
            assert [item.subject for item in merged.disagreements] == [name]


def test_a_question_that_does_not_arise_for_one_is_no_contradiction():
    assert merge(behaving(secure_renegotiation=None), FULL).disagreements == ()


def test_lists_are_united_and_openssl_speaks_first():
    hello = replace(
        SOUND,
        dh_primes=(DhPrime(2048, "ffdhe2048"),),
        chains=(SentChain((b"a",), (T12,)),),
        trust=(TrustFacts("declared", 0, "ok"),),
    )
    full = replace(
        FULL,
        dh_primes=(DhPrime(1024, None),),
        chains=(SentChain((b"a",), ()), SentChain((b"b",), ())),
        trust=(TrustFacts("declared", 1, "refused by sslyze"),),
        vulnerabilities=(Vulnerability("robot", False),),
    )
    facts = merge(hello, full).facts
    assert facts.dh_primes == (DhPrime(1024, None), DhPrime(2048, "ffdhe2048"))
    assert [chain.der for chain in facts.chains] == [(b"a",), (b"b",)]
    assert facts.trust == hello.trust
    assert facts.vulnerabilities == full.vulnerabilities
    assert merge(replace(hello, dh_primes=SILENT), full).facts.dh_primes == full.dh_primes
