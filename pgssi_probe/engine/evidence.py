"""Evidence on disk: redacted first, then stored 0600 and hashed."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from pgssi_probe.clock import Clock
from pgssi_probe.engine.folder import FolderError, symbol_of
from pgssi_probe.model.evidence import Evidence, EvidenceKind
from pgssi_probe.model.text import Bilingual
from pgssi_probe.net.exchange import Exchange, Headers
from pgssi_probe.redact import Redactor, redact_headers, redact_url

MAX_TITLE = 2000
MAX_EXCERPT = 1200
MAX_HEADER_VALUE = 600
MAX_HEADERS = 60
TOLD = {"title", "request", "response", "excerpt", "data"}
"""What of a piece comes from a target or from a check."""


class EvidenceRoom:
    """The evidence of one run. The redaction key lives as long as this object and is never written."""

    def __init__(self, folder: Path, clock: Clock, redactor: Redactor | None = None) -> None:
        self._folder = folder
        self._clock = clock
        self._redactor = redactor or Redactor()
        self._by_exchange: dict[tuple[str, str | None, Bilingual | None], str] = {}
        self._pieces: dict[str, Evidence] = {}
        taken = {path.stem for path in folder.glob("E*.json")}
        self._numbers = (f"E{n:04d}" for n in itertools.count(1) if f"E{n:04d}" not in taken)
        for path in sorted(folder.glob("E*.json")):
            try:
                raw = path.read_bytes()
                piece = Evidence.model_validate_json(raw)
            except (OSError, ValueError):
                continue  # torn by a crash; its check runs again and keeps its own
            self._pieces[piece.id] = piece.model_copy(update={"sha256": hashlib.sha256(raw).hexdigest()})

    def pieces(self) -> tuple[Evidence, ...]:
        return tuple(self._pieces[name] for name in sorted(self._pieces))

    def settle(self) -> None:
        """Mark in what was kept early the persons that the run met later. Raises FolderError."""
        clean = self._redactor.known
        for piece in self.pieces():
            raw = piece.model_dump(mode="json", include=TOLD)
            if (marked := _each_text(raw, clean)) != raw:
                self._replace(Evidence.model_validate(piece.model_dump(exclude={"sha256"}) | marked))

    def exchange(self, check: str, exchange: Exchange, *, excerpt: str | None, title: Bilingual | None) -> str:
        known = self._by_exchange.get((exchange.id, excerpt, title))
        if known is not None:
            return known
        response = exchange.response
        if response is not None:
            self._redactor.people.meet(response)
        clean = self._redactor.text
        parts = exchange.request.parts
        target = exchange.request.origin_form or (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = [f"{exchange.request.method} {redact_url(target, self._redactor)} {_version(exchange)}"]
        sent += self._lines(exchange.sent_headers)
        if exchange.request.body:
            sent.append(f"\n[{len(exchange.request.body)} bytes]")
        received = None
        if response is not None:
            received = "\n".join(
                [f"{response.http_version} {response.status} {clean(response.reason)}", *self._lines(response.headers)]
            )
        elif exchange.failure is not None:
            received = f"[{exchange.failure}] {clean(exchange.detail)}"
        identifier = self._store(
            Evidence(
                id=next(self._numbers),
                kind="exchange",
                taken=exchange.started,
                check=check,
                title=self._titled(title)
                if title is not None
                else _plain(f"{exchange.request.method} {exchange.url}", self._redactor),
                request="\n".join(sent),
                response=received,
                excerpt=clean(excerpt)[:MAX_EXCERPT] if excerpt is not None else None,
                body_sha256=response.sha256 if response and response.body else None,
                data={
                    "url": self._redactor.known(redact_url(exchange.url, self._redactor)),
                    "request_id": exchange.id,
                    "peer": exchange.peer,
                    "elapsed_ms": round(exchange.elapsed * 1000),
                    "truncated": response.truncated if response else None,
                },
            )
        )
        self._by_exchange[exchange.id, excerpt, title] = identifier
        return identifier

    def facts(self, check: str, kind: EvidenceKind, title: Bilingual, data: Mapping[str, JsonValue]) -> str:
        return self._store(
            Evidence(
                id=next(self._numbers),
                kind=kind,
                taken=self._clock.now(),
                check=check,
                title=self._titled(title),
                data=self._cleaned(data),
            )
        )

    def _titled(self, title: Bilingual) -> Bilingual:
        clean = self._redactor.text
        return Bilingual(fr=clean(title.fr)[:MAX_TITLE], en=clean(title.en)[:MAX_TITLE])

    def _cleaned(self, data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        clean = self._redactor.value(dict(data))
        assert isinstance(clean, dict)  # noqa: S101 (narrowing)
        return clean

    def _lines(self, headers: Headers) -> list[str]:
        kept = redact_headers(headers[:MAX_HEADERS], self._redactor)
        lines = [f"{name[:200]}: {value[:MAX_HEADER_VALUE]}" for name, value in kept]
        more = len(headers) - len(kept)
        return [*lines, f"[+{more}]"] if more > 0 else lines

    def _store(self, piece: Evidence) -> str:
        known = self._redactor.known
        told = {name: known(text) for name in ("request", "response") if (text := getattr(piece, name))}
        title = Bilingual(fr=known(piece.title.fr), en=known(piece.title.en))
        # Addresses and headers are marked by their own rules, which know no value.
        piece = piece.model_copy(update={**told, "title": title})
        raw = piece.model_dump_json(indent=1).encode()
        path = self._folder / f"{piece.id}.json"
        self._write(path, raw)
        self._pieces[piece.id] = piece.model_copy(update={"sha256": hashlib.sha256(raw).hexdigest()})
        return piece.id

    def _replace(self, piece: Evidence) -> None:
        """Another text for a piece that is there: one or the other is on disk, whatever happens."""
        raw = piece.model_dump_json(indent=1).encode()
        path = self._folder / f"{piece.id}.json"
        aside = path.with_suffix(".new")
        aside.unlink(missing_ok=True)
        self._write(aside, raw)
        aside.replace(path)
        self._pieces[piece.id] = piece.model_copy(update={"sha256": hashlib.sha256(raw).hexdigest()})

    @staticmethod
    def _write(path: Path, raw: bytes) -> None:
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(raw)
        except OSError as error:
            raise FolderError("unwritable", path, symbol_of(error)) from None


def _each_text(value: Any, clean: Callable[[str], str]) -> Any:
    """JSON with each of its texts cleaned, its keys as they are."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_each_text(item, clean) for item in value]
    if isinstance(value, dict):
        return {name: _each_text(item, clean) for name, item in value.items()}
    return value


def _plain(line: str, redactor: Redactor) -> Bilingual:
    """A line of the protocol, the same in both languages."""
    text = redact_url(line, redactor)[:MAX_TITLE]
    return Bilingual(fr=text, en=text)


def _version(exchange: Exchange) -> str:
    """The version of HTTP that carried the request: that of the answer, else what the connection had agreed on."""
    if exchange.response is not None:
        return exchange.response.http_version
    return "HTTP/2" if exchange.tls is not None and exchange.tls.alpn == "h2" else "HTTP/1.1"
