"""The fast pass against servers made of bytes: refusals, silences, nonsense, and features no real server here has."""

import os
import time

import pytest
from fake_tls import CLOSE, RESET, SILENCE, alert, ecdhe, flight, server_hello, serving
from tls_pki import issue

from pgssi_probe.tls import clienthello
from pgssi_probe.tls.asking import RESERVE, Limits
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.names import Version

RSA_AES = 0x002F
ECDHE_GCM = 0xC02F
GOOD = {23: b"", 0xFF01: b"\x00"}
HANDSHAKE_FAILURE, PROTOCOL_VERSION = 40, 70
CHAIN = issue().der


def only_tls12(offer, *, suites=(ECDHE_GCM, RSA_AES), extensions=GOOD, **hello):
    """A tidy TLS 1.2 server with two suites, in its own order."""
    if offer is None or offer.highest != Version.TLS_1_2:
        return alert(PROTOCOL_VERSION)
    chosen = next((suite for suite in suites if suite in offer.suites), None)
    if chosen is None:
        return alert(HANDSHAKE_FAILURE)
    group = next((group for group in offer.groups if group in (23, 29)), None)
    if chosen == ECDHE_GCM and group is None:
        return alert(HANDSHAKE_FAILURE)
    exchange = ecdhe(group) if chosen == ECDHE_GCM else b""
    if 15 in extensions and 15 not in offer.extensions:
        extensions = {number: value for number, value in extensions.items() if number != 15}
    return flight(server_hello(0x0303, chosen, extensions=extensions, **hello), chain=CHAIN, exchange=exchange)


async def test_a_tidy_server_is_known_entirely(hellos):
    async with serving(only_tls12) as port:
        facts = await hellos(port)
    tls12 = facts.of(Version.TLS_1_2)
    assert facts.reachable is True
    assert [suite.id for suite in tls12.suites] == [ECDHE_GCM, RSA_AES]
    assert (tls12.coverage, tls12.server_order) == ("every_suite", True)
    assert {version.label for version in Version if facts.of(version).accepted is False} == {
        "TLSv1.3",
        "TLSv1.1",
        "TLSv1.0",
        "SSLv3",
        "SSLv2",
    }
    assert facts.of(Version.TLS_1_1).how == "protocol_version"
    assert [group.name for group in facts.groups_of(Version.TLS_1_2).groups] == ["x25519", "secp256r1"]
    assert facts.chains[0].der == CHAIN
    assert facts.behaviour.extended_master_secret is True
    assert facts.behaviour.secure_renegotiation is True
    assert facts.behaviour.encrypt_then_mac is False
    assert facts.behaviour.compression is False
    assert facts.connections <= 40


async def test_a_client_order_is_recognised(hellos):
    def follow(offer):
        known = [suite for suite in offer.suites if suite in (ECDHE_GCM, RSA_AES)] if offer else []
        return only_tls12(offer, suites=known)

    async with serving(follow) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_2).server_order is False


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"extensions": {0xFF01: b"\x00"}}, "extended_master_secret", False),
        ({"extensions": {23: b""}}, "secure_renegotiation", False),
        ({"compression": 1}, "compression", True),
        ({"extensions": {**GOOD, 22: b""}}, "encrypt_then_mac", True),
        ({"extensions": {**GOOD, 20: b"\x02"}}, "raw_public_key", True),
        ({"random": b"R" * 32}, "random_repeats", True),
    ],
)
async def test_a_feature_is_seen(hellos, options, name, value):
    async with serving(lambda offer: only_tls12(offer, **options)) as port:
        facts = await hellos(port)
    assert getattr(facts.behaviour, name) is value


async def test_a_random_that_tells_the_time_is_seen(hellos):
    def clock(offer):
        stamp = int(time.time()).to_bytes(4, "big")
        return only_tls12(offer, random=stamp + os.urandom(28))

    async with serving(clock) as port:
        facts = await hellos(port)
    assert facts.behaviour.random_follows_clock is True


async def test_heartbeat_is_seen_only_when_asked_for(hellos):
    async with serving(lambda offer: only_tls12(offer, extensions={**GOOD, 15: b"\x01"})) as port:
        facts = await hellos(port)
    assert "heartbeat" in facts.behaviour.extensions
    async with serving(only_tls12) as port:
        facts = await hellos(port)
    assert "heartbeat" not in facts.behaviour.extensions
    assert "heartbeat" in facts.behaviour.extensions_probed


async def test_a_weak_signature_is_seen_and_one_that_is_refused_is_not(hellos):
    def sha1(offer):
        if offer and offer.schemes and offer.suites == (ECDHE_GCM,) and 0x0401 not in offer.schemes:
            if 0x0201 not in offer.schemes:
                return alert(HANDSHAKE_FAILURE)
            return flight(server_hello(0x0303, ECDHE_GCM, extensions=GOOD), exchange=ecdhe(23, 0x0201))
        return only_tls12(offer)

    async with serving(sha1) as port:
        assert (await hellos(port)).weak_signatures == ("rsa_pkcs1_sha1",)
    async with serving(only_tls12) as port:  # signs with SHA-256 whatever is asked
        assert (await hellos(port)).weak_signatures == ()


async def test_ssl2_is_seen(hellos):
    from test_sslv2 import answer

    async with serving(lambda offer: answer() if offer is None else only_tls12(offer)) as port:
        facts = await hellos(port)
    assert facts.of(Version.SSL_2).accepted is True
    assert facts.of(Version.SSL_2).suites[0].name == "SSL_CK_RC4_128_WITH_MD5"


async def test_a_server_that_refuses_by_closing_is_believed_while_it_still_answers(hellos):
    def closing(offer):
        said = only_tls12(offer)
        return CLOSE if said[:1] == b"\x15" else said

    async with serving(closing) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_2).accepted is True
    assert facts.of(Version.TLS_1_0).accepted is False
    assert facts.of(Version.TLS_1_0).how == "closed"
    assert facts.of(Version.TLS_1_2).coverage == "every_suite"


async def test_a_server_that_refuses_by_resetting_is_believed_while_it_still_answers(hellos):
    async with serving(lambda offer: RESET if offer is None or offer.highest != 0x303 else only_tls12(offer)) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_1).accepted is False
    assert facts.of(Version.SSL_2).accepted is False


@pytest.mark.parametrize("how", [SILENCE, CLOSE, RESET])
@pytest.mark.parametrize("after", [2, 5, 9])
async def test_a_server_that_stops_midway_is_never_called_clean(hellos, how, after):
    async with serving(lambda offer: only_tls12(offer) if (offer and offer.count <= after) else how) as port:
        facts = await hellos(port, answer_timeout=0.1)
    assert facts.reachable is True
    tls12 = facts.of(Version.TLS_1_2)
    assert tls12.accepted is True
    doubtful = [version for version in facts.versions if isinstance(version.accepted, Unknown)]
    assert doubtful or tls12.coverage == "partial"
    assert isinstance(facts.of(Version.SSL_2).accepted, Unknown)
    for version in facts.versions:
        # What was refused before the server fell silent stays refused; nothing is refused after.
        assert version.accepted is not False or version.how == "protocol_version"


async def test_refusals_after_the_last_answer_of_a_server_that_left_are_doubted(hellos):
    # It answers, then turns every hello down by an alert (a ban), the good ones included.
    async with serving(
        lambda offer: only_tls12(offer) if offer and offer.count <= 4 else alert(PROTOCOL_VERSION)
    ) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_2).coverage == "partial"
    assert facts.of(Version.SSL_3).accepted == Unknown("stopped_answering")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not_tls"),
        (bytes(64), "not_tls"),
        (b"\x16\x03\x03\xff\xff" + bytes(500), "not_tls"),
        (b"\x16\x03\x03\x00\x05\x0b\xff\xff\xffx", "malformed"),
        (b"\x16\x03\x03\x00\x08\x02\x00\x00\x04abcd", "malformed"),
        (SILENCE, "no_answer"),
        (CLOSE, "no_answer"),
        (RESET, "no_answer"),
    ],
)
async def test_nonsense_and_silence_conclude_nothing(hellos, said, reason):
    async with serving(lambda _: said) as port:
        facts = await hellos(port, answer_timeout=0.1)
    assert isinstance(facts.reachable, Unknown)
    assert facts.reachable.reason == reason
    assert all(isinstance(version.accepted, Unknown) for version in facts.versions)
    assert facts.connections <= 4


async def test_alerts_alone_mean_that_every_version_is_refused_and_nothing_is_reachable(hellos):
    async with serving(lambda _: alert(HANDSHAKE_FAILURE)) as port:
        facts = await hellos(port)
    assert facts.reachable == Unknown("refused")
    assert all(isinstance(version.accepted, Unknown) for version in facts.versions)


async def test_a_closed_port_is_not_reachable(hellos, unused_tcp_port_of_ours):
    facts = await hellos(unused_tcp_port_of_ours)
    assert facts.reachable == Unknown("not_reachable")
    assert facts.connections == 2


@pytest.fixture
def unused_tcp_port_of_ours():
    from tls_servers import free_port

    return free_port()


async def test_a_flight_in_tiny_fragments_is_read(hellos):
    def crumbs(offer):
        said = only_tls12(offer)
        if said[0] != 22:
            return said
        body = said[5:]
        return b"".join(
            b"\x16\x03\x03\x00\x07" + body[at : at + 7] for at in range(0, len(body) - len(body) % 7, 7)
        ) + (
            b"\x16\x03\x03" + (len(body) % 7).to_bytes(2, "big") + body[len(body) - len(body) % 7 :]
            if len(body) % 7
            else b""
        )

    async with serving(crumbs) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_2).coverage == "every_suite"


async def test_the_budget_is_kept_and_said(hellos):
    everything = tuple(suite.id for suite in clienthello.offers(Version.TLS_1_2)[0])

    def greedy(offer):
        return only_tls12(offer, suites=[suite for suite in everything if offer and suite in offer.suites])

    async with serving(greedy) as port:
        facts = await hellos(port, connections=40)
    assert facts.connections <= 40
    assert facts.of(Version.TLS_1_2).coverage == "partial"
    assert RESERVE < 40


async def test_the_deadline_is_kept_and_said(hellos):
    async with serving(lambda offer: only_tls12(offer) if offer and offer.count <= 3 else SILENCE) as port:
        began = time.monotonic()
        facts = await hellos(port, answer_timeout=5.0, total_time=0.4)
    assert time.monotonic() - began < 3
    assert isinstance(facts.of(Version.SSL_2).accepted, Unknown)


async def test_a_server_that_stumbles_over_an_unusual_offer_is_asked_in_plain_words(hellos):
    def picky(offer):
        if offer and offer.highest == 0x0303 and len(offer.schemes) > 8:
            return CLOSE
        if offer and offer.highest == 0x0302:  # what makes it known to be alive
            return flight(server_hello(0x0302, RSA_AES, extensions=GOOD), chain=CHAIN, version=0x0302)
        return only_tls12(offer)

    async with serving(picky) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_2).accepted is True


async def test_a_suite_that_was_not_offered_is_no_answer(hellos):
    async with serving(lambda _: flight(server_hello(0x0303, 0x1234))) as port:
        facts = await hellos(port)
    assert facts.reachable is not True


async def test_another_version_is_a_refusal(hellos):
    async with serving(lambda _: flight(server_hello(0x0301, RSA_AES, extensions=GOOD))) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_0).accepted is True
    assert facts.of(Version.TLS_1_2).how == "other_version"


async def test_exceptions_that_are_not_of_the_network_are_not_swallowed():
    async def broken(_host, _port):
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        await clienthello.collect(broken, "localhost", 1, server_name=None, limits=Limits())


async def test_a_server_that_is_away_for_a_while_is_not_believed_to_refuse(hellos):
    # It speaks TLS 1.1 too, but drops everything from the third to the eighth connection.
    def away(offer):
        if offer and 3 <= offer.count <= 8:
            return CLOSE
        if offer and offer.highest == Version.TLS_1_1 and RSA_AES in offer.suites:
            return flight(server_hello(0x0302, RSA_AES, extensions=GOOD), chain=CHAIN, version=0x0302)
        return only_tls12(offer)

    async with serving(away) as port:
        facts = await hellos(port)
    assert facts.of(Version.TLS_1_1).accepted is not False
