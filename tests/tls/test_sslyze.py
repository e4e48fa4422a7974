"""sslyze in its process: the same facts as the hellos, and no clean bill for a server that leaves."""

import asyncio
import contextlib
import json
import time

import pytest
import tls_servers
from fake_tls import CLOSE, SILENCE, connect, leaving, serving
from test_clienthello import only_tls12

from pgssi_probe.tls import sslyze_convert, sslyze_pass
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.merge import merge
from pgssi_probe.tls.names import NEWEST_FIRST, Version
from pgssi_probe.tls.sslyze_pass import COMMANDS, SslyzeLimits
from pgssi_probe.tls.sslyze_results import is_incomplete, raw_command
from pgssi_probe.tls.sslyze_worker import NotPinned, _Door, better

FAST = SslyzeLimits(rate=None)


async def scan(port, *, limits=FAST, commands=COMMANDS, **options):
    return await sslyze_pass.collect(
        connect, "localhost", "127.0.0.1", port, server_name="localhost", limits=limits, commands=commands, **options
    )


@pytest.mark.tools
async def test_sslyze_and_the_hellos_agree_on_a_server_that_accepts_everything(pki, examine):
    options = {"protocols": "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", "ciphers": "ALL:COMPLEMENTOFALL:@SECLEVEL=0"}
    with tls_servers.nginx(pki.folder, [pki.rsa], **options) as port:
        hello = await examine(port, ca_file=pki.ca_file)
        full = await scan(port, ca_file=pki.ca_file)
    merged = merge(hello, full)
    assert merged.disagreements == ()
    assert full.connections <= sslyze_pass.CONNECTIONS
    assert {item.name: item.present for item in full.vulnerabilities} == {
        "heartbleed": False,
        "ccs_injection": False,
        "client_renegotiation": False,
        "robot": False,
    }
    assert merged.facts.of(Version.TLS_1_0).coverage == "every_suite"
    assert full.behaviour.resumption_by_ticket is True


@pytest.mark.tools
async def test_what_sslyze_cannot_see_is_no_contradiction(pki, examine):
    with tls_servers.modern(pki.folder, *pki.ec, groups="X25519MLKEM768:X25519:P-256") as port:
        merged = merge(await examine(port), await scan(port, commands=sslyze_pass.ENUMERATION))
    assert merged.disagreements == ()
    assert merged.facts.groups_of(Version.TLS_1_3).groups[0].name == "X25519MLKEM768"


@pytest.mark.tools
async def test_suites_that_sslyze_misses_on_x25519_alone_are_kept_and_said(pki, examine):
    # Its OpenSSL 1.0.2 knows no X25519, so that it believes these suites of TLS 1.2 refused.
    with tls_servers.modern(pki.folder, *pki.ec, groups="X25519", max=0x0303) as port:
        merged = merge(await examine(port), await scan(port, commands=("tls_1_2_cipher_suites",)))
    assert merged.disagreements
    assert {(item.clienthello, item.sslyze) for item in merged.disagreements} == {("accepted", "refused")}
    assert len(merged.facts.of(Version.TLS_1_2).suites) == 7


@pytest.mark.tools
async def test_an_ed25519_server_keeps_its_suites(pki, examine):
    with tls_servers.openssl(pki.folder, *pki.ed25519) as port:
        full = await scan(port, commands=("tls_1_2_cipher_suites", "tls_1_3_cipher_suites"))
        merged = merge(await examine(port), full)
    found = {suite.name for suite in merged.facts.of(Version.TLS_1_2).suites}
    assert "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" in found


async def test_a_silent_server_costs_a_few_hellos_and_no_process():
    async with serving(lambda _: SILENCE) as port:
        began = time.monotonic()
        facts = await scan(port, limits=SslyzeLimits(answer_timeout=0.1))
    assert time.monotonic() - began < 2
    assert facts.reachable == Unknown("no_answer")
    assert facts.vulnerabilities == ()


async def test_a_server_that_holds_on_is_left_at_the_deadline():
    async with serving(lambda offer: only_tls12(offer) if offer and offer.count <= 3 else SILENCE) as port:
        began = time.monotonic()
        facts = await scan(port, limits=SslyzeLimits(deadline=1.0))
    assert time.monotonic() - began < 4
    assert facts.reachable == Unknown("deadline")


@pytest.mark.tools
@pytest.mark.parametrize("how", [SILENCE, CLOSE])
async def test_a_server_that_leaves_midway_is_never_called_clean(pki, how):
    # sslyze counts both a time-out and a dropped connection as a refused suite.
    limits = SslyzeLimits(deadline=5, answer_timeout=1, retries=1, rate=None)
    commands = ("tls_1_0_cipher_suites", "tls_1_2_cipher_suites", "heartbleed", "tls_compression")
    with tls_servers.nginx(pki.folder, [pki.ec], protocols="TLSv1.2") as upstream:
        async with leaving(upstream, 100, how) as port:
            facts = await scan(port, limits=limits, commands=commands)
        async with leaving(upstream, 10_000, how) as port:
            whole = await scan(port, limits=limits, commands=commands)
    assert isinstance(facts.reachable, Unknown)
    assert not [version for version in facts.versions if version.accepted is False]
    assert not [item for item in facts.vulnerabilities if item.present is False]
    assert whole.of(Version.TLS_1_0).accepted is False
    assert whole.of(Version.TLS_1_2).coverage == "every_suite"


async def test_the_worker_is_gone_after_the_deadline():
    started = []
    real = asyncio.create_subprocess_exec

    async def spy(*arguments, **options):
        started.append(await real(*arguments, **options))
        return started[-1]

    asyncio.create_subprocess_exec = spy
    try:
        async with serving(lambda offer: only_tls12(offer) if offer and offer.count <= 3 else SILENCE) as port:
            await scan(port, limits=SslyzeLimits(deadline=0.5))
    finally:
        asyncio.create_subprocess_exec = real
    assert [process.returncode for process in started] == [-9]


@pytest.mark.parametrize(
    ("output", "detail"),
    [("", "no answer"), ("[]", "no answer"), ('{"error": "KeyError"}', "KeyError"), ('{"facts": {}}', "no facts")],
)
async def test_a_worker_that_talks_nonsense_is_unknown(monkeypatch, output, detail):
    async def said(*_):
        try:
            value = json.loads(output)
        except ValueError:
            return Unknown("tool_failed", "no answer")
        return value if isinstance(value, dict) else Unknown("tool_failed", "no answer")

    monkeypatch.setattr(sslyze_pass, "run_worker", said)
    async with serving(only_tls12) as port:
        facts = await scan(port)
    assert facts.reachable == Unknown("tool_failed", detail)


async def test_the_worker_has_none_of_our_secrets(monkeypatch):
    monkeypatch.setenv("PGSSI_SECRET", "s3cret")
    assert "PGSSI_SECRET" not in sslyze_pass._environment()
    assert "PATH" in sslyze_pass._environment()


# What the worker keeps of sslyze's results.
GOOD, BAD = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_RC4_128_SHA"
FAILED = {"status": "ERROR", "reason": "connectivity_issue"}


def completed(**result):
    return {"status": "COMPLETED", "result": result}


def suites(accepted=(), rejected=(), timed_out=0):
    return completed(accepted=[[n, None] for n in accepted], rejected=list(rejected), timed_out=timed_out, closed=False)


def scanned(highest=Version.TLS_1_2, **commands):
    found = {command: suites(rejected=(BAD,)) for command in sslyze_convert.SUITE_COMMANDS.values()}
    found["tls_1_2_cipher_suites"] = suites((GOOD,), (BAD,))
    return sslyze_convert.Scan({**found, **commands}, highest)


def facts_of(scan_):
    return sslyze_convert.endpoint_facts(scan_, host="h", address="a", port=1, connections=1)


@pytest.mark.parametrize("version", NEWEST_FIRST)
def test_the_names_of_sslyze_are_ours(version):
    from sslyze.server_connectivity import TlsVersionEnum

    names = {
        member.name: sslyze_convert.Scan.of({"commands": {}, "highest": member.name}).highest
        for member in TlsVersionEnum
    }
    assert version in names.values()
    assert len(set(names.values())) == len(TlsVersionEnum) == 6


def test_time_outs_are_no_rejections():
    found = facts_of(scanned(tls_1_0_cipher_suites=suites(rejected=(BAD,), timed_out=1)))
    assert found.of(Version.TLS_1_0).accepted == Unknown("no_answer", "1 time-outs")
    assert found.of(Version.TLS_1_1).accepted is False
    partly = facts_of(scanned(tls_1_2_cipher_suites=suites((GOOD,), (BAD,), 1)))
    assert partly.of(Version.TLS_1_2).coverage == "partial"


def test_a_highest_version_without_a_suite_makes_every_refusal_doubtful():
    found = facts_of(scanned(tls_1_2_cipher_suites=suites(rejected=(GOOD, BAD))))
    assert all(isinstance(found.of(version).accepted, Unknown) for version in NEWEST_FIRST)


def test_a_failed_command_is_unknown():
    broken = scanned(ssl_3_0_cipher_suites=FAILED, robot=FAILED)
    assert facts_of(broken).of(Version.SSL_3).accepted == Unknown("tool_failed", "connectivity_issue")
    assert facts_of(broken).vulnerabilities[0].present == Unknown("tool_failed", "connectivity_issue")


def test_what_is_worth_a_second_attempt_and_what_it_is_worth():
    assert is_incomplete(FAILED)
    assert is_incomplete(suites(rejected=(BAD,), timed_out=1))
    assert not is_incomplete(suites((GOOD,)))
    assert not is_incomplete({"status": "NOT_SCHEDULED", "reason": ""})
    silent, whole = suites(rejected=(BAD,), timed_out=1), suites((GOOD,))
    assert better({"a": FAILED, "b": silent}, {"a": whole, "b": whole}) == {"a": whole, "b": whole}
    assert better({"a": FAILED, "b": silent}, {"a": FAILED, "b": FAILED}) == {"a": FAILED}


def test_commands_that_were_not_asked_are_not_measured():
    found = facts_of(scanned())
    assert found.behaviour.compression == Unknown("not_measured")
    assert found.vulnerabilities == ()


def test_primes():
    dhe = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"
    seen = completed(accepted=[[dhe, f"{(1 << 1023) + 3:x}"]], rejected=[], timed_out=0, closed=False)
    assert [prime.bits for prime in facts_of(scanned(tls_1_2_cipher_suites=seen)).dh_primes] == [1024]
    assert isinstance(facts_of(scanned(tls_1_2_cipher_suites=suites((dhe,)))).dh_primes, Unknown)


@pytest.mark.parametrize(
    ("said", "present", "detail"),
    [
        ("VULNERABLE_STRONG_ORACLE", True, "strong"),
        ("VULNERABLE_WEAK_ORACLE", True, "weak"),
        ("NOT_VULNERABLE_NO_ORACLE", False, ""),
        ("NOT_VULNERABLE_RSA_NOT_SUPPORTED", False, "no_rsa"),
        ("UNKNOWN_INCONSISTENT_RESULTS", None, ""),
    ],
)
def test_robot(said, present, detail):
    found = facts_of(scanned(robot=completed(robot_result=said))).vulnerabilities[0]
    if present is None:
        assert isinstance(found.present, Unknown)
    else:
        assert (found.present, found.detail) == (present, detail)


def test_heartbleed_is_found_and_its_absence_in_tls13_is_marked_as_implied():
    yes = scanned(heartbleed=completed(is_vulnerable_to_heartbleed=True))
    assert facts_of(yes).vulnerabilities[0].present is True
    no = scanned(Version.TLS_1_3, heartbleed=completed(is_vulnerable_to_heartbleed=False))
    assert facts_of(no).vulnerabilities[0].detail == "implied by TLS 1.3"


def test_result_objects_are_read_as_sslyze_makes_them():
    from sslyze.plugins.heartbleed_plugin import HeartbleedScanResult
    from sslyze.plugins.robot.implementation import RobotScanResult, RobotScanResultEnum
    from sslyze.scanner.scan_command_attempt import ScanCommandAttempt, ScanCommandAttemptStatusEnum

    def attempt(result):
        return ScanCommandAttempt(ScanCommandAttemptStatusEnum.COMPLETED, None, None, result)

    robot = raw_command("robot", attempt(RobotScanResult(RobotScanResultEnum.NOT_VULNERABLE_NO_ORACLE)))
    assert robot == completed(robot_result="NOT_VULNERABLE_NO_ORACLE")
    bleeding = raw_command("heartbleed", attempt(HeartbleedScanResult(True)))
    assert bleeding == completed(is_vulnerable_to_heartbleed=True)
    assert json.dumps([robot, bleeding])


def test_suites_are_read_as_sslyze_makes_them():
    from sslyze.plugins.openssl_cipher_suites._test_cipher_suite import (
        CipherSuiteAcceptedByServer,
        CipherSuiteRejectedByServer,
    )
    from sslyze.plugins.openssl_cipher_suites.cipher_suites import CipherSuite
    from sslyze.plugins.openssl_cipher_suites.implementation import CipherSuitesScanResult
    from sslyze.scanner.scan_command_attempt import ScanCommandAttempt, ScanCommandAttemptStatusEnum
    from sslyze.server_connectivity import TlsVersionEnum

    good = CipherSuiteAcceptedByServer(CipherSuite(GOOD, False, 128, "x"), None)
    late = CipherSuiteRejectedByServer(
        CipherSuite(BAD, False, 128, "y"), "Connection to server timed out during the TLS handshake"
    )
    result = CipherSuitesScanResult(TlsVersionEnum.TLS_1_2, [good], [late])
    attempt = ScanCommandAttempt(ScanCommandAttemptStatusEnum.COMPLETED, None, None, result)
    assert raw_command("tls_1_2_cipher_suites", attempt) == suites((GOOD,), (BAD,), 1)


def test_the_door_opens_to_one_address_only():
    door = _Door("127.0.0.1", 1, 2, None)
    with pytest.raises(NotPinned):
        door.create_connection(("127.0.0.2", 1))
    with pytest.raises(NotPinned):
        door.create_connection(("127.0.0.1", 2))
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            door.create_connection(("127.0.0.1", 1))
    with pytest.raises(NotPinned):
        door.create_connection(("127.0.0.1", 1))


def test_the_door_lets_so_many_through_a_second():
    door = _Door("127.0.0.1", 1, 100, 100.0)
    began = time.monotonic()
    for _ in range(45):
        with contextlib.suppress(ConnectionRefusedError):
            door.create_connection(("127.0.0.1", 1))
    assert 0.15 < time.monotonic() - began < 2
