"""What names say: which organisation a host is of, whether it is an environment of test, who shares a certificate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pgssi_probe.net.exchange import Exchange
from pgssi_probe.net.scope import parse_address

MAX_NAMES: Final = 200
SECOND_LEVELS: Final = frozenset(
    {"gouv.fr", "asso.fr", "com.fr", "nom.fr", "tm.fr", "co.uk", "org.uk", "ac.uk", "nhs.uk", "com.au"}
)
"""Suffixes of two labels under which organisations register [ours: those met by French establishments]."""
TEST_WORDS: Final = frozenset(
    {
        "dev", "devel", "develop", "development", "developpement", "test", "tests", "tst", "testing", "recette",
        "recettes", "rct", "preprod", "pprod", "preproduction", "staging", "stg", "uat", "qa", "qualif",
        "qualification", "integ", "integration", "sandbox", "bacasable", "homol", "homologation", "horsprod",
        "nonprod", "poc",
    }
)  # fmt: skip
"""Whole words of a name. Left out: `stage`, `formation`, `lab`, `demo`, `beta`, `rec`, which mean other things."""
_SPLIT = re.compile(r"[-_.\d]+")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of a certificate besides the host's own, by what they are to it. Lower case, as written otherwise."""

    own: tuple[str, ...]
    """Of the same organisation, wildcards included."""
    foreign: tuple[str, ...]


def organisation_of(name: str) -> str:
    """The name that an organisation registered: `ch-valombre.fr` for `portail.ch-valombre.fr`; "" for an address."""
    if parse_address(name) is not None:
        return ""
    labels = [label for label in name.lower().strip(".").split(".") if label and label != "*"]
    kept = 3 if ".".join(labels[-2:]) in SECOND_LEVELS else 2
    return ".".join(labels[-kept:])


def words_of_test(name: str) -> list[str]:
    """The words of a host name that speak of a test environment; its last label (`.dev`, `.test`) is not read."""
    if parse_address(name) is not None:
        return []
    labels = name.lower().strip(".").split(".")[:-1]
    words = [word for label in labels for word in _SPLIT.split(label) if word]
    pairs = ["".join(pair) for label in labels for pair in pairwise(_SPLIT.split(label))]
    return [*dict.fromkeys(word for word in (*words, *pairs) if word in TEST_WORDS)]


def certificate_names(exchanges: Iterable[Exchange], host: str) -> tuple[tuple[str, ...], Exchange] | None:
    """The names of the first certificate that came with an answer of the host, and that answer; None when none did.

    Nothing is sent: it is the certificate of a connection that carried a page.
    """
    from pgssi_probe.tls.certificate import UnreadableCertificate, facts_of, read

    for exchange in exchanges:
        if (exchange.request.parts.hostname or "").lower() != host.lower():
            continue
        if exchange.tls is not None and exchange.tls.certificate_der is not None:
            try:
                facts = facts_of(read(exchange.tls.certificate_der))
            except UnreadableCertificate:
                continue
            names = dict.fromkeys(
                name.lower().rstrip(".") for name in facts.dns_names[:MAX_NAMES] if name.isprintable()
            )
            return tuple(names), exchange
    return None


def sorted_names(names: Iterable[str], host: str) -> Names:
    """The names of a certificate, the host's own apart, with and without `www.`. An address is of no organisation."""
    mine, bare = organisation_of(host), host.lower().removeprefix("www.")
    others = [name for name in names if name.removeprefix("www.") != bare and name != "localhost"]
    if not mine:
        return Names(tuple(others), ())
    own = tuple(name for name in others if organisation_of(name) == mine)
    return Names(own, tuple(name for name in others if organisation_of(name) != mine))
