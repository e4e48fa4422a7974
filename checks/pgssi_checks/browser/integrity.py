"""Subresource Integrity as browsers apply it (W3C SRI): metadata, crossorigin, who serves the file."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from pgssi_probe.discovery.site import Resource

METADATA = re.compile(r"(sha(?:256|384|512))-([A-Za-z0-9+/_-]+={0,2})(?:\?\S*)?")
LENGTHS = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Algorithm -> bytes of its digest. Any other is skipped by browsers."""

SECOND_LEVEL = frozenset({"co", "com", "org", "net", "gov", "gouv", "ac", "edu", "asso", "nom", "prd", "tm"})
"""Names under which a country registers domains: the short list that stands for the Public Suffix List here."""


class Owner(StrEnum):
    """Who serves a resource: the page's own origin, a host of the same site, or another site."""

    SELF = "self"
    SAME_SITE = "same_site"
    THIRD_PARTY = "third_party"


def valid_integrity(attribute: str) -> bool:
    """Is there one hash that a browser would check? Without any, the attribute is as good as absent (SRI §3.3.3)."""
    for token in attribute.split():
        match = METADATA.fullmatch(token)
        if match is not None and len(match[2].rstrip("=")) * 6 // 8 == LENGTHS[match[1]]:
            return True
    return False


def registrable(host: str) -> str:
    """The domain that one organisation registers, as far as the name tells; an address is itself."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) < 3 or labels[-1].isdigit() or ":" in host:
        return ".".join(labels)
    kept = 3 if len(labels[-1]) == 2 and labels[-2] in SECOND_LEVEL else 2
    return ".".join(labels[-kept:])


def owner(resource_url: str, page_url: str) -> Owner:
    """Ports count for the origin, not for the site."""
    there, here = urlsplit(resource_url), urlsplit(page_url)
    if _origin(there) == _origin(here):
        return Owner.SELF
    same = registrable(there.hostname or "") == registrable(here.hostname or "")
    return Owner.SAME_SITE if same else Owner.THIRD_PARTY


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    """An http address counts as its https form: the scheme is https.mixed-content's business."""
    default = 443 if parts.scheme == "https" else 80
    return ("web", (parts.hostname or "").lower(), 0 if (parts.port or default) in {80, 443} else parts.port or 0)


def kind_of(resource: Resource) -> str | None:
    """ "script" or "style" for what SRI protects; None for the rest, data blocks and inline scripts."""
    if urlsplit(resource.url).scheme not in {"http", "https"}:
        return None
    if resource.tag == "script":
        return None if _is_data_block(resource.kind) else "script"
    if resource.tag != "link":
        return None
    relations = {relation.lower() for relation in resource.rel}
    if "stylesheet" in relations:
        return "style"
    return "script" if "modulepreload" in relations else None


def _is_data_block(kind: str) -> bool:
    media = kind.split(";")[0].strip().lower()
    return bool(media) and media != "module" and "javascript" not in media and "ecmascript" not in media
