"""A small authority made for the tests, and PKCS#12 files in every shape that a user may bring."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
PASSWORD = "mot de passe éprouvé"


@cache
def private_key(kind: str):
    match kind:
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "rsa2048" | "rsa3072":
            return rsa.generate_private_key(65537, int(kind[3:]))
        case _:
            curves = {
                "p256": ec.SECP256R1,
                "p384": ec.SECP384R1,
                "p521": ec.SECP521R1,
                "k256": ec.SECP256K1,
                "p224": ec.SECP224R1,
            }
            return ec.generate_private_key(curves[kind]())


def usage(*, signs: bool = True, commits: bool = True, certifies: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(signs, commits, False, False, False, certifies, certifies, False, False)


@dataclass(frozen=True)
class Authority:
    """A root and the intermediate that issues the signers' certificates."""

    root: x509.Certificate
    issuer: x509.Certificate

    def certificate(
        self,
        kind: str,
        *,
        name: str = "Centre hospitalier d'essai",
        start: timedelta = timedelta(days=-1),
        days: int = 30,
        key_usage: x509.KeyUsage | None = usage(),  # noqa: B008 - immutable
        purposes: Sequence[x509.ObjectIdentifier] = (),
    ) -> x509.Certificate:
        key = private_key(kind)
        begin = NOW + start
        builder = _builder(name, self.issuer.subject, key.public_key(), begin, begin + timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        if key_usage is not None:
            builder = builder.add_extension(key_usage, critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder.sign(private_key("p384"), hashes.SHA384())

    def p12(
        self,
        path: Path,
        kind: str = "p256",
        *,
        password: str | None = PASSWORD,
        certificate: x509.Certificate | None = None,
        chain: bool = True,
        **options: object,
    ) -> Path:
        certificate = certificate or self.certificate(kind, **options)  # type: ignore[arg-type]
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        extra = [self.root, self.issuer] if chain else None
        data = pkcs12.serialize_key_and_certificates(b"essai", private_key(kind), certificate, extra, encryption)
        path.write_bytes(data)
        return path

    def private(self, kind: str):
        """The private key of the certificates of a kind."""
        return private_key(kind)

    def trust_file(self, path: Path) -> Path:
        path.write_bytes(self.root.public_bytes(Encoding.PEM))
        return path


def _builder(name, issuer, public_key, begin, end):
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def make_authority(name: str) -> Authority:
    def authority(common: str, kind: str, signer: str, issuer: x509.Name | None) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
        begin, end = NOW - timedelta(days=400), NOW + timedelta(days=400)
        builder = _builder(common, issuer or subject, private_key(kind).public_key(), begin, end)
        return (
            builder.add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(usage(signs=False, commits=False, certifies=True), critical=True)
            .sign(private_key(signer), hashes.SHA384())
        )

    root = authority(f"{name} racine", "p521", "p521", None)
    return Authority(root, authority(f"{name} organisations", "p384", "p521", root.subject))


@pytest.fixture(scope="session")
def authority() -> Authority:
    return make_authority("AC d'essai")


@pytest.fixture(scope="session")
def other_authority() -> Authority:
    return make_authority("AC inconnue")


@pytest.fixture(scope="session")
def foreign_purposes() -> list[x509.ObjectIdentifier]:
    return [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder with its two reports, and a configuration directory of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "report.json").write_bytes(b'{"verdicts": []}\n' * 50)
    (folder / "report.html").write_bytes("<!doctype html><title>Dossier d’essai</title>".encode())
    return folder


@pytest.fixture
def reports(run_folder: Path) -> list[Path]:
    return [run_folder / "report.json", run_folder / "report.html"]


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """A served PKI with its authorities: see `world.py`."""
    path = Path(__file__).parent / "world.py"
    spec = importlib.util.spec_from_file_location("seal_world", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["seal_world"] = module
    spec.loader.exec_module(module)
    with module.served(tmp_path_factory.mktemp("world")) as found:
        yield found


@pytest.fixture
def full_run(run_folder: Path) -> Path:
    """A run folder with everything that a run leaves in it."""
    (run_folder / "evidence").mkdir()
    for number in range(1, 4):
        (run_folder / "evidence" / f"E{number:04d}.json").write_text(f'{{"id": {number}}}')
    for name in ("plan.json", "run.json", "engagement.json", "journal.jsonl", "outcomes.jsonl"):
        (run_folder / name).write_text(f'{{"name": "{name}"}}\n')
    return run_folder
