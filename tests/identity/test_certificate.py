"""Client certificates: read from files, shown on the connections of one session and on no other."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from pgssi_probe.check.context import CollectorContext, Target
from pgssi_probe.clock import SystemClock
from pgssi_probe.engine.collected import Collections
from pgssi_probe.identity import ORACLE, SIGN_IN, Account, Driver, Secret, Session, State, carriers, sign_in
from pgssi_probe.identity.certificate import load_certificate
from pgssi_probe.model.account import ClientCertificate, SecretError
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.scope import Scope

NOW = datetime.now(UTC)
PASSWORD = "Clef-Du-Certificat"


def issued(name: str, by: tuple[Any, Any] | None = None) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate and its key, self-signed or by an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(alternative, critical=False)
        .sign(by[1] if by else key, hashes.SHA256())
    )
    return made, key


def pem(key: ec.EllipticCurvePrivateKey, password: str = "") -> bytes:
    shut = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, shut)


class Files:
    """An authority, a server, alice and a stranger, in every form in which certificates come."""

    def __init__(self, folder: Path) -> None:
        self.authority = issued("Autorité d'essai")
        self.ca = self.keep(folder / "ca.pem", self.authority[0].public_bytes(Encoding.PEM))
        server, server_key = issued("localhost", self.authority)
        self.server = self.keep(folder / "server.pem", server.public_bytes(Encoding.PEM) + pem(server_key))
        alice, key = issued("alice", self.authority)
        public = alice.public_bytes(Encoding.PEM)
        self.both = self.keep(folder / "both.pem", pem(key) + public)
        self.public, self.key = self.keep(folder / "c.pem", public), self.keep(folder / "k.pem", pem(key))
        self.shut = self.keep(folder / "shut.pem", public + pem(key, PASSWORD))
        bundle = pkcs12.serialize_key_and_certificates(
            b"alice", key, alice, [self.authority[0]], BestAvailableEncryption(PASSWORD.encode())
        )
        self.p12 = self.keep(folder / "alice.p12", bundle)
        stranger, other = issued("mallory")
        self.stranger = self.keep(folder / "stranger.pem", stranger.public_bytes(Encoding.PEM) + pem(other))
        self.junk = self.keep(folder / "junk", b"\0\1 rien")
        self.alone = self.keep(folder / "alone.pem", public)
        self.other = self.keep(folder / "other.pem", public + pem(other))

    @staticmethod
    def keep(path: Path, content: bytes) -> str:
        path.write_bytes(content)
        return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def portal(files: Files, seen: list[tuple[str, str]], *, strict: bool) -> AsyncIterator[str]:
    """HTTPS that asks for a certificate; `seen` are the path and the name on the certificate of each request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server)
    context.load_verify_locations(files.ca)
    context.verify_mode = ssl.CERT_REQUIRED if strict else ssl.CERT_OPTIONAL

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = writer.get_extra_info("ssl_object").getpeercert()
        name = dict(pair for part in shown["subject"] for pair in part)["commonName"] if shown else ""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                seen.append((head.split()[1].decode(), name))
                status, body = ("200 OK", f"<h1>Bonjour {name}</h1>") if name else ("400 Non", "<p>non</p>")
                lines = (f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(body)}", "", body)
                writer.write("\r\n".join(lines).encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/"


@asynccontextmanager
async def visiting(url: str, files: Files, accounts: dict[str, Account], **declared: str) -> AsyncIterator[Any]:
    clock, target = SystemClock(), Target(url, files.ca)
    told: dict[str, Any] = {f"login.{name}": value for name, value in declared.items()}
    async with open_gate(scope=Scope.of(url), clock=clock, ca_file=files.ca) as gate:

        def network(collector: Any) -> Any:
            return gate.network(by=collector.name, max_requests=collector.requests, methods=collector.methods)

        common = (Level.ACTIVE, told, gate.scope.excludes)
        collections = Collections(target, network, clock, *common, accounts)
        own = gate.network(by="test", max_requests=60, methods=("GET", "POST"))
        yield CollectorContext(target, own, clock, *common, collections.get, accounts)
        await collections.close()


def alice(files: Files) -> dict[str, Account]:
    return {"a": Account("a", "alice", certificate=load_certificate(files.p12, None, Secret(PASSWORD), "x"))}


@pytest.mark.parametrize("strict", [False, True])
async def test_a_certificate_signs_in_its_own_session_and_no_other(files: Files, strict: bool) -> None:
    seen: list[tuple[str, str]] = []
    async with portal(files, seen, strict=strict) as url, visiting(url, files, alice(files)) as ctx:
        plan = await ctx.collect(SIGN_IN)
        assert plan.driver is Driver.CERTIFICATE
        signed = await sign_in(ctx, "a", plan=plan)
        assert signed.signed_in, signed.why
        seen.clear()
        nobody = Session(ctx.network, ctx.clock)
        assert (await nobody.get(url + "nobody")).status == (None if strict else 400)
        assert (await signed.session.get(url + "alice")).status == 200
        assert (await nobody.get(url + "nobody")).status == (None if strict else 400)
        assert [name for path, name in seen if path == "/nobody"] == ([] if strict else ["", ""])
        oracle = await ctx.collect(ORACLE)
        assert await oracle.state(signed.session) is State.IN
        assert await oracle.state(nobody) is State.OUT
        assert [(one.kind, one.needed) for one in await carriers(signed.session, oracle)] == [("certificate", True)]


async def test_a_stranger_is_refused(files: Files) -> None:
    accounts = {"a": Account("a", "mallory", certificate=load_certificate(files.stranger, None, None, "x"))}
    async with portal(files, [], strict=True) as url, visiting(url, files, accounts) as ctx:
        signed = await sign_in(ctx, "a", confirm=False)
        assert not signed.signed_in
        assert signed.why["signal"] == "certificate_refused"


async def test_the_certificate_is_for_the_target_only(files: Files) -> None:
    seen: list[tuple[str, str]] = []
    elsewhere: list[tuple[str, str]] = []
    async with (
        portal(files, seen, strict=False) as url,
        portal(files, elsewhere, strict=False) as other,
        visiting(url, files, alice(files)) as ctx,
        open_gate(scope=Scope.of(other), ca_file=files.ca) as gate,
    ):
        signed = await sign_in(ctx, "a")
        await signed.session.on(gate.network(by="t", max_requests=3)).get(other + "x")
    assert {name for _, name in elsewhere} == {""}


def test_every_form_of_file(files: Files) -> None:
    shut = Secret(PASSWORD)
    for made in (
        load_certificate(files.both, None, None, "x"),
        load_certificate(files.public, files.key, None, "x"),
        load_certificate(files.shut, None, shut, "x"),
        load_certificate(files.p12, None, shut, "x"),
    ):
        assert isinstance(made, ClientCertificate)
        assert b"ENCRYPTED" in made.key, "the key is never kept open"
        assert b"PRIVATE" not in made.chain
        assert "PRIVATE" not in repr(made)
        assert made.passphrase.reveal() not in repr(made)
        with pytest.raises(TypeError):
            made.__reduce__()


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("shut", None, "certificate_password_missing"),
        ("shut", "wrong", "certificate_password_wrong"),
        ("p12", None, "certificate_password_missing"),
        ("p12", "wrong", "certificate_password_wrong"),
        ("junk", None, "bad_certificate"),
        ("junk", "x", "bad_certificate"),
        ("alone", None, "bad_certificate"),
        ("other", None, "other_key"),
        ("nowhere", None, "no_certificate"),
    ],
)
def test_a_mistake_is_told_by_a_code_alone(files: Files, name: str, password: str | None, code: str) -> None:
    path = getattr(files, name, "/nowhere/a.pem")
    with pytest.raises(SecretError) as told:
        load_certificate(path, None, Secret(password) if password else None, "accounts.a.certificate")
    assert told.value.code == code
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__ or told.value.__context__ is None


def test_files_are_beside_the_engagement(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pgssi_probe.engagement import load_engagement
    from pgssi_probe.identity.resolve import resolve_accounts

    (tmp_path / "alice.p12").write_bytes(Path(files.p12).read_bytes())
    file = tmp_path / "engagement.toml"
    file.write_text("""
[scope]
target = "https://portal.example/"
[accounts.a]
username = "alice"
certificate = "alice.p12"
certificate_password = { env = "PGSSI_TEST_CERTIFICATE" }
[login]
driver = "har"
har = "c.har"
""")
    monkeypatch.setenv("PGSSI_TEST_CERTIFICATE", PASSWORD)
    monkeypatch.chdir("/")
    engagement = load_engagement(file)
    assert engagement.told["login.har"] == str(tmp_path / "c.har")
    account = resolve_accounts(engagement.accounts, ["a"])["a"]
    assert account.certificate is not None
    assert account.password is None
    monkeypatch.setenv("PGSSI_TEST_CERTIFICATE", "wrong")
    with pytest.raises(SecretError) as told:
        resolve_accounts(engagement.accounts, ["a"])
    assert told.value.line == "accounts.a.certificate_password"
