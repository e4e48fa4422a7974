from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pgssi_probe.model.rendering import SealError
from pgssi_reports.seal import CadesSeal
from pgssi_reports.seal.cades import sign_files
from pgssi_reports.seal.codes import Refusal
from pgssi_reports.seal.keys import file_key, local_key

SEAL = CadesSeal()


def password() -> str:
    return "mot de passe éprouvé"


def openssl(content: Path, *options: object) -> bool:
    """What `openssl cms -verify` says of a file and its signature."""
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-out", os.devnull]
    signature = content.with_name(content.name + ".p7s")
    command += ["-in", str(signature), "-content", str(content), *map(str, options)]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


def flip(path: Path, position: int = 10) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


@pytest.mark.tools
class TestAgainstOpenssl:
    def test_agrees_on_a_local_seal(self, reports: list[Path], tmp_path: Path) -> None:
        SEAL.sign(reports)
        trusted = tmp_path / "signer.pem"
        trusted.write_bytes(local_key().certificate.public_bytes(Encoding.PEM))
        for path in reports:
            assert openssl(path, "-noverify")
            assert openssl(path, "-cades", "-CAfile", trusted)
            flip(path)
            assert not openssl(path, "-noverify")
            assert not openssl(path, "-cades", "-CAfile", trusted)

    @pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa3072"])
    def test_agrees_on_a_file_key(self, authority, reports, tmp_path: Path, kind: str) -> None:
        SEAL.sign(reports, key=authority.p12(tmp_path / "k.p12", kind), password=password)
        trusted = authority.trust_file(tmp_path / "root.pem")
        assert openssl(reports[0], "-cades", "-CAfile", trusted)
        assert not openssl(reports[0], "-cades")
        flip(reports[0])
        assert not openssl(reports[0], "-noverify")

    def test_refuses_the_signature_of_another_file(self, reports: list[Path]) -> None:
        SEAL.sign(reports)
        one, two = (path.with_name(path.name + ".p7s") for path in reports)
        one.write_bytes(two.read_bytes())
        assert not openssl(reports[0], "-noverify")


def test_the_summary_says_what_was_done(reports: list[Path]) -> None:
    first, second = SEAL.sign(reports), SEAL.sign(reports)
    assert first.key_created
    assert not second.key_created
    assert first.key_origin == "local"
    assert first.algorithm == "ECDSA P-256, SHA-256"
    assert first.signer.self_signed
    assert [file.signature for file in first.files] == ["report.json.p7s", "report.html.p7s"]
    assert first.files[0].sha256 == hashlib.sha256(reports[0].read_bytes()).hexdigest()
    assert type(first).model_validate_json(first.model_dump_json()) == first


def test_the_algorithm_follows_the_key(authority, reports, tmp_path: Path) -> None:
    said = {
        kind: SEAL.sign(reports, key=authority.p12(tmp_path / kind, kind), password=password).algorithm
        for kind in ("p384", "p521", "rsa3072")
    }
    assert said == {
        "p384": "ECDSA P-384, SHA-384",
        "p521": "ECDSA P-521, SHA-512",
        "rsa3072": "RSASSA-PSS 3072, SHA-256",
    }


def test_a_signature_replaces_the_former_and_is_private(reports: list[Path], run_folder: Path) -> None:
    SEAL.sign(reports)
    before = sorted(run_folder.iterdir())
    SEAL.sign(reports)
    assert sorted(run_folder.iterdir()) == before
    assert stat.S_IMODE((run_folder / "report.json.p7s").stat().st_mode) == 0o600


def test_signs_inside_an_event_loop_too(reports: list[Path]) -> None:
    async def inside() -> bool:
        SEAL.sign(reports)
        return SEAL.verify(reports[0]).intact

    assert asyncio.run(inside())


def test_the_root_of_a_chain_is_not_embedded(authority, reports, tmp_path: Path) -> None:
    key = file_key(authority.p12(tmp_path / "k.p12"), password)
    sign_files(reports, key)
    data = reports[0].with_name("report.json.p7s").read_bytes()
    assert authority.issuer.public_bytes(Encoding.DER) in data
    assert authority.root.public_bytes(Encoding.DER) not in data


@pytest.mark.parametrize(("name", "code"), [("absent.json", Refusal.CONTENT_MISSING), ("", Refusal.CONTENT_UNREADABLE)])
def test_what_cannot_be_read_is_refused(run_folder: Path, name: str, code: Refusal) -> None:
    with pytest.raises(SealError) as caught:
        SEAL.sign([run_folder / name])
    assert caught.value.code == code


def test_a_signature_that_cannot_be_written_is_said(run_folder: Path) -> None:
    (run_folder / "report.json.p7s").mkdir()
    with pytest.raises(SealError) as caught:
        SEAL.sign([run_folder / "report.json"])
    assert caught.value.code == Refusal.SIGNATURE_UNWRITABLE
    assert not [path for path in run_folder.iterdir() if path.name.startswith(".")]


def test_a_large_file_is_streamed(run_folder: Path) -> None:
    """Sealing and verifying 150 MB of zeros must not hold them in memory."""
    large = run_folder / "evidence.bin"
    with large.open("wb") as file:
        file.truncate(150_000_000)
    code = (
        "import sys; from pathlib import Path; from pgssi_reports.seal import CadesSeal\n"
        "path = Path(sys.argv[1]); seal = CadesSeal(); seal.sign([path]); assert seal.verify(path).intact\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(large)], capture_output=True, check=True)
    assert int(done.stdout) < 120_000  # kilobytes


def test_the_signature_library_is_imported_late() -> None:
    code = "import sys, pgssi_reports.seal; print(any(m.startswith('pyhanko') for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
