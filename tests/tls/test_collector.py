"""The collections through the real gate: every connection passes the scope guard, the governor and the journal."""

import json

import pytest
import tls_servers
from fake_tls import SILENCE, serving
from gathering import as_fast_as_it_goes, gathered

from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.governor import Limits
from pgssi_probe.tls import sslyze_pass
from pgssi_probe.tls.collector import TLS, TLS_FULL, TlsEndpoints, gather_hellos, server_name
from pgssi_probe.tls.facts import Unknown
from pgssi_probe.tls.names import Version


@pytest.mark.tools
async def test_each_connection_is_in_the_journal(pki, tmp_path):
    with tls_servers.nginx(pki.folder, [pki.ec]) as port:
        found, _ = await gathered(f"https://127.0.0.1:{port}/", tmp_path, ca_file=str(pki.ca_file))
    facts = found.endpoints[0]
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert sum('"connection"' in json.dumps(line) for line in lines) == facts.connections
    assert (found.addresses, facts.address) == (1, "127.0.0.1")
    assert facts.connections <= 120
    assert facts.accepted_versions() == (Version.TLS_1_3, Version.TLS_1_2)


@pytest.mark.tools
async def test_sslyze_is_reserved_and_merged(pki, tmp_path, monkeypatch):
    monkeypatch.setattr(sslyze_pass, "SslyzeLimits", as_fast_as_it_goes)
    with tls_servers.nginx(pki.folder, [pki.ec], ciphers="ECDHE+AESGCM") as port:
        found, _ = await gathered(f"https://127.0.0.1:{port}/", tmp_path, TLS_FULL)
    assert found.endpoints[0].source == "merged"
    assert found.disagreements_at("127.0.0.1") == ()
    assert {item.name for item in found.endpoints[0].vulnerabilities} >= {"heartbleed", "robot"}
    assert '"reservation"' in (tmp_path / "journal.jsonl").read_text()


@pytest.mark.tools
async def test_without_budget_sslyze_is_left_out_and_said(pki, tmp_path):
    with tls_servers.nginx(pki.folder, [pki.ec]) as port:
        limits = Limits(connect_rate=10_000, connect_burst=1000, max_connections=300)
        found, _ = await gathered(f"https://127.0.0.1:{port}/", tmp_path, TLS_FULL, limits=limits)
    assert found.endpoints[0].vulnerabilities == ()
    assert found.endpoints[0].of(Version.TLS_1_2).accepted is True


async def test_what_is_out_of_the_scope_is_not_touched(tmp_path):
    hits = []
    async with serving(lambda offer: hits.append(offer)) as port:
        found, _ = await gathered(f"https://127.0.0.1:{port}/", tmp_path, scope="https://127.0.0.1:1/")
    assert found.reason is Reason.OUT_OF_SCOPE
    assert hits == []


async def test_a_plain_target_has_no_tls(tmp_path):
    found, _ = await gathered("http://127.0.0.1:8/", tmp_path)
    assert found.reason is Reason.NOT_HTTPS


async def test_a_spent_budget_is_unknown(tmp_path):
    async with serving(lambda _: SILENCE) as port:
        found, _ = await gathered(f"https://127.0.0.1:{port}/", tmp_path, most=0)
    assert isinstance(found.endpoints[0].reachable, Unknown)


def test_server_names():
    assert server_name("hôpital.example") == "xn--hpital-ixa.example"
    assert server_name("192.0.2.1") is None
    assert server_name("2001:db8::1") is None
    assert server_name("a" * 70 + ".example") is None


def test_labels_name_the_address_when_there_are_several():
    from sample_facts import SOUND

    assert TlsEndpoints("portal.example", 443, 1).label(SOUND) == "portal.example:443"
    assert TlsEndpoints("portal.example", 443, 2).label(SOUND) == "portal.example:443 (192.0.2.1)"
    assert TlsEndpoints("2001:db8::1", 443, 1).label(SOUND) == "[2001:db8::1]:443"
    assert gather_hellos is TLS.gather
