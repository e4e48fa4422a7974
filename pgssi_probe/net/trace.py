"""What a run leaves behind of its traffic: lines in the journal, and the headers of every exchange in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pgssi_probe.net.exchange import Exchange
from pgssi_probe.net.fingerprint import tokens_of
from pgssi_probe.net.journal import Journal, Value
from pgssi_probe.redact import Redactor, redact_url

TRANSCRIPT_BYTES = 16_000_000
"""Header bytes kept over a run, so that a target cannot fill the memory with them."""


class Trace:
    """Every method that writes raises JournalError when no trace can be kept. The journal may be None."""

    def __init__(
        self, journal: Journal | None, token_key: bytes | None = None, redactor: Redactor | None = None
    ) -> None:
        """`token_key`: with it, the journal keeps fingerprints of session tokens (pgssi_probe.net.fingerprint)."""
        self.dropped = 0
        """Exchanges that are not in the transcript, for want of room."""
        self._journal = journal
        self._token_key = token_key
        self._redactor = redactor or Redactor()
        self._tokens_told: set[str] = set()
        self._transcript: list[Exchange] = []
        self._room = TRANSCRIPT_BYTES

    @property
    def transcript(self) -> Sequence[Exchange]:
        """Exchanges that took place, in order of completion, without their bodies."""
        return self._transcript

    @property
    def head(self) -> str:
        """SHA-256 of the last line of the journal; "" without a journal."""
        return self._journal.head if self._journal is not None else ""

    def exchange(self, exchange: Exchange) -> None:
        """A `request` line, or a `refused` line for what never left."""
        sent = bool(exchange.sent_headers)
        if exchange.request.account and exchange.response is not None:
            self._redactor.people.meet(exchange.response)
        if sent:
            self._remember(exchange)
        if self._journal is None:
            return
        fields: dict[str, Value] = {
            "by": exchange.by,
            "id": exchange.id,
            "method": exchange.request.method,
            "ms": round(exchange.elapsed * 1000),
            "url": self._clean_url(exchange.url),
        }
        if exchange.request.account:
            fields["account"] = exchange.request.account
        if exchange.request.act:
            fields["act"] = exchange.request.act
        for name, value in exchange.sent_headers:
            if name.lower() == "x-forwarded-for":
                fields["forwarded_for"] = self._redactor.text(value[:200])
        if self._token_key is not None:
            told = [one for one in tokens_of(exchange, self._token_key) if one not in self._tokens_told]
            if told:
                self._tokens_told.update(told)
                fields["tokens"] = ",".join(told)
        if exchange.request.via:
            fields["via"] = ",".join(exchange.request.via)
        if exchange.peer:
            fields["peer"] = exchange.peer
            fields["source"] = exchange.source
        if exchange.failure is not None:
            fields["failure"] = exchange.failure
            fields["detail"] = self._redactor.text(exchange.detail)
        response = exchange.response
        if response is not None:
            fields["status"] = response.status
            fields["bytes"] = response.wire_bytes
            if response.truncated is not None:
                fields["truncated"] = response.truncated
        self._journal.write("request" if sent else "refused", fields, exchange.started)

    def _clean_url(self, url: str) -> str:
        """Values known beforehand are marked first: parameters are marked by their names, which know none."""
        return redact_url(self._redactor.known(url), self._redactor)

    def write(self, kind: str, fields: Mapping[str, Value], at: datetime | None = None) -> None:
        if self._journal is not None:
            self._journal.write(kind, fields, at)

    def _remember(self, exchange: Exchange) -> None:
        response = exchange.response
        size = sum(len(name) + len(value) for name, value in response.headers) if response is not None else 0
        if size > self._room:
            self.dropped += 1
            return
        self._room -= size
        request = replace(exchange.request, body=b"") if exchange.request.body else exchange.request
        bare = replace(response, body=b"") if response is not None else None
        self._transcript.append(replace(exchange, response=bare, request=request))
