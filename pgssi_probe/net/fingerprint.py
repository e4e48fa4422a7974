"""Fingerprints of session tokens, so that a token can be recognised in a log later and never read from the run.

HMAC-SHA256 under a key that stays beside the run and leaves with no dossier: without it a fingerprint says nothing.
Only values long and varied enough to be tokens have one; a password never has.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from pgssi_probe.net.exchange import Exchange

SHORTEST: Final = 20
VARIED: Final = 10
"""Different characters that a token has at least."""
MOST: Final = 12
PIECES: Final = re.compile(rf"[A-Za-z0-9_.~+/-]{{{SHORTEST},2048}}")
_BEARER: Final = re.compile(r"(?i)^(?:bearer|token|jwt)\s+")


def pieces(text: str) -> Iterable[str]:
    """What could be a token in a text, as it stands and percent-decoded."""
    for form in dict.fromkeys((text, unquote(text)) if "%" in text else (text,)):
        for found in PIECES.findall(form):
            piece = found.strip(".-/")
            if len(piece) >= SHORTEST and len(set(piece)) >= VARIED:
                yield piece


def fingerprint(key: bytes, piece: str) -> str:
    """32 hexadecimal digits."""
    return hmac.new(key, piece.encode(), hashlib.sha256).hexdigest()[:32]


def tokens_of(exchange: Exchange, key: bytes) -> tuple[str, ...]:
    """Fingerprints of what a session carried: cookies and bearer token, sent or set; none without an account."""
    if not exchange.request.account:
        return ()
    carried: list[str] = []
    for name, value in exchange.sent_headers:
        if name.lower() == "cookie":
            carried += [pair.partition("=")[2] for pair in value.split(";")]
        elif name.lower() == "authorization" and _BEARER.match(value):
            carried.append(_BEARER.sub("", value))
    if exchange.response is not None:
        carried += [one.partition(";")[0].partition("=")[2] for one in exchange.response.all("set-cookie")]
    found = dict.fromkeys(fingerprint(key, piece) for value in carried for piece in pieces(value))
    return tuple(found)[:MOST]
