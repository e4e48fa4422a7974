"""Level B-T and B-LT: a real authority, and every way in which one can fail."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pgssi_probe.model.rendering import Indication, Revocation, SealError, Trust
from pgssi_reports.seal import CadesSeal
from pgssi_reports.seal.cades import sign_files
from pgssi_reports.seal.certificates import load_trusted
from pgssi_reports.seal.codes import Refusal, Why
from pgssi_reports.seal.keys import file_key
from pgssi_reports.seal.verify import verify_path

SEAL = CadesSeal()


def password() -> str:
    return "mot de passe éprouvé"


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=30, text=True)


@pytest.mark.parametrize("name", ["good", "rsa"])
def test_a_time_stamp_is_embedded_and_recognised(world, reports, name: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    said = SEAL.sign(reports, key=world.p12(), password=password, tsa=world.tsa(name))
    assert [file.level for file in said.files] == ["B-T", "B-T"]
    assert said.trouble is None
    file = SEAL.verify(reports[0], trust=world.trust).files[0]
    assert file.indication is Indication.TOTAL_PASSED
    assert file.level == "B-T"
    assert file.time_stamp.trust is Trust.TRUSTED
    assert before < file.time_stamp.time < datetime.now(UTC) + timedelta(seconds=2)
    assert "Horodatage" in file.time_stamp.authority.subject
    without = SEAL.verify(reports[0]).files[0]
    assert without.time_stamp.trust is Trust.NOT_CHECKED


def test_an_authority_that_is_not_trusted_is_said(world, authority, reports, tmp_path: Path) -> None:
    SEAL.sign(reports, key=authority.p12(tmp_path / "k.p12"), password=password, tsa=world.tsa())
    report = SEAL.verify(reports[0], trust=authority.trust_file(tmp_path / "root.pem"))
    assert report.accepted
    assert report.files[0].time_stamp.trust is Trust.UNTRUSTED


def test_a_trusted_time_outlives_the_certificate(world, authority, reports, tmp_path: Path) -> None:
    key = file_key(authority.p12(tmp_path / "k.p12"), password)
    sign_files(reports[:1], key, tsa=world.tsa())
    sign_files(reports[1:], key)
    later = datetime.now(UTC) + timedelta(days=60)
    both = [authority.root, *load_trusted(world.trust)]
    assert verify_path(reports[0], both, now=later).indication is Indication.TOTAL_PASSED
    assert verify_path(reports[0], [authority.root], now=later).files[0].why == Why.CERTIFICATE_EXPIRED
    assert verify_path(reports[1], both, now=later).files[0].why == Why.CERTIFICATE_EXPIRED


def test_nothing_is_asked_of_anybody_without_the_option(world, full_run, reports) -> None:
    world.asked.clear()
    SEAL.seal_run(full_run, reports, key=world.p12(), password=password, revocation=True)
    SEAL.verify(full_run, trust=world.trust)
    assert world.asked == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("refused", Refusal.TSA_REFUSED),
        ("broken", Refusal.TSA_HTTP),
        ("nowhere", Refusal.TSA_HTTP),
        ("garbage", Refusal.TSA_MALFORMED),
        ("endless", Refusal.TSA_MALFORMED),
        ("without-certificate", Refusal.TSA_MALFORMED),
        ("other-nonce", Refusal.TSA_OTHER_QUESTION),
        ("other-content", Refusal.TSA_OTHER_QUESTION),
        ("false-signature", Refusal.TSA_SIGNATURE),
        ("expired", Refusal.TSA_EXPIRED),
        ("other", Refusal.TSA_CERTIFICATE),
    ],
)
def test_a_failing_authority_takes_nothing_away(world, full_run, reports, name: str, code: Refusal) -> None:
    world.asked.clear()
    said = SEAL.seal_run(full_run, reports, tsa=world.tsa(name))
    assert said.trouble.code == code
    assert {file.level for file in said.files} == {"B-B"}
    assert SEAL.verify(full_run).intact
    assert len(world.asked) == 1  # an authority that failed is left alone
    for lang in ("fr", "en"):
        assert "—" not in SEAL.describe(said, lang)[-1]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:1/tsa", Refusal.TSA_UNREACHABLE),
        ("http://absent.invalid/tsa", Refusal.TSA_UNREACHABLE),
        ("ftp://horodatage.exemple.fr/", Refusal.TSA_ADDRESS),
        ("horodatage.exemple.fr", Refusal.TSA_ADDRESS),
        ("http://[::1", Refusal.TSA_ADDRESS),
    ],
)
def test_an_address_that_leads_nowhere_is_said(reports, url: str, code: Refusal) -> None:
    said = SEAL.sign(reports, tsa=url)
    assert said.trouble.code == code
    assert SEAL.verify(reports[0]).intact


def test_an_error_does_not_show_what_the_address_hides(reports) -> None:
    said = SEAL.sign(reports, tsa="http://compte:secret@127.0.0.1:1/tsa?jeton=secret")
    assert "secret" not in said.model_dump_json()


def test_a_slow_authority_is_not_waited_for(reports, monkeypatch) -> None:
    import socket

    monkeypatch.setattr("pgssi_reports.seal.authority.SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = SEAL.sign(reports, tsa=f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert said.trouble.code == Refusal.TSA_SLOW


def test_the_token_of_another_signature_is_refused(world, reports) -> None:
    from asn1crypto import cms

    SEAL.sign(reports, tsa=world.tsa())
    one, two = (path.with_name(path.name + ".p7s") for path in reports)
    mine, other = (cms.ContentInfo.load(path.read_bytes()) for path in (one, two))
    mine["content"]["signer_infos"][0]["unsigned_attrs"] = other["content"]["signer_infos"][0]["unsigned_attrs"]
    one.write_bytes(mine.dump(force=True))
    file = SEAL.verify(reports[0]).files[0]
    assert file.why == Why.TIME_STAMP_INVALID
    assert not SEAL.verify(reports[0]).intact


def test_a_token_does_not_vouch_for_other_bytes(world, reports) -> None:
    SEAL.sign(reports[:1], tsa=world.tsa())
    signature = reports[0].with_name("report.json.p7s")
    good = signature.read_bytes()
    unseen = []
    for position in range(0, len(good), 5):
        bad = bytearray(good)
        bad[position] ^= 1 << (position % 8)
        signature.write_bytes(bad)
        if SEAL.verify(reports[0]).intact:
            unseen.append(position)
    # The issuer's name in the topmost certificate of the authority is beyond any signature; the dossier covers it.
    top = world.certificate("root").public_bytes(Encoding.DER)
    name = world.certificate("root").issuer.public_bytes()
    start = good.index(top) + top.index(name)
    assert [position - start for position in unseen if not start <= position < start + len(name)] == [], len(name)


class TestRevocation:
    def test_proofs_are_embedded_and_read(self, world, reports) -> None:
        said = SEAL.sign(reports, key=world.p12(), password=password, tsa=world.tsa(), revocation=True)
        assert said.trouble is None
        assert {file.level for file in said.files} == {"B-LT"}
        world.asked.clear()
        report = SEAL.verify(reports[0], trust=world.trust)
        assert report.indication is Indication.TOTAL_PASSED
        assert report.files[0].revocation is Revocation.GOOD
        assert SEAL.verify(reports[0]).files[0].revocation is Revocation.INCOMPLETE
        assert world.asked == []

    def test_a_revoked_certificate_does_not_seal(self, world, reports) -> None:
        with pytest.raises(SealError) as caught:
            SEAL.sign(reports, key=world.p12("revoked"), password=password, tsa=world.tsa(), revocation=True)
        assert caught.value.code == Refusal.CERTIFICATE_REVOKED
        assert not reports[0].with_name("report.json.p7s").exists()

    def test_a_certificate_without_addresses_is_said(self, world, authority, reports, tmp_path: Path) -> None:
        key = authority.p12(tmp_path / "k.p12")
        said = SEAL.sign(reports, key=key, password=password, tsa=world.tsa(), revocation=True)
        assert said.trouble.code == Refusal.REVOCATION_NO_ADDRESS
        assert {file.level for file in said.files} == {"B-T"}

    def test_an_embedded_revocation_is_believed(self, world, reports) -> None:
        """A seal by a certificate that its own embedded proofs say was revoked before."""
        from pgssi_reports.seal import cades, revocation

        key = file_key(world.p12("revoked"), password)
        sealing = cades.Sealing(key, tsa=world.tsa())
        answer = revocation._fetch("GET", f"{world.url}/essai/crls/organisations/latest.crl", None, {})
        sealing._material = cades.Extras(crls=(answer,))
        cades.seal_file(reports[0], sealing)
        report = SEAL.verify(reports[0], trust=world.trust)
        assert report.files[0].why == Why.CERTIFICATE_REVOKED
        assert report.files[0].revocation is Revocation.REVOKED
        assert not report.accepted
        assert SEAL.describe(report, "fr")[0].startswith("REFUSÉ")


@pytest.mark.tools
@pytest.mark.parametrize("revocation", [False, True])
def test_openssl_agrees(world, reports, revocation: bool) -> None:
    SEAL.sign(reports, key=world.p12(), password=password, tsa=world.tsa(), revocation=revocation)
    command = ("cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", f"{reports[0]}.p7s", "-out", "/dev/null")
    assert openssl(*command, "-content", reports[0], "-CAfile", world.trust).returncode == 0
    assert openssl(*command, "-content", reports[1], "-CAfile", world.trust).returncode != 0


@pytest.mark.tools
def test_openssl_reads_the_time_stamp(world, reports, tmp_path: Path) -> None:
    from asn1crypto import cms

    SEAL.sign(reports, tsa=world.tsa())
    signer = cms.ContentInfo.load(Path(f"{reports[0]}.p7s").read_bytes())["content"]["signer_infos"][0]
    (tmp_path / "token").write_bytes(signer["unsigned_attrs"][0]["values"][0].dump())
    (tmp_path / "value").write_bytes(signer["signature"].native)
    command = ("ts", "-verify", "-token_in", "-in", tmp_path / "token", "-CAfile", world.trust)
    assert openssl(*command, "-data", tmp_path / "value").returncode == 0
    assert openssl(*command, "-data", reports[0]).returncode != 0
