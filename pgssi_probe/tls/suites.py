"""Cipher suites: number, name, and what the name says about each part.

The table ``data/suites.csv`` holds the numbers and names of the IANA registry "TLS Cipher Suites", plus the withdrawn
ones that a server may still answer (EXPORT1024, FIPS, GOST, draft ChaCha20).
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from pgssi_probe.tls.names import Version

KeyExchange = Literal["ECDHE", "DHE", "RSA", "DH", "ECDH", "PSK", "RSA_PSK", "SRP", "KRB5", "GOST", "other", "TLS13"]
Authentication = Literal["ECDSA", "RSA", "DSS", "anon", "PSK", "other", "any"]
Mode = Literal["AEAD", "CCM_8", "CBC", "stream", "NULL", "other"]


@dataclass(frozen=True, slots=True)
class Suite:
    """One cipher suite by its two-byte number."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What the name of a suite promises. ``mac`` is ``AEAD`` when the cipher authenticates by itself."""

    key_exchange: KeyExchange
    authentication: Authentication
    cipher: str
    mode: Mode
    mac: str
    export: bool


@cache
def table() -> dict[int, Suite]:
    """All known suites by number."""
    text = files("pgssi_probe.tls").joinpath("data/suites.csv").read_text(encoding="ascii")
    rows = csv.DictReader(text.splitlines())
    return {number: Suite(number, row["name"]) for row in rows for number in (int(row["id"], 16),)}


@cache
def by_name() -> dict[str, Suite]:
    """All known suites by IANA name."""
    return {suite.name: suite for suite in table().values()}


def suite_of(number: int) -> Suite:
    """The suite of that number, named ``suite_0x1234`` when unassigned (a server may answer anything)."""
    return table().get(number) or Suite(number, f"suite_0x{number:04X}")


# Longest first: the first whose words all appear in the name wins.
_CIPHERS = (
    ("NULL", "NULL"),
    ("RC4", "RC4"),
    ("RC2", "RC2"),
    ("DES40", "DES"),
    ("3DES", "3DES"),
    ("DES", "DES"),
    ("IDEA", "IDEA"),
    ("SEED", "SEED"),
    ("AES", "AES"),
    ("CAMELLIA", "CAMELLIA"),
    ("ARIA", "ARIA"),
    ("CHACHA20", "CHACHA20"),
    ("SM4", "SM4"),
    ("28147", "GOST"),
    ("KUZNYECHIK", "GOST"),
    ("MAGMA", "GOST"),
)


@cache
def parts(suite: Suite) -> Parts:
    """Split a suite name; unknown names give ``other`` everywhere, which no profile accepts."""
    name = suite.name
    export = "EXPORT" in name
    if suite.id in (0xC0B4, 0xC0B5):  # RFC 9150: TLS 1.3 without encryption
        return Parts("TLS13", "any", "NULL", "NULL", name.rsplit("_", 1)[1], export=False)
    head, separator, tail = name.partition("_WITH_")
    if not separator:
        head, tail = "", name.removeprefix("TLS_")
    words = tail.split("_")
    cipher = next((label for word, label in _CIPHERS if word in words), "other")
    key_exchange, authentication = _head(head.split("_"))
    if not separator and (name.startswith("TLS_") and cipher != "other"):
        key_exchange, authentication = "TLS13", "any"
    mode = _mode(words, cipher)
    mac = "AEAD" if mode in ("AEAD", "CCM_8") else words[-1]
    return Parts(key_exchange, authentication, cipher, mode, mac, export)


def _head(words: list[str]) -> tuple[KeyExchange, Authentication]:
    if "anon" in words:
        return ("ECDH" if "ECDH" in words else "DH"), "anon"
    if "KRB5" in words:
        return "KRB5", "other"
    if "SRP" in words:
        return "SRP", "RSA" if "RSA" in words else "DSS" if "DSS" in words else "other"
    if any(word.startswith("GOST") for word in words):
        return "GOST", "other"
    if "PSK" in words:
        if "RSA" in words:
            return "RSA_PSK", "RSA"
        return ("ECDHE" if "ECDHE" in words else "DHE" if "DHE" in words else "PSK"), "PSK"
    signer: Authentication = "ECDSA" if "ECDSA" in words else "DSS" if "DSS" in words else "RSA"
    for label in ("ECDHE", "DHE", "ECDH", "DH"):
        if label in words:
            return label, signer
    if words[1:2] == ["RSA"]:
        return "RSA", "RSA"
    return "other", "other"


def _mode(words: list[str], cipher: str) -> Mode:
    if cipher == "NULL":
        return "NULL"
    if words[-2:] == ["CCM", "8"] or "8" in words:
        return "CCM_8"
    if {"GCM", "CCM", "POLY1305"} & set(words):
        return "AEAD"
    if cipher == "RC4" or "CNT" in words or "CTR" in words:
        return "stream"
    if "CBC" in words or cipher in ("RC2", "DES"):
        return "CBC"
    return "other"


def weaknesses(suite: Suite) -> frozenset[str]:
    """The features of a suite that some recommendation looks at; the unit of the short enumeration.

    Two suites with the same features are interchangeable for the grading of an old protocol version.
    """
    part = parts(suite)
    found = {f"kx:{part.key_exchange}", f"auth:{part.authentication}", f"cipher:{part.cipher}", f"mode:{part.mode}"}
    if part.mac == "MD5":
        found.add("mac:MD5")
    if part.export:
        found.add("export")
    return frozenset(found)


_MODERN_MACS = ("SHA256", "SHA384", "AEAD", "draft", "OMAC", "IMIT", "SM3")


def fits(suite: Suite, version: Version) -> bool:
    """True when the suite may be offered in that version (RFC 5246 §A.5, RFC 8446 §B.4)."""
    part = parts(suite)
    if suite.id == 0:  # TLS_NULL_WITH_NULL_NULL is the initial state and never negotiable
        return False
    if version is Version.TLS_1_3:
        return part.key_exchange == "TLS13"
    if part.key_exchange == "TLS13":
        return False
    if version is Version.TLS_1_2:
        return True
    return part.mac not in _MODERN_MACS and part.mode in ("CBC", "stream", "NULL", "other")


_KX_RANK = {"TLS13": 0, "ECDHE": 1, "DHE": 2, "RSA": 3, "DH": 5, "ECDH": 5}
_CIPHER_RANK = {"AES": 0, "CHACHA20": 1, "CAMELLIA": 3, "ARIA": 4}
_MODE_RANK = {"AEAD": 0, "CCM_8": 2, "CBC": 1, "stream": 4, "NULL": 6}


def _rank(suite: Suite) -> tuple[int, ...]:
    part = parts(suite)
    strange = part.key_exchange in ("PSK", "RSA_PSK", "SRP", "KRB5", "GOST", "other") or part.authentication in (
        "PSK",
        "DSS",
    )
    static = part.key_exchange in ("DH", "ECDH") and part.authentication != "anon"
    return (
        int(strange or static),
        int(part.export or part.mode == "NULL" or part.authentication == "anon"),
        _MODE_RANK.get(part.mode, 5),
        _KX_RANK.get(part.key_exchange, 6),
        _CIPHER_RANK.get(part.cipher, 5),
        suite.id,
    )


@cache
def offers(version: Version) -> tuple[tuple[Suite, ...], ...]:
    """The suites to offer in that version, best first, in one or two lists.

    The first list is what common TLS libraries implement; the second holds PSK, SRP, Kerberos, static
    Diffie-Hellman and the like, so that a server with a short input buffer still meets an ordinary hello first.
    """
    ranked = sorted((suite for suite in table().values() if fits(suite, version)), key=_rank)
    common = tuple(suite for suite in ranked if _rank(suite)[0] == 0)
    rare = tuple(suite for suite in ranked if _rank(suite)[0] == 1)
    return tuple(group for group in (common, rare) if group)
