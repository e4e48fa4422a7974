"""Seals from the command line: intact or altered, by whom, and the same answer from openssl."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from pgssi_probe.cli.exits import Exit
from tests.cli.conftest import Probe, Target, web_server  # type: ignore[import-not-found]

PASSWORD = "un-mot-de-passe-de-test"
FEW = ("--only", "headers.referrer", "--rate", "500", "--fail-on", "never", "--quiet")


@pytest.fixture(scope="module")
def sealed(settings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run sealed by the local key, to copy and to alter."""
    from pgssi_probe.cli.app import run

    folder = tmp_path_factory.mktemp("sealed") / "run"
    with pytest.MonkeyPatch.context() as patch, web_server() as target:
        patch.setenv("XDG_CONFIG_HOME", str(settings))
        assert run(["scan", target.url, *FEW, "--out", str(folder)]) == Exit.OK
    return folder


@pytest.fixture
def copy(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "copy"))


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation's seal: EC P-256, PKCS#12, with a password."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CH de Valombre (cachet)")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("key")
    (folder / "cachet.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    path = folder / "cachet.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"cachet", private, certificate, None, BestAvailableEncryption(PASSWORD.encode())
        )
    )
    return path


def openssl(folder: Path, name: str) -> bool:
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", f"{name}.p7s", "-content", name]
    done = subprocess.run([*command, "-noverify", "-out", "/dev/null"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_intact_folder_is_accepted(probe: Probe, sealed: Path, lang: str) -> None:
    done = probe("verify", sealed, "--lang", lang)
    assert done.code == Exit.OK
    assert "report.json" in done.out
    assert json.loads(probe("verify", sealed, "--json").out)["intact"] is True


@pytest.mark.tools
@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_openssl_agrees(copy: Path, name: str) -> None:
    assert openssl(copy, name)
    flip(copy / name)
    assert not openssl(copy, name)


@pytest.mark.parametrize("name", ["report.json", "report.html", "report.json.p7s", "report.html.p7s"])
def test_one_bit_is_enough_to_be_refused(probe: Probe, copy: Path, name: str) -> None:
    flip(copy / name)
    done = probe("verify", copy)
    assert done.code == Exit.DEVIATIONS
    assert json.loads(probe("verify", copy, "--json").out)["intact"] is False


@pytest.mark.parametrize("name", ["report.json", "report.html", "report.json.p7s"])
def test_what_is_missing_is_refused(probe: Probe, copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert probe("verify", copy).code == Exit.DEVIATIONS


def test_the_key_of_an_organisation(
    probe: Probe, web: Target, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSI_KEY_PASSWORD", PASSWORD)
    done = probe("scan", web.url, *FEW, "--out", "run", "--key", key)
    assert done.code == Exit.OK
    assert "autosignée" not in done.out  # that is said of the local key
    verified = probe("verify", "run")
    assert verified.code == Exit.OK
    assert "Valombre" in verified.out
    assert probe("verify", "run", "--trust", key.with_name("cachet.pem")).code == Exit.OK
    assert openssl(tmp_path / "run", "report.json")
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path


def test_another_authority_is_not_trusted(probe: Probe, sealed: Path, key: Path) -> None:
    done = probe("verify", sealed, "--trust", key.with_name("cachet.pem"))
    assert done.code == Exit.DEVIATIONS


@pytest.mark.parametrize("password", ["un-autre", "", None])
def test_a_wrong_password_is_one_sentence_before_anything_is_sent(
    probe: Probe, web: Target, key: Path, tmp_path: Path, password: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if password is not None:
        monkeypatch.setenv("PGSSI_KEY_PASSWORD", password)
    done = probe("scan", web.url, *FEW, "--out", "run", "--key", key)
    assert done.code == Exit.USAGE
    assert "mot de passe" in done.err
    assert len(done.err.splitlines()) == 1
    assert web.seen == []
    assert not (tmp_path / "run").exists()
    assert probe("scan", web.url, *FEW, "--out", "run", "--no-seal").code == Exit.OK
    assert not list((tmp_path / "run").glob("*.p7s"))
    monkeypatch.setenv("PGSSI_KEY_PASSWORD", PASSWORD)
    assert probe("report", "run", "--key", key).code == Exit.OK
    assert probe("verify", "run").code == Exit.OK


def test_a_key_that_is_none(probe: Probe, web: Target, tmp_path: Path) -> None:
    (tmp_path / "faux.p12").write_bytes(b"pas une cle")
    done = probe("scan", web.url, *FEW, "--out", "run", "--key", "faux.p12")
    assert done.code == Exit.USAGE
    assert "faux.p12" in done.err
    assert web.seen == []
    assert not (tmp_path / "run").exists()


def test_the_dossier_is_verified_alone(probe: Probe, sealed: Path, tmp_path: Path) -> None:
    shutil.copy(sealed / "dossier.asice", tmp_path)
    said = json.loads(probe("verify", "dossier.asice", "--json").out)
    assert said["intact"] is True
    assert said["covered"] >= 9
    assert "Ce qui est prouvé" in probe("verify", "dossier.asice").out
    flip(tmp_path / "dossier.asice")
    assert probe("verify", "dossier.asice").code == Exit.DEVIATIONS


@pytest.mark.parametrize("name", ["journal.jsonl", "plan.json", "outcomes.jsonl", "engagement.json", "dossier.asice"])
def test_nothing_of_a_run_may_change(probe: Probe, copy: Path, name: str) -> None:
    flip(copy / name)
    done = probe("verify", copy)
    assert done.code == Exit.DEVIATIONS
    assert name in done.out


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_run_is_sealed_again_with_another_key(probe: Probe, copy: Path, key: Path, monkeypatch, lang: str) -> None:
    monkeypatch.setenv("SECRET_DU_CACHET", PASSWORD)
    secret = ("--key-secret", "env:SECRET_DU_CACHET")
    done = probe("seal", copy, "--key", key, *secret, "--lang", lang)
    assert (done.code, done.err) == (Exit.OK, "")
    assert "dossier.asice" in done.out
    assert probe("verify", copy, "--trust", key.with_name("cachet.pem")).code == Exit.OK
    assert probe("verify", copy, "--trust", key.parent).code == Exit.OK  # a folder of certificates
    said = json.loads(probe("seal", copy, "--key", key, *secret, "--json").out)
    assert said["key_origin"] == "file"


@pytest.mark.parametrize("secret", ["command:printf %s " + PASSWORD, "command:cat secret.txt"])
def test_a_command_gives_the_password(probe: Probe, copy: Path, key: Path, tmp_path: Path, secret: str) -> None:
    (tmp_path / "secret.txt").write_text(PASSWORD + "\n")
    assert probe("seal", copy, "--key", key, "--key-secret", secret).code == Exit.OK


@pytest.mark.parametrize(
    "secret",
    ["env:ABSENTE", "command:false", "command:", "keyring:sans-nom", PASSWORD, "file:x", "prompt", 'command:"'],
)
def test_a_secret_that_cannot_be_had_is_one_sentence(probe: Probe, copy: Path, key: Path, secret: str) -> None:
    before = (copy / "dossier.asice").read_bytes()
    done = probe("seal", copy, "--key", key, "--key-secret", secret)
    assert done.code == Exit.USAGE
    assert len(done.err.splitlines()) == 1
    assert PASSWORD not in done.err
    assert (copy / "dossier.asice").read_bytes() == before


@pytest.mark.parametrize("command", ["scan", "report", "seal"])
def test_an_authority_that_fails_leaves_a_sealed_run_and_says_so(
    probe: Probe, web: Target, copy: Path, tmp_path: Path, command: str
) -> None:
    tsa = ("--tsa", "http://127.0.0.1:1/horodatage?token=zqx81rkpw")
    if command == "scan":
        copy = tmp_path / "run"
        done = probe("scan", web.url, *FEW, "--out", copy, *tsa)
    else:
        done = probe(command, copy, *tsa)
    assert done.code == Exit.UNREACHABLE
    assert "injoignable" in done.err
    assert "niveau inférieur" in done.err
    assert len(done.err.splitlines()) == 1
    assert "injoignable" not in done.out  # said once
    assert "zqx81rkpw" not in done.out + done.err
    assert probe("verify", copy).code == Exit.OK
    assert b"zqx81rkpw" not in b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())


def test_proofs_of_revocation_need_a_certain_time(probe: Probe, copy: Path) -> None:
    done = probe("seal", copy, "--revocation")
    assert done.code == Exit.USAGE
    assert "--tsa" in done.err


@pytest.mark.parametrize("address", ["pkcs11:token=X", "pkcs11:token=X?module-path=/absent.so"])
def test_a_token_that_is_not_there_is_one_sentence(probe: Probe, copy: Path, address: str) -> None:
    done = probe("seal", copy, "--key", address)
    assert done.code == Exit.USAGE
    assert len(done.err.splitlines()) == 1


def test_there_is_nothing_to_seal(probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "vide").mkdir()
    for name in ("vide", "absent"):
        assert probe("seal", name).code == Exit.USAGE
        assert not list(tmp_path.rglob("*.asice"))


def test_a_report_made_again_without_a_seal_says_what_is_no_longer_sealed(probe: Probe, copy: Path) -> None:
    earlier = (copy / "dossier.asice").read_bytes()
    done = probe("report", str(copy), "--no-seal", "--lang", "en")
    assert done.code == Exit.OK
    assert "report.html.p7s" in done.err
    assert not list(copy.glob("manifest.json*"))
    assert not (copy / "dossier.asice").exists()
    assert (copy / "report.json.p7s").exists()
    said = json.loads(probe("verify", str(copy), "--json").out)
    assert not [one for one in said["files"] if one["state"] == "altered"]
    assert not said["intact"]
    kept = copy / "dossier-1.asice"
    assert kept.read_bytes() == earlier
    assert str(kept) in done.err
    assert probe("verify", str(kept)).code == Exit.OK


def test_a_folder_made_again_and_sealed_again_is_whole(probe: Probe, copy: Path) -> None:
    probe("report", str(copy), "--no-seal")
    assert probe("report", str(copy)).code == Exit.OK
    assert probe("verify", str(copy)).code == Exit.OK


def test_what_is_written_again_as_it_was_keeps_its_seal(probe: Probe, copy: Path) -> None:
    done = probe("report", str(copy), "--no-seal", "--format", "json")
    assert done.err == ""
    assert probe("verify", str(copy)).code == Exit.OK


def test_the_seal_of_a_file_that_somebody_altered_stays_to_accuse(probe: Probe, copy: Path) -> None:
    with (copy / "report.json").open("ab") as file:
        file.write(b"\n")
    probe("report", str(copy), "--no-seal", "--lang", "en")
    assert (copy / "report.json.p7s").exists()
    assert probe("verify", str(copy)).code == Exit.DEVIATIONS


def test_a_seal_that_could_not_be_made_leaves_no_earlier_one_to_lie(
    probe: Probe, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    (tmp_path / "nothing").write_text("no folder")
    done = probe("report", str(copy), "--lang", "en")
    assert done.code == Exit.USAGE
    assert "report.html.p7s" in done.err
    said = json.loads(probe("verify", str(copy), "--json").out)
    assert not [one for one in said["files"] if one["state"] == "altered"]
