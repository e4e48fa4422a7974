"""Does a cookie look like one that carries a session? From its name and the randomness of its value, never stored."""

from __future__ import annotations

import math
import re
from collections import Counter
from enum import StrEnum
from itertools import pairwise
from urllib.parse import unquote

SESSION_NAME = re.compile(
    r"sess|(?:^|[._-])s?id$|(?:^|[._-])sid|auth|token|jwt|login|logged|identity|remember|ticket|passport|sso"
    r"|^\.?aspnet|dokuwiki$|^connect\.sid$",
    re.IGNORECASE,
)
ORDINARY_NAME = re.compile(
    r"csrf|xsrf|antiforg|requestverification|(?:^|[._-])lang|locale|theme|consent|cookie_?(?:banner|notice|law|pref)"
    r"|gdpr|rgpd|tarteaucitron|axeptio|didomi|timezone|^tz$|currency|test_?cookie|^_?_?utm|visitor"
    r"|^_ga|^_gid|^_gat|^_pk_|^_fb|^_hj|matomo|piwik|^at[a-z]*id$|^xt[a-z]+$"
    r"|^awsalb|^arraffinity|^bigip|^ts[0-9a-f]{6,}|serverid|^route$|^srv|^__cf|^cf_|^_cf|^incap_|^visid_|^nlbi_"
    r"|^ak_|^bm_|affinity",
    re.IGNORECASE,
)
"""Form tokens, preferences, consent, audience measurement, load balancing: scripts may have to read some of them."""

TOKEN = re.compile(r"[A-Za-z0-9+/_-]{10,}={0,2}")
ENOUGH_BITS = 64.0
"""NIST SP 800-63B §5.1.4 and OWASP's session guide ask 64 bits of a session identifier: below, a value is not one."""


class Likeness(StrEnum):
    """`SESSION`: random and named so. `RANDOM`: random, and nothing else is known. `ORDINARY`: all the others."""

    SESSION = "session"
    RANDOM = "random"
    ORDINARY = "ordinary"


def random_bits(value: str) -> float:
    """An upper estimate of the randomness of a value, in bits; words, dates and counters give little or nothing."""
    return sum(_bits(token) for token in TOKEN.findall(unquote(value[:4_096])))


def _bits(token: str) -> float:
    if not any(char.isdigit() for char in token) and _changes_of_case(token) < len(token) / 4:
        return 0.0  # words, snake_case, CamelCase; and about one random value of 128 bits in a thousand
    if not any(char.isalpha() for char in token) and len(token) < 20:
        return 0.0  # dates and counters
    counts = Counter(token)
    shannon = -sum(n / len(token) * math.log2(n / len(token)) for n in counts.values())
    return shannon * len(token)


def _changes_of_case(token: str) -> int:
    return sum(a.isalpha() and b.isalpha() and a.islower() != b.islower() for a, b in pairwise(token))


def likeness(name: str, values: list[str]) -> Likeness:
    """What a cookie looks like, from its name and every value seen for it."""
    bare = re.sub(r"^__(?:host|secure)-", "", name, flags=re.IGNORECASE)
    if ORDINARY_NAME.search(bare):
        return Likeness.ORDINARY
    if max((random_bits(value) for value in values), default=0.0) < ENOUGH_BITS:
        return Likeness.ORDINARY
    return Likeness.SESSION if SESSION_NAME.search(bare) else Likeness.RANDOM
