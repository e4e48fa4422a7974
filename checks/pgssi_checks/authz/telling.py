"""What the report shows of an access: the place that proves, and a command line that repeats it, without secrets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from pgssi_checks.authz.comparing import held
from pgssi_probe.check import Exchange, Subject, Target
from pgssi_probe.compare.marks import text_of
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint
from pgssi_probe.inventory.requests import request_of
from pgssi_probe.redact import redact_url
from pgssi_probe.redact.text import redact_text

BEFORE, AFTER = 40, 12
"""Characters shown before what proves, where its label stands, and after it."""
LONGEST_BODY = 600
BEARER = "authorization: bearer"
"""What stands for the header of a bearer token (RFC 6750 §2.1), for which curl has an option."""
_CARRIES = re.compile(r"^cookie$|authorization|token|api[-_]?key|^x-auth|session", re.IGNORECASE)


def excerpt(values: Iterable[str], exchange: Exchange) -> str | None:
    """The place in an answer where a value stands; the store redacts it."""
    said = text_of(exchange)
    for value in sorted(held(values, exchange)):
        at = said.find(value)
        return said[max(0, at - BEFORE) : at + len(value) + AFTER]
    return None


def carried(answer: Exchange, endpoint: Endpoint) -> tuple[str, ...]:
    """The headers that carried the session of an answer: a cookie, a token."""
    own = {name.lower() for name, _ in endpoint.headers}
    names = dict.fromkeys(
        BEARER if value.startswith("Bearer ") else name
        for name, value in answer.request.headers
        if name.lower() not in own
    )
    return tuple(name for name in names if _CARRIES.search(name))


def curl(endpoint: Endpoint, who: str, headers: Sequence[str] = ()) -> str:
    """A command line that repeats the request, safe to paste; the session is left for the reader to put in, into the
    `headers` that carried it.

    Secrets of the address and personal data of the body are marked: they are not shown again.
    """
    request = request_of(endpoint)
    words = ["curl", "-g", "--path-as-is", "--request", endpoint.method]
    if who:
        for name in headers or ("Cookie",):
            if name == BEARER:  # written as a header, it would be marked as the secret that it stands for
                words += ["--oauth2-bearer", f"<session {who}>"]
            else:
                words += ["--header", f"{name}: <session {who}>"]
    for name, value in request.headers:
        words += ["--header", f"{name}: {redact_text(value)}"]
    if endpoint.body:
        body = redact_text(endpoint.body.decode("utf-8", "replace"))
        words += ["--data", body if len(body) <= LONGEST_BODY else "@body"]
    return shlex.join([*words, redact_url(endpoint.url)])


def compared(
    endpoint: Endpoint, name: str, owner: str, asker: str, original: Exchange, answer: Exchange
) -> dict[str, JsonValue]:
    """The facts of a comparison in which the session alone changed."""
    return {
        "owner": owner or "nobody",
        "asker": asker or "nobody",
        "changed": "session",
        "request": name,
        "same_body": sha256(original) == sha256(answer),
        "sha256_owner": sha256(original),
        "sha256_asker": sha256(answer),
        "curl": curl(endpoint, asker if asker != ANONYMOUS else "", carried(answer, endpoint)),
    }


def subject_of(target: Target, name: str) -> Subject:
    """One subject for a template: identifiers of records are no part of it."""
    return Subject(kind="url", name=f"{target.origin}{name.partition(' ')[2]}"[:2000])


def sha256(exchange: Exchange) -> str:
    return exchange.response.sha256 if exchange.response else ""
