"""What an error page gives away besides a stack trace: the database engine, a development page, server paths."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pgssi_checks.disclosure.reading import MAX_READ, readable
from pgssi_checks.disclosure.traces import Trace, traces_in
from pgssi_probe import yaml_text
from pgssi_probe.net.exchange import Exchange, Response

SIGNATURES = Path(__file__).with_name("error_signatures.yaml")
MAX_EXCERPT = 400
MAX_PATHS = 20


@dataclass(frozen=True, slots=True)
class _Signature:
    technology: str
    patterns: tuple[re.Pattern[str], ...]


@cache
def _data() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml_text.read(SIGNATURES)
    return loaded


@cache
def _signatures(section: str, key: str) -> tuple[_Signature, ...]:
    return tuple(
        _Signature(entry["technology"], tuple(re.compile(pattern) for pattern in entry[key]))
        for entry in _data()[section]
    )


def sql_error(text: str) -> Trace | None:
    """The first message of a database engine in a readable text."""
    for signature in _signatures("sql", "any"):
        for pattern in signature.patterns:
            if found := pattern.search(text):
                excerpt = " ".join(text[found.start() : found.end() + 120].split())[:MAX_EXCERPT]
                return Trace("sql-error", signature.technology, 1, excerpt)
    return None


def development_page(markup: str) -> Trace | None:
    """A page of a debugger or of a development mode, in the raw markup."""
    return _page("debug-console", "consoles", markup)


def framework_page(markup: str) -> Trace | None:
    """An error page that names its framework, without details."""
    return _page("framework-page", "framework", markup)


def _page(slug: str, section: str, markup: str) -> Trace | None:
    for signature in _signatures(section, "all"):
        found = [pattern.search(markup) for pattern in signature.patterns]
        if all(found):
            excerpt = " … ".join(match.group() for match in found if match)
            return Trace(slug, signature.technology, len(found), excerpt[:MAX_EXCERPT])
    return None


_SERVER_ROOT = (
    r"/(?:var/(?:www|lib|log|opt|task|app|local)|home/[\w.-]{1,40}|srv|usr/(?:share|local|lib|src|sbin|bin)|opt|etc|root"
    r"|Users/[\w.-]{1,40}|mnt|private/var)"
)
_APPLICATION_ROOT = r"/(?:app|data|www|htdocs|web|code|workspace|application|sites?|vhosts?|webapps|deploy|build)"
_SOURCE = r"(?:php\d?|inc|phtml|py|rb|java|jsp|cs|vb|aspx|asp|pl|cgi|go|ts|mjs|cjs|conf|ini|ya?ml|xml|twig|tpl|erb|sql)"
_SEGMENT = r"[\w.@+~-]{1,60}"
_STEM = r"[\w@+~-]{1,60}"
_UNIX_PATH = re.compile(rf"(?<![\w/.:~%=?&#-]){_SERVER_ROOT}(?:/{_SEGMENT}){{1,12}}")
_SOURCE_PATH = re.compile(
    rf"(?<![\w/.:~%=?&#-]){_APPLICATION_ROOT}(?:/{_SEGMENT}){{0,12}}/[\w@+~-]{{1,60}}\.{_SOURCE}\b"
)
_WINDOWS_PATH = re.compile(r"(?<![\w])[A-Z]:\\(?:[\w.$ ()~-]{1,60}\\){1,12}[\w.$~-]{1,60}")


_PHP_DISPLAYED = re.compile(
    r"<b>(?:Warning|Notice|Deprecated|Fatal error|Parse error|Recoverable fatal error)</b>: {1,2}"
    r"(?:[^\n]{1,500}?|Uncaught [^<]{1,8000}?\n {1,4}thrown)"
    r" in <b>((?:/|[A-Z]:\\)[^<\n]{1,300})</b> on line <b>\d{1,7}</b>"
)


def displayed(response: Response) -> Trace | None:
    """An error that PHP wrote into a page with its own tags: no page quotes it so, even one that explains errors."""
    match = _PHP_DISPLAYED.search(response.text[:MAX_READ]) if response.is_html else None
    if match is None:
        return None
    said = re.sub(r"</?b>", "", match.group())
    return Trace("stack-trace-php", "PHP", 1, said[:MAX_EXCERPT])


def server_page(response: Response) -> Trace | None:
    """The page that PHP writes about itself, at whatever address: no page quotes it with its own markup."""
    return _page("server-page", "server", response.text[:MAX_READ]) if response.is_html else None


def ordinary(response: Response) -> bool:
    """Whether a page gives something away by itself, that nobody provoked and no documentation would show so."""
    return displayed(response) is not None or server_page(response) is not None


def server_paths(text: str) -> list[str]:
    """Absolute paths of files of the server in a readable text, each once, in order."""
    found: dict[str, None] = {}
    for pattern in (_UNIX_PATH, _SOURCE_PATH, _WINDOWS_PATH):
        for match in pattern.finditer(text):
            found.setdefault(match.group().rstrip(".-"))
            if len(found) >= MAX_PATHS:
                return list(found)
    return list(found)


def disclosures_in(response: Response) -> list[Trace]:
    """Everything that an answer gives away, most telling first, each slug once."""
    text = readable(response)
    markup = response.text[:MAX_READ] if response.is_html else ""
    if markup and (page := server_page(response)):
        return [page]
    found = [*traces_in(text), sql_error(text), development_page(markup)]
    if not any(found):
        found.append(framework_page(markup))
        paths = server_paths(text)
        if paths:
            found.append(Trace("file-path", "", len(paths), "\n".join(paths)[:MAX_EXCERPT]))
    return [trace for trace in found if trace]


def _asked(exchange: Exchange) -> str:
    """Everything that was sent, decoded: what an answer merely echoes is not a disclosure."""
    request = exchange.request
    sent = " ".join((request.url, request.origin_form or "", *(value for _, value in request.headers)))
    return unquote(sent) + request.body[:4000].decode("utf-8", "replace")


def provoked(exchange: Exchange, before: Sequence[Trace]) -> list[Trace]:
    """What the answer to a provocation gives away that the request did not hold and no untouched page shows.

    `before` is what `disclosures_in` found in the untouched pages.
    """
    if exchange.response is None:
        return []
    kept = []
    for trace in disclosures_in(exchange.response):
        if trace.slug == "file-path":
            asked = _asked(exchange)
            known = {path for old in before for path in old.excerpt.splitlines()}
            paths = [path for path in trace.excerpt.splitlines() if path not in asked and path not in known]
            if paths:
                kept.append(Trace(trace.slug, trace.technology, len(paths), "\n".join(paths)))
        elif not any(_is_known(trace, old) for old in before):
            kept.append(trace)
    return kept


def _is_known(trace: Trace, old: Trace) -> bool:
    """Whether an untouched page shows this already. A page that quotes one error excuses no other."""
    if (trace.slug, trace.technology) != (old.slug, old.technology):
        return False
    return trace.excerpt == old.excerpt or not (trace.slug.startswith("stack-trace") or trace.slug == "sql-error")
