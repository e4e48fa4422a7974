"""Asks a time-stamping authority (RFC 3161, over HTTP) for a token. Nothing is sent but a digest and a nonce."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import httpx
from asn1crypto import cms, core, tsp

from pgssi_reports.seal.certificates import as_asn1
from pgssi_reports.seal.codes import Refusal, refuse
from pgssi_reports.seal.token import TOKEN_MAX, Token, TokenError, may_stamp, tidied

SECONDS: Final = 20.0
_ANSWER: Final = "application/timestamp-reply"


class _Response(core.Sequence):  # type: ignore[misc]
    """RFC 3161, 2.4.2: a refusal comes without a token, which asn1crypto's own class does not allow."""

    _fields: ClassVar[list[Any]] = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def shown(url: str) -> str:
    """An address as an error may say it: without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")


def require_address(url: str) -> None:
    """SealError unless `url` is an absolute http or https address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise refuse(Refusal.TSA_ADDRESS)


def ask(url: str, data: bytes, *, digest: str = "sha256", now: datetime | None = None) -> bytes:
    """The token of an authority over `data`, DER, verified as far as can be without trust. SealError otherwise."""
    require_address(url)
    nonce = secrets.randbits(64)
    request = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": digest},
                "hashed_message": hashlib.new(digest, data).digest(),
            },
            "nonce": nonce,
            "cert_req": True,
        }
    )
    answer = _post(url, request.dump())
    try:
        response = _Response.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            failure = response["status"]["fail_info"].native
            raise refuse(Refusal.TSA_REFUSED, tsa=shown(url), status=", ".join([status, *sorted(failure or ())]))
        token, found = tidied(response["time_stamp_token"].dump())
    except (ValueError, TypeError, KeyError, TokenError):
        raise refuse(Refusal.TSA_MALFORMED, tsa=shown(url)) from None
    _check(found, data, nonce, shown(url), now or datetime.now(UTC))
    return token


def _check(token: Token, data: bytes, nonce: int, tsa: str, now: datetime) -> None:
    if token.nonce != nonce or not token.stamps(data):
        raise refuse(Refusal.TSA_OTHER_QUESTION, tsa=tsa)
    certificate = token.authority
    if not may_stamp(certificate):
        raise refuse(Refusal.TSA_CERTIFICATE, tsa=tsa)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not (begin <= now <= end and begin <= token.time <= end):
        raise refuse(Refusal.TSA_EXPIRED, tsa=tsa, date=f"{end:%Y-%m-%d}")
    if not well_signed(token, data):
        raise refuse(Refusal.TSA_SIGNATURE, tsa=tsa)


def well_signed(token: Token, data: bytes) -> bool:
    """Whether the signature of the token fits the certificate inside and the data. Says nothing of trust."""
    said = judged(token, data, None)
    return bool(said.get("valid") and said.get("intact"))


def judged(token: Token, data: bytes, context: Any) -> dict[str, Any]:
    """What pyHanko concludes of a token, in the context of its trust; nothing when it cannot read it."""
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    from pyhanko_certvalidator import ValidationContext

    context = context or ValidationContext(trust_roots=[as_asn1(token.authority)], allow_fetching=False)

    async def work() -> dict[str, Any]:
        said: dict[str, Any] = await validate_tst_signed_data(
            token.signed_data, context, lambda name: hashlib.new(name, data).digest()
        )
        return said

    try:
        # The caller may already be inside an event loop: this one lives in a thread of its own.
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(asyncio.run, work()).result()
    except Exception:  # noqa: BLE001 - whatever the library stumbles on, this is no token to rely on
        return {}


def _post(url: str, body: bytes) -> bytes:
    """The body of the answer. SealError for whatever stands between."""
    tsa = shown(url)
    headers = {"Content-Type": "application/timestamp-query", "Accept": _ANSWER}
    try:
        with httpx.stream("POST", url, content=body, headers=headers, timeout=SECONDS) as response:
            if response.status_code != 200:
                raise refuse(Refusal.TSA_HTTP, tsa=tsa, status=str(response.status_code))
            received = bytearray()
            for block in response.iter_bytes(4096):
                received += block
                if len(received) > TOKEN_MAX:
                    raise refuse(Refusal.TSA_MALFORMED, tsa=tsa)
            return bytes(received)
    except httpx.TimeoutException:
        raise refuse(Refusal.TSA_SLOW, tsa=tsa, seconds=f"{SECONDS:.0f}") from None
    except (httpx.HTTPError, OSError):
        raise refuse(Refusal.TSA_UNREACHABLE, tsa=tsa) from None
