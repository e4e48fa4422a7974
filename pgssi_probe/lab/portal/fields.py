"""Checks of what is received (rule DT1): form, length and likelihood, before any use."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.requests import Request

from pgssi_probe.lab.portal.refusals import BadInput, Refusal

LONGEST_PATH = 1024
LONGEST_QUERY = 2048
LONGEST_BODY = 64 * 1024
_NAME = re.compile(r"[\w.-]{1,40}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PHONE = re.compile(r"0[1-9](?: ?\d\d){4}")


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadInput("bytes that are not UTF-8") from error
    if _CONTROL.search(text):
        raise BadInput("control characters")
    return text


def _pairs(raw: str) -> dict[str, str]:
    _decoded(unquote_to_bytes(raw.replace("+", " ")))
    pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=50)
    values = dict(pairs)
    if len(values) != len(pairs):
        raise BadInput("a parameter is repeated")
    if not all(_NAME.fullmatch(name) for name in values):
        raise BadInput("a parameter name is not one of ours")
    return values


def check_address(request: Request) -> None:
    """Refuse a path or a query that is over-long, badly encoded or made of arrays."""
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    if len(raw_path) > LONGEST_PATH or len(request.url.query) > LONGEST_QUERY:
        raise Refusal(414, "address too long")
    _decoded(unquote_to_bytes(raw_path))
    request.state.query = _pairs(request.url.query)


def query(request: Request) -> dict[str, str]:
    """The parameters of the address, each given once."""
    values: dict[str, str] = request.state.query
    return values


async def _body(request: Request, media_type: str) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise Refusal(415, f"expected {media_type}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise Refusal(413, "body too long")
    return bytes(body)


async def form(request: Request) -> dict[str, str]:
    """The fields of a form, each given once."""
    raw = await _body(request, "application/x-www-form-urlencoded")
    try:
        return _pairs(raw.decode())
    except ValueError as error:
        raise BadInput("form that cannot be read") from error


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object of a request body."""
    raw = await _body(request, "application/json")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadInput("JSON that cannot be read") from error
    if not isinstance(value, dict):
        raise BadInput("JSON that is not an object")
    return value


def text(values: dict[str, Any], name: str, longest: int, *, required: bool = True) -> str:
    """A string of at most `longest` characters, with its outer spaces removed."""
    value = values.get(name, "")
    if not isinstance(value, str) or len(value) > longest or _CONTROL.search(value):
        raise BadInput(f"{name}: not a short text")
    if required and not value.strip():
        raise BadInput(f"{name}: missing")
    return value.strip()


def secret(values: dict[str, Any], name: str) -> str:
    """A password as typed, spaces included, up to 256 characters."""
    value = values.get(name, "")
    if not isinstance(value, str) or len(value) > 256:
        raise BadInput(f"{name}: not a password")
    return value


def day(value: str) -> date:
    """A date written YYYY-MM-DD, between 2000 and 2099."""
    try:
        parsed = date.fromisoformat(value)
    except ValueError as error:
        raise BadInput("date that does not exist") from error
    if not 2000 <= parsed.year <= 2099 or len(value) != 10:
        raise BadInput("date out of range")
    return parsed


def phone(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise BadInput("not a French telephone number")
    return value
