"""Was an HS token signed with a secret that is publicly known? Tried here, on one token: nothing is sent.

The list is `known_secrets.yaml`; words of the site (host, issuer) are tried too, as they are and beside usual endings.
A secret that is found is never shown nor kept: the report says that it is known.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from pgssi_checks.session.tokens.json_token import HASHES, JsonToken, is_signed_with
from pgssi_probe import yaml_text

LIST: Final = Path(__file__).with_name("known_secrets.yaml")
ENDINGS: Final = (
    "",
    "1",
    "12",
    "123",
    "1234",
    "!",
    "2024",
    "2025",
    "2026",
    "-secret",
    "_secret",
    "secret",
    "-jwt",
    "_jwt",
)
MAX_WORDS: Final = 40
AT_ONCE: Final = 256
"""Candidates tried between two looks at the clock."""


@cache
def known_secrets() -> tuple[str, ...]:
    """The list, in its order, each once."""
    data = yaml_text.read(LIST)
    return tuple(dict.fromkeys(str(secret) for group in data["groups"] for secret in group["secrets"]))


def site_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Words of names and addresses of the site, lower case: three letters at least, each once."""
    found = (word for text in texts for word in re.findall(r"[^\W_]{3,40}", text.lower()[:500]))
    return tuple(dict.fromkeys(found))[:MAX_WORDS]


def candidates(words: Iterable[str]) -> Iterator[bytes]:
    """Keys to try, likeliest first: the list, its capitals, what it decodes to from base64, then words of the site."""
    seen: set[bytes] = set()
    for text in _spelled(words):
        for key in (text.encode(), *_decoded(text)):
            if key not in seen:
                seen.add(key)
                yield key
    yield b""


def _spelled(words: Iterable[str]) -> Iterator[str]:
    known = known_secrets()
    yield from known
    for secret in known:
        yield from (secret.upper(), secret.capitalize(), secret + "\n")
    for word in words:
        for ending in ENDINGS:
            yield from (word + ending, word.capitalize() + ending, word.upper() + ending)


def _decoded(text: str) -> Iterator[bytes]:
    """Several libraries take a secret for base64 and sign with what it decodes to."""
    if len(text) < 8 or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text):
        return
    for decode in (base64.b64decode, base64.urlsafe_b64decode):
        try:
            yield decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            continue


def is_guessed(
    token: JsonToken, words: Iterable[str], seconds: float, now: Callable[[], float] = time.thread_time
) -> bool:
    """Whether a candidate signed the token, within `seconds` of CPU; what was not tried then is taken for unknown."""
    if token.algorithm not in HASHES:
        return False
    began = now()
    for number, key in enumerate(candidates(words), 1):
        if is_signed_with(token, key):
            return True
        if number % AT_ONCE == 0 and now() - began > seconds:
            break
    return False


async def guessed(token: JsonToken, words: Iterable[str], seconds: float) -> bool:
    """`is_guessed` in a thread of its own: the event loop goes on."""
    return await asyncio.to_thread(is_guessed, token, tuple(words), seconds)
