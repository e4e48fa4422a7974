"""References to objects in a request: what names one record among many, however it is written."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pgssi_probe.discovery.address import extension
from pgssi_probe.inventory.model import Endpoint, Parameter, Place


class Form(StrEnum):
    """How an identifier is written. An encoded one holds another inside."""

    NUMBER = "number"
    UUID = "uuid"
    HEX = "hex"
    BASE64 = "base64"
    JSON_IN_BASE64 = "json_in_base64"
    COMPOSITE = "composite"
    """Several parts joined by a sign, of which one at least is a number or a UUID: `2026-0042`, `PAT_17`."""
    SLUG = "slug"
    """Words, which name a record only where they differ from one account to another."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`parameter` is where it stands; `inner` what an encoded one holds, "" otherwise."""

    parameter: Parameter
    form: Form
    inner: str = ""

    @property
    def value(self) -> str:
        return self.parameter.value


MAX_LENGTH: Final = 300
ASSETS: Final = frozenset(
    {
        ".js", ".mjs", ".css", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".woff",
        ".woff2", ".ttf", ".eot", ".mp4", ".webm",
    }
)  # fmt: skip
"""Files that are the same for everybody: what is in their names is a version, not a record."""
_NUMBER = re.compile(r"[0-9]{1,20}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?=[0-9a-fA-F]*[0-9])(?=[0-9a-fA-F]*[a-fA-F])(?:[0-9a-fA-F]{2}){6,64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{4,300}={0,2}")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-/.][0-9]{2}[-/.][0-9]{2}(?:[T ].{0,30})?|[0-9]{2}[-/.][0-9]{2}[-/.](?:19|20)[0-9]{2}"
)
_VERSION = re.compile(r"v?[0-9]{1,4}(?:\.[0-9]{1,6}){1,3}|v[0-9]{1,3}", re.IGNORECASE)
_JOINT = re.compile(r"[-_.:|~,]")
_PART = re.compile(r"[A-Za-z0-9]{1,40}")
_SLUG = re.compile(r"[^\W\d_][\w.@+-]{2,79}")
_SECRET_NAME = re.compile(
    r"csrf|xsrf|token|nonce|captcha|signature|viewstate|eventvalidation|password|secret|^state$|^sig$"
)
_PAGING = re.compile(
    r"page|pages?_?(?:size|no|num|number|index)|per_?page|limit|skip|offset|size|count|sort(?:_?by)?|order_?by"
)
_NAMES_A_RECORD = re.compile(
    r"(?:^|[_.\[/-]|(?<=[a-z]))(?:id|ids|uid|uuid|guid|pk|key|ref|reference|slug|user|username|login|account|owner|"
    r"patient|dossier|document|doc|file|fichier|num|numero|number|code|ipp|ins|nir)s?\]?$|^id_[a-z]{2,}$",
    re.IGNORECASE,
)


def references(endpoint: Endpoint) -> tuple[Reference, ...]:
    """The references of a request, in the order of its parameters. Pure."""
    if extension(endpoint.url) in ASSETS:
        return ()
    return tuple(_found(endpoint))


def _found(endpoint: Endpoint) -> Iterator[Reference]:
    for parameter in endpoint.parameters:
        value = parameter.value
        if not value or len(value) > MAX_LENGTH or _SECRET_NAME.search(parameter.name.lower()):
            continue
        if parameter.place is Place.COOKIE or _is_paging(parameter):
            continue
        suffix = extension(endpoint.url) if parameter.place is Place.PATH else ""
        bare = value.removesuffix(suffix) if suffix else value
        form, inner = written_as(bare)
        if form is None and is_record_part(parameter, endpoint) and "{" not in value:
            form = Form.SLUG
        if form is None and _may_be_slug(parameter, endpoint):
            form = Form.SLUG if _SLUG.fullmatch(bare) else None
        if form is not None:
            yield Reference(parameter, form, inner)


def names_a_record(name: str) -> bool:
    """Whether a field is called as those that name one record among many: `viewid`, `patient`, `dossier`."""
    return bool(_NAMES_A_RECORD.search(name))


def written_as(value: str) -> tuple[Form | None, str]:
    """How an identifier is written, and what it holds; None for what is none: a word, a date, a version."""
    if _NUMBER.fullmatch(value):
        return Form.NUMBER, ""
    if _UUID.fullmatch(value):
        return Form.UUID, ""
    if _DATE.fullmatch(value) or _VERSION.fullmatch(value):
        return None, ""
    if _HEX.fullmatch(value):
        return Form.HEX, ""
    decoded = _decoded(value)
    if decoded:
        return (Form.JSON_IN_BASE64 if _is_json(decoded) else Form.BASE64), decoded
    if _is_composite(value):
        return Form.COMPOSITE, ""
    return None, ""


def _decoded(value: str) -> str:
    """The readable text that a base64 or base64url value holds, when it holds an identifier; "" otherwise.

    Words are made of the letters of base64 too: what they decode to is not readable, or holds no digit.
    """
    if not _BASE64.fullmatch(value) or len(value.rstrip("=")) % 4 == 1:
        return ""
    try:
        padded = value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)
        data = base64.b64decode(padded, altchars=b"-_" if re.search("[-_]", value) else b"+/", validate=True)
        text = data.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    readable = len(text) >= 3 and text.isprintable() and any(char.isdigit() for char in text)
    return text if readable and (written_plainly(text) or _is_json(text)) else ""


def written_plainly(text: str) -> bool:
    """Whether a decoded text is an identifier itself: a number, a UUID, or parts joined by signs."""
    return bool(_NUMBER.fullmatch(text) or _UUID.fullmatch(text) or _is_composite(text))


def _is_json(text: str) -> bool:
    if text[:1] not in {"{", "["}:
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_composite(value: str) -> bool:
    if _UUID.search(value):
        return True
    parts = [part for part in _JOINT.split(value.replace("/", ":")) if part]
    usual = 2 <= len(parts) <= 8 and all(_PART.fullmatch(part) for part in parts)
    return usual and any(part.isdigit() for part in parts)


def _is_paging(parameter: Parameter) -> bool:
    """Whether a number says which part of a list is wanted, and names no record."""
    return parameter.place is Place.QUERY and bool(_PAGING.fullmatch(parameter.name.lower()))


def is_record_part(parameter: Parameter, endpoint: Endpoint) -> bool:
    """Whether a description says that a segment of the path names a record."""
    return parameter.place is Place.PATH and int(parameter.name) in endpoint.record_parts


def _may_be_slug(parameter: Parameter, endpoint: Endpoint) -> bool:
    """Words in a path name a record only below something; in a field, when its name says so."""
    if parameter.place is Place.PATH:
        last = max((int(one.name) for one in endpoint.at(Place.PATH)), default=0)
        return parameter.name == str(last) and last >= 1
    return bool(_NAMES_A_RECORD.search(parameter.name))
