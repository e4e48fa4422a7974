"""Questions that a page asks of a JSON-RPC interface, where no address shows what signed-in people see. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from pgssi_probe.discovery.danger import words_of
from pgssi_probe.net.exchange import Exchange

MAX_QUESTIONS: Final = 6
MAX_BODY: Final = 2000
_ASKS: Final = re.compile(
    r"\b(?:check|get|list|info|session|status|whoami|current|user|users|version|methods|connected|logged|is|has|read)\b"
)
_ACTS: Final = re.compile(
    r"\b(?:log ?in|log ?out|log ?off|sign ?in|sign ?out|authenticate|delete|remove|destroy|set|add|create|save"
    r"|update|write|put|edit|start|stop|run|exec\w*|reset|change|register|events?|poll|upload|move|rename|send)\b"
)


def questions(exchanges: Iterable[Exchange], secrets: Iterable[str]) -> tuple[tuple[str, bytes], ...]:
    """Addresses and bodies of calls by JSON-RPC (`method` and `params`) that only read, as their names say, and that
    the page made by itself. Those of the session first; none that holds one of `secrets`."""
    hidden = [secret.encode() for secret in secrets if secret]
    found: dict[tuple[str, str], tuple[str, bytes]] = {}
    for exchange in exchanges:
        request = exchange.request
        method = _method(request.body) if request.method == "POST" and exchange.status == 200 else ""
        said = words_of(method.replace("_", " ").replace(".", " "))
        if not method or _ACTS.search(said) or not _ASKS.search(said) or any(one in request.body for one in hidden):
            continue
        found.setdefault((request.url, method), (request.url, request.body))
    ranked = sorted(found.items(), key=lambda item: not re.search("session|user|whoami|check", item[0][1].lower()))
    return tuple(question for _, question in ranked[:MAX_QUESTIONS])


def _method(body: bytes) -> str:
    """The name of the method that a JSON-RPC request calls; "" for any other body."""
    if not body or len(body) > MAX_BODY:
        return ""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    name = data.get("method") if isinstance(data, dict) and "params" in data else None
    return name[:100] if isinstance(name, str) else ""
