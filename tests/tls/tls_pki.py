"""Keys and certificates for the TLS test servers, made once a session. Nothing here is secret."""

import base64
import datetime as dt
import ipaddress
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

# RFC 2409, second Oakley group: the 1024-bit prime of old servers.
OAKLEY_2 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)

DAY = dt.timedelta(days=1)
SHA256 = hashes.SHA256()
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def make_key(kind: str):
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "k256": ec.SECP256K1()}[kind])


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Issued:
    """A certificate, its key, and the chain to send (itself first)."""

    certificate: x509.Certificate
    key: object
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> tuple[bytes, ...]:
        return tuple(item.public_bytes(Encoding.DER) for item in self.chain)

    def write(self, folder: Path, stem: str) -> tuple[Path, Path]:
        pem, key = folder / f"{stem}.pem", folder / f"{stem}.key"
        pem.write_bytes(b"".join(item.public_bytes(Encoding.PEM) for item in self.chain))
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return pem, key


def issue(
    subject: str = "localhost",
    *,
    by: Issued | None = None,
    key: object = None,
    kind: str = "p256",
    names: tuple[str, ...] = ("localhost",),
    addresses: tuple[str, ...] = ("127.0.0.1",),
    ca: bool = False,
    start: dt.datetime = NOW - DAY,
    days: float = 90,
    usage: bool = True,
    usage_critical: bool = True,
    purposes: tuple[x509.ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.SERVER_AUTH,),
    revocation: bool = True,
    aia: bool = False,
    aki: bool = True,
    must_staple: bool = False,
    digest: hashes.HashAlgorithm | None = SHA256,
) -> Issued:
    """One certificate, signed by ``by`` or by itself. The chain holds the issuers but no root."""
    key = key or make_key(kind)
    signer = by.key if by else key
    issuer = by.certificate.subject if by else name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + DAY * days)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if aki:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    if usage:
        builder = builder.add_extension(
            x509.KeyUsage(not ca, False, not ca, False, False, ca, ca, False, False), critical=usage_critical
        )
    if not ca:
        alternatives = [x509.DNSName(item) for item in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(item)) for item in addresses]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        if revocation:
            point = x509.DistributionPoint(
                [x509.UniformResourceIdentifier("http://127.0.0.1/ca.crl")], None, None, None
            )
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if aia:
            urls = [
                x509.AccessDescription(method, x509.UniformResourceIdentifier("http://127.0.0.1/ca"))
                for method in (AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS)
            ]
            builder = builder.add_extension(x509.AuthorityInformationAccess(urls), critical=False)
        if must_staple:
            builder = builder.add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        digest = None
    certificate = builder.sign(signer, digest)
    above = tuple(item for item in (by.chain if by else ()) if item.subject != item.issuer)
    return Issued(certificate, key, (certificate, *above))


def with_openssl(folder: Path, stem: str, *, bits: int, digest: str) -> tuple[Path, Path]:
    """What cryptography no longer signs: RSA of any size, SHA-1 or MD5, under a throw-away authority."""
    pem, key = folder / f"{stem}.pem", folder / f"{stem}.key"
    ca, ca_key = folder / f"{stem}-ca.pem", folder / f"{stem}-ca.key"
    extensions = folder / f"{stem}.ext"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")

    def run(*command: str) -> None:
        subprocess.run(["openssl", *command], check=True, capture_output=True)

    new = (
        "req",
        "-newkey",
        f"rsa:{bits}",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        f"{pem}.csr",
        "-subj",
        "/CN=localhost",
    )
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(ca_key), "-out", str(ca), "-subj", "/CN=Old CA")
    run(*new)
    signing = ("-CA", str(ca), "-CAkey", str(ca_key), "-CAcreateserial", "-days", "90", f"-{digest}")
    run("x509", "-req", "-in", f"{pem}.csr", *signing, "-extfile", str(extensions), "-out", str(pem))
    return pem, key


@dataclass
class Pki:
    """The certificates that most tests need; a pair is a chain and its key."""

    folder: Path
    ca: Issued
    ca_file: Path
    ec: tuple[Path, Path]
    rsa: tuple[Path, Path]
    ed25519: tuple[Path, Path]
    weak: tuple[Path, Path]


def make_pki(folder: Path) -> Pki:
    ca = issue("Test CA", ca=True)
    return Pki(
        folder=folder,
        ca=ca,
        ca_file=ca.write(folder, "ca")[0],
        ec=issue(by=ca).write(folder, "ec"),
        rsa=issue(by=ca, kind="rsa2048").write(folder, "rsa"),
        ed25519=issue(by=ca, kind="ed25519").write(folder, "ed25519"),
        weak=with_openssl(folder, "weak", bits=1024, digest="sha1"),
    )


def write_dh(folder: Path, bits: int) -> Path:
    """Diffie-Hellman parameters of a published group, for nginx (PKCS #3: a sequence of prime and generator)."""
    from pgssi_probe.tls.dh_groups import _published

    wanted = {1024: "modp1024", 2048: "ffdhe2048"}[bits]
    prime = next(prime for prime, name in _published(bits).items() if name == wanted)
    body = b"".join(_der(2, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in (prime, 2))
    text = base64.encodebytes(_der(0x30, body)).decode()
    path = folder / f"dh-{bits}.pem"
    path.write_text(f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n")
    return path


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes((size,)) if size < 128 else bytes((0x82,)) + size.to_bytes(2, "big")
    return bytes((tag,)) + length + content
