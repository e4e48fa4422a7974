"""The archive: one entry for each exchange, read back from the redacted text that is its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_reports.machine import instant, json_bytes, line, lines, uri
from pgssi_reports.words import Words

HEADERS_MAX = 200
QUERY_MAX = 100


@dataclass(frozen=True)
class Message:
    """First line, headers and body of a request or a response, as they were kept."""

    first: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def header(self, name: str) -> str:
        """The last value of a header, in any case; empty when there is none."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name), "")


def parsed(text: str) -> Message:
    """A kept request or response, cut into its parts. Never fails: without a colon, a line is a header's name."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    first, *rest = head.split("\n")
    pairs = (row.partition(":") for row in rest[:HEADERS_MAX] if row.strip())
    return Message(first.strip(), tuple((name.strip(), value.strip()) for name, _, value in pairs), body)


def render(result: RunResult, lang: Lang) -> bytes:
    """The archive as bytes."""
    words = Words(lang)
    exchanges = sorted(
        (piece for piece in result.evidence if piece.kind == "exchange" and piece.request),
        key=lambda piece: (piece.taken, piece.id),
    )
    log = {
        "version": "1.2",
        "creator": {"name": "pgssi-probe", "version": line(result.run.tool_version, 60)},
        "pages": [],
        "entries": [_entry(piece, result.run.target, words) for piece in exchanges],
        "comment": words.say("har.about", run=line(result.run.id, 100)),
    }
    return json_bytes({"log": log})


def _entry(piece: Evidence, target: str, words: Words) -> dict[str, Any]:
    request, response = parsed(piece.request or ""), parsed(piece.response or "")
    elapsed = piece.data.get("elapsed_ms")
    wait = max(0.0, float(elapsed)) if isinstance(elapsed, int | float) else 0.0
    digest = line(piece.sha256, 100) if piece.sha256 else None
    about = words.say("har.file", id=line(piece.id, 100), sha256=digest) if digest else None
    return {
        "startedDateTime": instant(piece.taken),
        "time": wait,
        "request": _request(request, _address(piece, request, target), response),
        "response": _response(response, piece, words),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
        "comment": about or words.say("har.no_file", id=line(piece.id, 100)),
    }


def _address(piece: Evidence, request: Message, target: str) -> str:
    """The address asked for: the one kept, which is whole, or the one that the request spells."""
    kept = piece.data.get("url")
    if isinstance(kept, str) and "://" in kept:
        return kept
    path = [*request.first.split(" "), "/"][1]
    scheme = target.partition("://")[0] if "://" in target else "https"
    return path if "://" in path else f"{scheme}://{request.header('host') or 'unknown'}{path}"


def _request(request: Message, address: str, response: Message) -> dict[str, Any]:
    method = line((request.first.split(" ") or [""])[0], 60) or "GET"
    made: dict[str, Any] = {
        "method": method,
        "url": uri(address),
        "httpVersion": _version(response.first, "HTTP/1.1"),
        "cookies": [],
        "headers": _headers(request),
        "queryString": _query(address),
        "headersSize": -1,
        "bodySize": len(request.body.encode("utf-8", "replace")),
    }
    if request.body:
        made["postData"] = {"mimeType": line(request.header("content-type"), 200), "text": lines(request.body)}
    return made


def _response(response: Message, piece: Evidence, words: Words) -> dict[str, Any]:
    text = piece.excerpt or response.body
    content: dict[str, Any] = {
        "size": len(text.encode("utf-8", "replace")),
        "mimeType": line(response.header("content-type"), 200) or "x-unknown",
        "comment": words.say("har.excerpt" if text else "har.no_excerpt"),
    }
    if text:
        content["text"] = lines(text)
    if piece.body_sha256:
        content["comment"] += " " + words.say("har.sha256", sha256=line(piece.body_sha256, 100))
    _, status, reason = [*response.first.split(" ", 2), "", "", ""][:3]
    location = response.header("location")
    length = response.header("content-length")
    return {
        "status": int(status) if re.fullmatch(r"[0-9]{3}", status, re.ASCII) else 0,
        "statusText": line(reason, 200),
        "httpVersion": _version(response.first, "HTTP/1.1"),
        "cookies": [],
        "headers": _headers(response),
        "content": content,
        "redirectURL": uri(location) if location else "",
        "headersSize": -1,
        "bodySize": int(length) if re.fullmatch(r"[0-9]{1,15}", length, re.ASCII) else -1,
    }


def _version(first: str, otherwise: str) -> str:
    found = re.match(r"HTTP/[0-9](?:\.[0-9])?", first)
    return found[0] if found else otherwise


def _headers(message: Message) -> list[dict[str, str]]:
    return [{"name": line(name, 200), "value": line(value)} for name, value in message.headers]


def _query(address: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True, max_num_fields=QUERY_MAX)
    except ValueError:
        return []
    return [{"name": line(name, 500), "value": line(value)} for name, value in pairs]
