"""The address of a target, as a person types it."""

from __future__ import annotations

from urllib.parse import urlsplit

from pgssi_probe.net.scope import canonical_host


def normalised_url(text: str) -> str:
    """An absolute http(s) URL from what a person typed; ValueError with a catalogue key otherwise.

    A missing scheme is an error, not a guess: `http` and `https` do not ask the same question.
    """
    text = text.strip()
    if "://" not in text:
        raise ValueError("no_scheme")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("no_host") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValueError("other_scheme")
    if parts.username or parts.password:
        raise ValueError("credentials")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("bad_port") from None
    if port == 0:
        raise ValueError("bad_port")
    if not host or any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError("no_host")
    try:
        name = canonical_host(host)
    except ValueError:
        raise ValueError("no_host") from None
    scheme = parts.scheme.lower()
    default = {"http": 80, "https": 443}[scheme]
    netloc = bracketed(name) + (f":{port}" if port and port != default else "")
    return parts._replace(scheme=scheme, netloc=netloc, path=parts.path or "/", fragment="").geturl()


def bracketed(host: str) -> str:
    """The host as an address writes it."""
    return f"[{host}]" if ":" in host else host
