"""Templates and static files, read once per process."""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent.parent
PARIS = ZoneInfo("Europe/Paris")
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Path below /static/ -> content and media type."""
    folder = FOLDER / "static"
    return {
        file.name: (file.read_bytes(), MEDIA_TYPES[file.suffix])
        for file in sorted(folder.iterdir())
        if file.suffix in MEDIA_TYPES
    }


@cache
def integrity(name: str) -> str:
    """The subresource integrity value of a static file, SHA-384."""
    digest = hashlib.sha384(static_files()[name][0]).digest()
    return "sha384-" + base64.b64encode(digest).decode()


def french_day(value: str) -> str:
    """`2026-11-22` -> `22 novembre 2026`."""
    parsed = date.fromisoformat(value[:10])
    return f"{'1er' if parsed.day == 1 else parsed.day} {MONTHS[parsed.month - 1]} {parsed.year}"


def french_moment(value: str) -> str:
    """A moment in UTC, or without zone for a local one -> `22 novembre 2026 à 14 h 05`, in Paris time."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(PARIS)
    return f"{french_day(moment.date().isoformat())} à {moment:%H:%M}"


@cache
def environment() -> Environment:
    """Autoescaped, strict about missing names."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["nombre"] = lambda value: str(value).replace(".", ",")
    made.filters["jour"] = french_day
    made.filters["moment"] = french_moment
    return made


def problem_title(status: int) -> str:
    """The standard English phrase of a status, for the API."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
