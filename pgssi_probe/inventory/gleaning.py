"""What one answer says of other requests: links, forms, paths in scripts, addresses and records in JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pgssi_probe.discovery.address import absolute, extension
from pgssi_probe.discovery.danger import is_changing_form, words, words_of
from pgssi_probe.discovery.site import Document, Form, FormField
from pgssi_probe.inventory.model import Parameter, Place, Source
from pgssi_probe.inventory.references import ASSETS, written_as
from pgssi_probe.inventory.requests import FORM_TYPE
from pgssi_probe.net.exchange import Headers

MAX_FOUND: Final = 400
"""Of one answer."""
MAX_SCRIPT: Final = 1_000_000
MAX_CHILDREN: Final = 3
"""Records of a JSON list whose own addresses are guessed from the address of the list."""
MAX_DEPTH: Final = 10

_QUOTED = re.compile(
    r"[\"'`](https?://[^\"'`\s<>\\]{4,300}|/(?!/)[A-Za-z0-9_][^\"'`\s<>\\^|]{0,200}|api/[^\"'`\s<>\\^|]{1,200})[\"'`]"
)
_SERVER_PAGE = re.compile(
    r"[\"'`]((?:\.{1,2}/){0,4}(?:[\w-]{1,60}/){0,4}[\w-]{1,60}\.(?:php\d?|aspx?|ashx|asmx|jsp|do|cgi|cfm)"
    r"(?:\?[^\"'`\s<>\\^|]{0,120})?)[\"'`]"
)
WRITING: Final = words("""
    add ajout ajouter change changer create creer creation edit editer import insert maj modifier modify new post put
    register enregistrer envoyer envoi save send set store submit update upload write
""")
"""Words of a server page that writes: what scripts call so is called by POST, and is not tried by GET."""
_CALLED_BY = re.compile(r"\.(post|put|patch|delete)\(\s{0,20}\Z", re.IGNORECASE)
_METHOD_BEFORE = re.compile(
    r"\b(?:method|type)[\"']?\s{0,3}:\s{0,3}[\"'](POST|PUT|PATCH|DELETE)[\"'][^{}()]{0,60}\Z", re.I
)
_METHOD_AFTER = re.compile(
    r"[^{}()]{0,20}\{?[^{}()]{0,60}\b(?:method|type)[\"']?\s{0,3}:\s{0,3}[\"'](POST|PUT|PATCH|DELETE)\b", re.I
)
"""What scripts write around an address that they send by another method than GET."""
_HOLE = re.compile(
    r"\$\{[^}]{0,80}\}|\{\{?[^{}]{0,80}\}\}?|:[A-Za-z_]\w{0,40}(?=/|$)|<[^>]{0,40}>",
)
_IDENTIFIERS: Final = ("id", "uuid", "_id", "identifiant", "pk", "uid", "guid", "ref", "reference", "code", "numero")
_SIGN_IN_NAMES: Final = frozenset({"username", "login", "email", "mail"})
_OF_ACCOUNTS: Final = words("role roles password isadmin isactive lastlogin lastloginip isstaff issuperuser admin")
_TYPED: Final = words("""
    hidden text search email tel url number date datetime-local month week time range color select textarea checkbox
    radio password
""") | {""}


@dataclass(frozen=True, slots=True)
class Found:
    """A request that an answer speaks of. `text` is what people read on a link or a form."""

    method: str
    url: str
    source: Source
    text: str = ""
    body: bytes = b""
    media_type: str = ""
    fields: tuple[Parameter, ...] = ()
    """What a form says of its fields, in its own order."""
    headers: Headers = ()
    """Of the application's own; never credentials."""
    complete: bool = True
    """False when a value that it needs is not known: it is listed, and cannot be sent."""
    writes: bool = False
    """A GET that a description or its form says changes something: it is listed, and not sent."""
    record_parts: tuple[int, ...] = ()
    """Numbers of the segments of its path that, by a description, name one record among many."""
    for_staff: str = ""
    """The word by which a description says that it is a function of administration."""

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What makes a request another one: the values of a form's fields do not, since tokens change by themselves."""
        named = "".join(f"\n{name}: {value}" for name, value in self.headers).encode()
        if self.media_type in {"", FORM_TYPE, "multipart/form-data"}:
            names = sorted(name for name, _ in parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
            return self.method, self.url, "&".join(names).encode() + named
        return self.method, self.url, self.body + named


def of_document(document: Document, url: str) -> Iterator[Found]:
    """Links, frames, forms and paths in the scripts of a page."""
    for link in document.links:
        yield Found(link.method, link.url, Source.LINK, link.text, writes=link.asks_first)
    for resource in document.resources:
        if resource.tag in {"iframe", "frame", "object", "embed"}:
            yield Found("GET", resource.url, Source.LINK)
    for form in document.forms:
        found = of_form(form)
        if found is not None:
            yield found
    for script in document.inline_scripts:
        yield from of_script(script, url)


def _server_pages(text: str, page: str) -> Iterator[Found]:
    for number, match in enumerate(_SERVER_PAGE.finditer(text[:MAX_SCRIPT])):
        if number == MAX_FOUND:
            return
        name, _, query = match[1].partition("?")
        whole = bool(query) and not _HOLE.search(query) and not query.endswith("=")
        target = absolute(match[1] if whole else name, page)
        if target is not None:
            yield Found("GET", target, Source.SCRIPT, complete=WRITING.isdisjoint(words_of(name).split()))


def of_form(form: Form) -> Found | None:
    """What the form sends when somebody presses Enter in it and touches nothing else: its fields and its first named
    button (HTML §4.10.21.2). None when it goes nowhere on the web."""
    if not form.action:
        return None
    place = Place.QUERY if form.method == "GET" else Place.FORM
    sent = [field for field in form.fields if field.name and field.kind in _TYPED and not field.disabled]
    told = tuple(Parameter(place, field.name, _untouched(field), field.kind, field.required) for field in sent)
    pairs = [(one.name, one.value) for one in told if one.kind not in {"checkbox", "radio"} or one.value]
    button = next((field for field in form.fields if field.kind == "submit" and not field.disabled), None)
    if button is not None and button.name:
        pairs.append((button.name, button.value))
    said = " ".join((form.text, form.identifier))
    if form.method == "GET":
        parts = urlsplit(form.action)
        url = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(pairs), ""))
        return Found("GET", url, Source.FORM, said, fields=told, writes=is_changing_form(form))
    body = urlencode(pairs).encode()
    return Found(form.method, form.action, Source.FORM, said, body, form.enctype or FORM_TYPE, told)


def _untouched(field: FormField) -> str:
    return field.value if field.kind not in {"checkbox", "radio"} or field.checked else ""


def of_script(text: str, url: str, page: str = "") -> Iterator[Found]:
    """Paths and addresses written between quotes; one with a hole (`/patients/${id}`) is given without what follows.

    `page` is the page that loads the script, from which names of server pages (`lire_dossier.php`) are counted: one
    that seems to write by its name is listed and not to be sent.
    """
    yield from _server_pages(text, page or url)
    for number, match in enumerate(_QUOTED.finditer(text[:MAX_SCRIPT])):
        if number == MAX_FOUND:
            return
        written = match[1]
        hole = _HOLE.search(written)
        if hole is not None:
            written = written[: hole.start()]
            if written.count("/") < 2:
                continue
            written = written.rstrip("?&=/") + ("/" if written.endswith("/") else "")
        base = url if not written.startswith("api/") else absolute("/", url) or url
        target = absolute(written, base)
        if target is not None and extension(target) not in ASSETS and _says_something(target):
            method = _called_by(text, match)
            said, asks_first = _link_in(text, match)
            yield Found(method, target, Source.SCRIPT, said, complete=method == "GET", writes=asks_first)


def _link_in(text: str, match: re.Match[str]) -> tuple[str, bool]:
    """Of an address in markup that a script holds: what the link says, and whether people are asked first."""
    if not re.search(r"\bhref\s{0,3}=\s{0,3}\\?\Z", text[max(0, match.start() - 12) : match.start()], re.I):
        return "", False
    rest = re.match(r"([^<>]{0,200})>([^<>]{0,120})<", text[match.end() : match.end() + 330])
    return (" ".join(rest[2].split()), "confirm" in rest[1].lower()) if rest is not None else ("", False)


def _says_something(url: str) -> bool:
    """Whether a path has a letter: `/60` and `/0/0` are sums and patterns, not addresses; `/g,` ends a pattern."""
    path = urlsplit(url).path
    return any(char.isalpha() for char in path) and not path.endswith(",")


def _called_by(text: str, match: re.Match[str]) -> str:
    """The method by which a script sends what is written there, GET unless it says another one."""
    before, after = text[max(0, match.start() - 90) : match.start()], text[match.end() : match.end() + 120]
    named = _CALLED_BY.search(before[-30:]) or _METHOD_BEFORE.search(before) or _METHOD_AFTER.match(after)
    return named[1].upper() if named else "GET"


def of_json(body: bytes, url: str) -> Iterator[Found]:
    """Addresses among the strings, and the address that each record of a list would have below that of the list."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    yield from _addresses(value, url)
    yield from _children(value, url)


def _addresses(value: Any, url: str) -> Iterator[Found]:
    for number, text in enumerate(_strings(value)):
        if number == MAX_FOUND:
            return
        if not _can_be_sent(text):
            continue
        if text.startswith(("http://", "https://")) or re.fullmatch(r"/[A-Za-z0-9_][^\s<>\"]{0,300}", text):
            target = absolute(text, url)
            if target is not None and not _HOLE.search(text):
                yield Found("GET", target, Source.JSON)


def _can_be_sent(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a character
        return False
    return True


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < MAX_DEPTH and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner, depth + 1)


def _children(value: Any, url: str) -> Iterator[Found]:
    """REST names a record by the address of the list and its identifier; a record read alone has no children."""
    for records in _lists(value):
        if any(_is_an_account(record) for record in records):
            continue  # the records of other people: nobody asked for them
        for record in records[:MAX_CHILDREN]:
            identifier = next((record[name] for name in _IDENTIFIERS if _names(record.get(name))), None)
            if identifier is not None:
                parts = urlsplit(url)
                child = absolute(f"{parts.path.rstrip('/')}/{quote(str(identifier), safe='')}", url)
                if child is not None:
                    yield Found("GET", child, Source.JSON)


def _is_an_account(record: dict[str, Any]) -> bool:
    """Whether a record of a list is an account by its members: a name to sign in with, and a right or a password."""
    names = {name.lower().replace("_", "") for name in record}
    return bool(names & _SIGN_IN_NAMES) and bool(names & _OF_ACCOUNTS)


def _names(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and written_as(str(value))[0] is not None


def _lists(value: Any) -> Iterator[list[dict[str, Any]]]:
    """The list that an answer is, or holds under one name (`{"results": [...]}`)."""
    candidates: Iterable[Any] = (value, *(value.values() if isinstance(value, dict) else ()))
    for each in candidates:
        if isinstance(each, list) and each and all(isinstance(record, dict) for record in each):
            yield each
