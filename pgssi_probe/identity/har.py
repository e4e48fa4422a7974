"""A recorded sign-in (HAR 1.2), reduced to the requests that carry credentials. Pure; nothing of it is ever shown but
names of fields and addresses."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from pgssi_probe.discovery.danger import words_of
from pgssi_probe.identity.vocabulary import CODE_FIELD, PASSWORD_FIELD, USER_FIELD

MAX_BYTES: Final = 60_000_000
MAX_ENTRIES: Final = 5_000
MAX_SENDS: Final = 6
MIN_TOKEN: Final = 16
MIN_ONCE: Final = 8
MAX_VALUE: Final = 8_192
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CODE = re.compile(r"\d{6,8}")


class BadHar(Exception):
    """A key of the catalogue under `identity.signal`."""


@dataclass(frozen=True, slots=True)
class Bears:
    """A header of later requests: `prefix` and the value that the JSON of the answer has at `path`."""

    header: str
    prefix: str
    path: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The text around a value in a page: what serves once stands at the same place in the next one."""

    before: str
    after: str

    def value_in(self, text: str) -> str:
        """The value at this place of another page, "" when there is no such place."""
        _, found, rest = text.partition(self.before)
        value, ended, _ = rest[:MAX_VALUE].partition(self.after)
        return html.unescape(value) if found and ended else ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One recorded request that carries credentials. `values` are flat: keys of JSON are paths joined by dots.

    `roles` says which of them stand for `username`, `password` or `code`. `page` is the address of the page before it.
    """

    method: str
    url: str
    kind: str
    values: Mapping[str, str]
    roles: Mapping[str, str]
    headers: tuple[tuple[str, str], ...] = ()
    cookies: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    status: int = 0
    body: Any = None
    """The recorded JSON, when it was that."""
    bears: tuple[Bears, ...] = ()
    """Where the answer holds what later requests carry."""
    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    """Where the page before it holds a value that was sent, by the name of the field."""


def recorded(path: Path, usernames: frozenset[str], user: str | None, password: str | None) -> tuple[Sent, ...]:
    """The requests that sign in, in order. `usernames` are values known to be user names; `user` and `password` are
    declared names of fields. Raises BadHar."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadHar("har_unreadable")
        data = json.loads(path.read_bytes())
        entries = data["log"]["entries"]
        sent = [_sent(entry, usernames, user, password) for entry in entries[:MAX_ENTRIES]]
        later = [
            (str(each["name"]), str(each["value"]))
            for entry in entries[:MAX_ENTRIES]
            for each in entry["request"].get("headers") or ()
        ]
        answers = [_answer_of(entry) for entry in entries[:MAX_ENTRIES]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadHar("har_unreadable") from None
    chosen = [
        replace(one, bears=bears_of(answers[n], later), anchors=anchors_of(one, _page_before(entries[:n])))
        for n, one in enumerate(sent)
        if one is not None and one.roles
    ]
    first = next((n for n, one in enumerate(chosen) if "password" in one.roles.values()), None)
    if first is None:
        raise BadHar("har_no_password")
    # a user name alone, then the password, then perhaps a code: what lies further is the life after the sign-in
    before = [one for one in chosen[:first] if "username" in one.roles.values()][-1:]
    after = [one for one in chosen[first + 1 :] if set(one.roles.values()) <= {"code"}][:1]
    return (*before, chosen[first], *after)[:MAX_SENDS]


def _sent(entry: Any, usernames: frozenset[str], user: str | None, password: str | None) -> Sent | None:
    request = entry["request"]
    posted = request.get("postData") or {}
    if request["method"].upper() not in {"POST", "PUT", "PATCH"} or not posted:
        return None
    kind = str(posted.get("mimeType") or "").split(";")[0].strip().lower()
    body = None
    if kind.endswith("json"):
        body = json.loads(posted.get("text") or "null")
        values = dict(_flat(body, ""))
    elif posted.get("params"):
        values = {str(pair["name"]): str(pair.get("value") or "") for pair in posted["params"]}
        if kind == "application/x-www-form-urlencoded" and posted.get("text"):
            values = dict(parse_qsl(posted["text"], keep_blank_values=True)) or values  # params may be left encoded
    else:
        values = dict(parse_qsl(posted.get("text") or "", keep_blank_values=True))
    roles = {name: role for name, value in values.items() if (role := role_of(name, value, usernames, user, password))}
    headers = tuple((str(each["name"]), str(each["value"])) for each in request.get("headers") or ())
    cookies = {str(each["name"]): str(each["value"]) for each in request.get("cookies") or ()}
    page = next((value for name, value in headers if name.lower() == "referer"), "")
    status = int((entry.get("response") or {}).get("status") or 0)
    return Sent(
        request["method"].upper(), str(request["url"]), kind, values, roles, headers, cookies, page, status, body
    )


def _page_before(entries: list[Any]) -> str:
    """The last page of a recording."""
    for entry in reversed(entries):
        content = (entry.get("response") or {}).get("content") or {}
        if "html" in str(content.get("mimeType") or "") and content.get("text"):
            text = str(content["text"])
            return base64.b64decode(text).decode("utf-8", "replace") if content.get("encoding") == "base64" else text
    return ""


def anchors_of(one: Sent, text: str) -> dict[str, Anchor]:
    """Where a page holds the long values that were sent with it, credentials aside."""
    found: dict[str, Anchor] = {}
    for name, value in one.values.items():
        place = text.find(value) if name not in one.roles and len(value) >= MIN_ONCE else -1
        before, end = text[max(0, place - 40) : max(0, place)], place + len(value)
        if place > 0 and len(before) >= 8 and text.count(before) == 1 and text[end : end + 1]:
            found[name] = Anchor(before, text[end : end + 1])
    return found


def _answer_of(entry: Any) -> Any:
    content = (entry.get("response") or {}).get("content") or {}
    try:
        text = str(content.get("text") or "")
        return json.loads(base64.b64decode(text) if content.get("encoding") == "base64" else text)
    except (ValueError, RecursionError):
        return None


def bears_of(answer: Any, headers: Iterable[tuple[str, str]]) -> tuple[Bears, ...]:
    """The headers whose value ends with a long text of the answer."""
    values = {value: path for path, value in _flat(answer, "") if len(value) >= MIN_TOKEN}
    found: dict[str, Bears] = {}
    for name, value in headers:
        text = next((each for each in values if value.endswith(each)), None)
        if text is not None and name.lower() not in {"cookie", "referer", "origin", "content-type", "user-agent"}:
            found.setdefault(name.lower(), Bears(name, value[: -len(text)], values[text]))
    return tuple(found.values())[:4]


def credentials_of(method: str, url: str, kind: str, body: bytes, username: str, password: str) -> Sent | None:
    """A request that was sent, when its body holds these very values: what a browser did, to be done again."""
    posted = {"mimeType": kind, "text": body.decode("utf-8", "replace")}
    try:
        one = _sent({"request": {"method": method, "url": url, "postData": posted}}, frozenset(), "", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if one is None:
        return None
    roles = {n: "username" if v == username else "password" for n, v in one.values.items() if v in {username, password}}
    plain = {name: "" if value in {username, password} else value for name, value in one.values.items()}
    return replace(one, roles=roles, values=plain) if roles else None


def _flat(value: Any, path: str, depth: int = 0) -> list[tuple[str, str]]:
    if isinstance(value, dict) and depth < 6:
        return [pair for key, inner in value.items() for pair in _flat(inner, f"{path}.{key}".lstrip("."), depth + 1)]
    if isinstance(value, list) and depth < 6:
        return [
            pair for key, inner in enumerate(value) for pair in _flat(inner, f"{path}.{key}".lstrip("."), depth + 1)
        ]
    return [(path, value)] if isinstance(value, str) else []


def role_of(name: str, value: str, usernames: frozenset[str], user: str | None, password: str | None) -> str | None:
    """What a field stands for: by the declared names, else by its own name, else by its value."""
    last = name.rsplit(".", 1)[-1]
    if password is not None and password in {name, last}:
        return "password"
    if user is not None and user in {name, last}:
        return "username"
    said = words_of(_JOINED.sub(" ", last))
    if password is None and PASSWORD_FIELD.search(said) and value:
        return "password"
    if value and value in usernames:
        return "username"
    if _CODE.fullmatch(value) and CODE_FIELD.search(said):
        return "code"
    if user is None and USER_FIELD.search(said) and not CODE_FIELD.search(said) and 0 < len(value) < 200:
        return "username"
    return None


def put(body: Any, path: str, value: str) -> Any:
    """A copy of a JSON value in which the text at `path` is `value`."""
    key, _, rest = path.partition(".")
    if isinstance(body, dict):
        name = next((each for each in body if str(each) == key), None)
        if name is None:  # keys may hold dots themselves
            name = next((each for each in body if path.startswith(f"{each}.") or path == each), None)
            rest = path[len(str(name)) + 1 :] if name is not None else ""
        return {each: (put(inner, rest, value) if each == name else inner) for each, inner in body.items()}
    if isinstance(body, list) and key.isdigit():
        return [put(inner, rest, value) if n == int(key) else inner for n, inner in enumerate(body)]
    return value if not path else body


def at(data: Any, path: str) -> str:
    """The text at a path of a JSON value, "" when there is none that can go into a header."""
    found = dict(_flat(data, "")).get(path, "")
    return found if 0 < len(found) < 16_384 and found.isascii() and found.isprintable() else ""
