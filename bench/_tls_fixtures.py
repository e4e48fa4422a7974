"""The TLS servers that the TLS measures and comparisons look at, each with the flaws that it is known to have."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tls"))

EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
MODERN = "ECDHE+AESGCM:ECDHE+CHACHA20"
OLD_SUITES = ["rc4", "3des", "null", "aes128", "aes256"]


@dataclass(frozen=True, slots=True)
class Fixture:
    """A server to start. `flaws`: the failing outcomes of `tls.config` that must be found, no more and no less."""

    name: str
    start: Callable[[], AbstractContextManager[int]]
    flaws: frozenset[str]
    what: str


def fixtures(folder: Path) -> tuple[tuple[Fixture, ...], Path]:
    """The servers, ready to start, and the file of the authority that signed most of their certificates."""
    import tls_servers as servers
    from tls_pki import issue, make_pki, write_dh

    pki = make_pki(folder)
    alone = issue(kind="rsa2048").write(folder, "alone")
    short, long = write_dh(folder, 1024), write_dh(folder, 2048)

    def nginx(certificate: tuple[Path, Path], **options: Any) -> Callable[[], AbstractContextManager[int]]:
        return lambda: servers.nginx(folder, [certificate], **options)

    old = {"minVersion": [3, 0], "maxVersion": [3, 3], "cipherNames": OLD_SUITES, "macNames": ["md5", "sha", "sha256"]}
    museum = {**old, "useExtendedMasterSecret": False, "useEncryptThenMAC": False, "dh_prime": 1024}
    dhe = {"protocols": "TLSv1.2", "ciphers": "DHE+AESGCM:ECDHE+AESGCM:@SECLEVEL=0"}
    everything = frozenset(
        {
            "old-versions-accepted",
            "anonymous-accepted",
            "forward-secrecy-missing",
            "ciphers-broken",
            "modes-weak",
            "hashes-weak",
        }
    )
    known = (
        Fixture(
            "everything",
            nginx(pki.rsa, protocols="TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", ciphers=EVERYTHING),
            everything,
            "Debian nginx, TLS 1.0 to 1.3, every suite of OpenSSL 3.0 at security level 0, RSA 2048",
        ),
        Fixture(
            "hardened",
            nginx(pki.ec, ciphers=MODERN, extra="ssl_prefer_server_ciphers on; ssl_ecdh_curve X25519:secp256r1;"),
            frozenset(),
            "Debian nginx, TLS 1.2 and 1.3, ECDHE with AES-GCM and ChaCha20, ECDSA P-256",
        ),
        Fixture(
            "default",
            nginx(alone),
            frozenset({"forward-secrecy-missing", "modes-weak", "hashes-weak"}),
            "Debian nginx with its default suites, self-signed RSA 2048",
        ),
        Fixture(
            "dhe-1024",
            nginx(pki.rsa, extra=f"ssl_dhparam {short};", **dhe),
            frozenset({"dhe-short", "signature-hashes-weak"}),
            "Debian nginx, TLS 1.2, DHE on the 1024-bit prime of RFC 2409",
        ),
        Fixture(
            "dhe-2048",
            nginx(pki.rsa, extra=f"ssl_dhparam {long};", protocols="TLSv1.2", ciphers="DHE+AESGCM:ECDHE+AESGCM"),
            frozenset(),
            "Debian nginx, TLS 1.2, DHE on ffdhe2048",
        ),
        Fixture(
            "museum",
            lambda: servers.tlslite(folder, *pki.weak, **museum),
            frozenset(
                {
                    "ssl-accepted",
                    "forward-secrecy-missing",
                    "dhe-short",
                    "ciphers-broken",
                    "cbc-unprotected",
                    "hashes-weak",
                    "extended-master-secret-missing",
                    "extensions-unwanted",
                }
            ),
            "tlslite-ng, SSL 3.0 to TLS 1.2, RC4, 3DES, NULL, MD5, DHE 1024, RSA 1024 with SHA-1",
        ),
        Fixture(
            "ed25519",
            lambda: servers.openssl(folder, *pki.ed25519, "-serverpref"),
            frozenset({"hashes-weak"}),
            "openssl s_server, TLS 1.2 and 1.3, Ed25519 certificate",
        ),
        Fixture(
            "hybrid",
            lambda: servers.modern(folder, *pki.ec, groups="X25519MLKEM768:X25519:P-256", early_data=16384),
            frozenset({"hashes-weak", "extensions-unwanted", "early-data-accepted"}),
            "OpenSSL 4.0, TLS 1.2 and 1.3, X25519MLKEM768, early data",
        ),
    )
    return known, pki.ca_file
