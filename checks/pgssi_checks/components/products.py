"""Which software a banner names, and with what precision. Pure reading of strings that the target chose.

Grammar of Server and Via: RFC 9110 §10.2.4 and §7.6.3. Real servers write more freely ("Jetty(9.4.31)",
"Phusion Passenger 6.0.4"), so the reading is by tokens rather than by the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

MAX_BANNER = 512
MAX_PRODUCTS = 16
MAX_NAME = 60

VERSION = re.compile(r"[vV]?(\d{1,6}(?:\.\d{1,10}){0,5}(?:[.-]?[A-Za-z0-9_+~-]{1,24}){0,4})")
_TOKEN = re.compile(r"\(([^()]{0,200})\)|([^\s()/,;]{1,80})(?:/([^\s(),;]{1,60}))?")
_DATE_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}[a-z]?")
_NUMBERS = re.compile(r"\d{1,10}")

DISTRIBUTIONS = frozenset(
    {
        "debian", "ubuntu", "centos", "red hat", "red hat enterprise linux", "fedora", "almalinux", "rocky linux",
        "oracle linux", "amazon linux", "suse", "opensuse", "linux/suse", "alpine", "raspbian", "gentoo", "freebsd",
        "mageia", "scientific linux", "univention", "cloudlinux",
    }
)  # fmt: skip

WHOLE_IN_TWO_PARTS = frozenset({"wordpress", "squid", "spip"})
"""Products whose first release of a branch has no third number: "6.4" is then a whole version."""


FROZEN_NUMBERS = frozenset({"apache-coyote", "wsgiserver", "basehttp", "simplehttp"})
"""Products that write the same number whatever their release: it tells nothing."""

_MARKS = frozenset({"r", "tm", "c", "®", "™"})


class Precision(IntEnum):
    """How much a banner tells: the product, its branch (up to two numbers), or the very release."""

    PRODUCT = 0
    BRANCH = 1
    EXACT = 2


@dataclass(frozen=True, slots=True)
class Product:
    """A product as a banner names it. `version` is "" when there is none; `distribution` is its packager."""

    name: str
    version: str = ""
    distribution: str = ""

    @property
    def precision(self) -> Precision:
        if not self.version:
            return Precision.PRODUCT
        if _DATE_VERSION.match(self.version):
            return Precision.EXACT
        numbers = numbers_of(self.version)
        wanted = 2 if self.name.lower() in WHOLE_IN_TWO_PARTS else 3
        return Precision.EXACT if len(numbers) >= wanted else Precision.BRANCH

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def numbers_of(version: str) -> tuple[int, ...]:
    """The leading dotted numbers: (1, 1, 1) for "1.1.1k-fips", () when there is none."""
    leading = re.match(r"[vV]?(\d{1,10}(?:\.\d{1,10}){0,6})", version)
    return tuple(int(number) for number in _NUMBERS.findall(leading.group(1))) if leading else ()


def version_in(text: str) -> str:
    """The version that a string begins with, without a leading v; "" when it begins with none."""
    dated = _DATE_VERSION.match(text)
    if dated:
        return dated.group()
    found = VERSION.match(text)
    return found.group(1).rstrip(".-+~_") if found else ""


def products_of(banner: str) -> tuple[Product, ...]:
    """Products of a Server or X-Powered-By value, in order. A value without any product gives ().

    >>> [str(product) for product in products_of("Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips")]
    ['Apache 2.4.6', 'OpenSSL 1.0.2k-fips']
    """
    found: list[Product] = []
    words: list[str] = []

    def close(version: str = "") -> None:
        name = " ".join(words)[:MAX_NAME].strip()
        words.clear()
        if name:
            found.append(Product(name, "" if name.lower() in FROZEN_NUMBERS else version))

    for comment, name, version, glued in _tokens(banner[:MAX_BANNER]):
        if comment is not None:
            inner = comment.strip()
            if inner.lower() in DISTRIBUTIONS:
                close()
                if found:
                    found[-1] = Product(found[-1].name, found[-1].version, inner)
            elif inner.lower() in _MARKS:
                continue
            elif glued and words and version_in(inner):
                close(version_in(inner))
            else:
                close()
                found.extend(_inner_products(inner))
        elif version:
            words.append(name)
            close(version_in(version))
        elif words and version_in(name) and name.lstrip("vV")[:1].isdigit():
            close(version_in(name))
        elif name[:1].isalpha():
            words.append(name)
        if len(found) >= MAX_PRODUCTS:
            return tuple(found[:MAX_PRODUCTS])
    close()
    return tuple(found[:MAX_PRODUCTS])


def _tokens(banner: str) -> Iterator[tuple[str | None, str, str, bool]]:
    """Comment or None, name, version, and whether the token touches the one before."""
    end = -1
    for match in _TOKEN.finditer(banner):
        yield match.group(1), match.group(2) or "", match.group(3) or "", match.start() == end
        end = match.end()


def _inner_products(comment: str) -> Iterator[Product]:
    """Products with a version inside a comment, as in "1.1 varnish (Varnish/6.5)"."""
    for name, version in re.findall(r"([A-Za-z][\w.+-]{0,40})/(\d[\w.+-]{0,40})", comment):
        yield Product(name, version_in(version))


def products_of_via(value: str) -> tuple[Product, ...]:
    """Products in the comments of a Via value. Its first number is a protocol version, its second a pseudonym."""
    comments = re.findall(r"\(([^()]{0,200})\)", value[:MAX_BANNER])
    return tuple(product for comment in comments for product in _inner_products(comment))[:MAX_PRODUCTS]


def product_of_generator(content: str) -> Product | None:
    """The product that a generator tag names; its slogan and its address are left out.

    >>> str(product_of_generator('DokuWiki Release 2024-02-06b "Kaos"'))
    'DokuWiki 2024-02-06b'
    """
    text = re.split(r"[(;<\"]|https?:|\s[-–—|]\s(?!\d)", content[:MAX_BANNER], maxsplit=1)[0]
    words: list[str] = []
    for word in text.split():
        version = version_in(word)
        if words and version and word.lstrip("vV")[:1].isdigit():
            return Product(_name(words), version)
        if words or word[:1].isalpha():
            words.append(word)
    return Product(_name(words)) if words else None


def _name(words: list[str]) -> str:
    kept = [word for word in words if word.lower().rstrip(":.") not in {"release", "version", "v", "-"}]
    return " ".join(kept or words)[:MAX_NAME].rstrip("!,:")
