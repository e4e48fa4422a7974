"""Puts a view through the templates. Every expression that a template prints is made visible, then escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_reports.html.compiled import Compiled
from pgssi_reports.html.view import build
from pgssi_reports.visible import visible
from pgssi_reports.words import Words

SHOWN_MAX: Final = 1600


def render(result: RunResult, lang: Lang) -> bytes:
    """The page of a result in one language."""
    template = _environment(lang).get_template("report.html.j2")
    return template.render(page=build(result, Words(lang))).encode()


@cache
def _environment(lang: Lang) -> Environment:
    environment = Environment(
        loader=PackageLoader("pgssi_reports.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown(lang),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=Compiled(Path(__file__)),
    )
    css, script = _own("report.css"), _own("report.js")
    words = Words(lang)
    environment.filters["anchor"] = _anchor
    environment.globals.update(
        lang=lang,
        t=words.say,
        n=words.count,
        lines=words.lines,
        css=Markup(css),  # noqa: S704 - our own file, not the target's words
        script=Markup(script),  # noqa: S704 - likewise
        csp=content_security_policy(css, script),
    )
    return environment


def _shown(lang: Lang) -> Callable[[Any], Any]:
    """The last guard: whatever is printed and is not markup of ours becomes visible text of a bounded length."""
    words = Words(lang)

    def shown(value: Any) -> Any:
        return value if isinstance(value, Markup) else visible(words.marks(str(value)), SHOWN_MAX, lines=True)

    return shown


def _anchor(identifier: str) -> str:
    """An identifier that can stand in a link, whatever it was."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", identifier)[:80]


def content_security_policy(css: str, script: str) -> str:
    """Nothing may load or be sent: this very style sheet applies, this very script runs, and no other."""
    return (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _own(name: str) -> str:
    return files("pgssi_reports.html").joinpath(name).read_text("utf-8").strip()
