"""What the description of an API says of signing in, and of who one is. Pure, over documents of `discovery`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.danger import is_dangerous, words_of
from pgssi_probe.discovery.described import base_of, each_operation, is_secured, resolved, said_of, writes
from pgssi_probe.identity.plan import Taken
from pgssi_probe.identity.vocabulary import (
    OTHER_FORM,
    PASSWORD_FIELD,
    PERSONAL,
    SIGN_IN,
    SIGN_OUT,
    USER_FIELD,
    address_words,
)

MAX_SIGN_INS: Final = 3
MAX_PERSONAL: Final = 8
MAX_FIELDS: Final = 12
_SECOND_PASSWORD = re.compile(
    r"\b(?:new|old|current|confirm\w*|confirmation|repeat|again|verify|hint|nouveau|ancien)\b"
)
_OF_A_CLIENT = re.compile(r"\b(?:client|app|application) ?(?:id|key|secret|password)\b")
"""Credentials of the application itself (RFC 6749 §2.3.1), which stand beside those of a person."""
_TAKES_CREDENTIALS = re.compile(r"\b(?:tokens?|sessions?)\b")
InScope = Callable[[str], bool]


def sign_ins(described: Mapping[str, Any], url: str, in_scope: InScope) -> tuple[Taken, ...]:
    """Addresses that take a user name and a password, likeliest first, with the names of their fields; no names when
    the description does not tell them. `url` is where the description was read."""
    base = base_of(described, url, in_scope)
    ranked: list[tuple[float, Taken]] = []
    for path, method, _, operation in each_operation(described):
        target = absolute(base + path, url)
        said = f"{words_of(path)} {words_of(said_of(operation))}"
        if method != "post" or "{" in path or target is None or not in_scope(target) or SIGN_OUT.search(said):
            continue
        named, takes = bool(SIGN_IN.search(said)), bool(_TAKES_CREDENTIALS.search(said))
        if OTHER_FORM.search(said) or (writes(operation) and not takes):
            continue
        fields, as_form = _fields(described, operation)
        names = _credentials(fields)
        if (fields and not names) or not (named or (takes and names)):
            continue
        unknown = [name for name, (needed, value) in fields.items() if needed and not value and name not in names]
        ranked.append((2.0 * bool(names) + 2.0 * named - len(unknown), Taken(target, names, as_form)))
    given = [taken for _, taken in sorted(ranked, key=lambda one: -one[0])]
    unique = {one.url: one for one in reversed((*_by_token(described, base, url), *given))}
    return tuple(one for one in reversed(unique.values()) if in_scope(one.url))[:MAX_SIGN_INS]


def personal_addresses(described: Mapping[str, Any], url: str, in_scope: InScope) -> tuple[str, ...]:
    """Addresses that read, that can be asked as they are, and that likely tell who is signed in: those first."""
    base = base_of(described, url, in_scope)
    ranked: list[tuple[float, str]] = []
    for path, method, item, operation in each_operation(described):
        target = absolute(base + path, url)
        if method != "get" or "{" in path or target is None or not in_scope(target) or writes(operation):
            continue
        said = f"{words_of(path)} {words_of(said_of(operation))}"
        if (
            SIGN_OUT.search(said)
            or is_dangerous(target, said_of(operation))
            or _must_be_filled(described, item, operation)
        ):
            continue
        score = 2.0 * bool(PERSONAL.search(address_words(target).replace("users", "")))
        score += 1.0 * is_secured(described, operation)
        if score:
            ranked.append((score, target))
    return tuple(target for _, target in sorted(ranked, key=lambda one: -one[0]))[:MAX_PERSONAL]


def token_header(described: Mapping[str, Any]) -> str:
    """The header that the description wants a token in, where it is not `Authorization`; "" otherwise."""
    for scheme in _schemes(described):
        name = scheme.get("name")
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header" and isinstance(name, str):
            if name.lower() != "authorization" and re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,60}", name):
                return name
        elif scheme.get("type") in {"http", "oauth2", "openIdConnect"}:
            return ""
    return ""


def _schemes(described: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    components = described.get("components")
    told = components.get("securitySchemes") if isinstance(components, dict) else described.get("securityDefinitions")
    for scheme in list(told.values())[:20] if isinstance(told, dict) else ():
        scheme = resolved(described, scheme)
        if isinstance(scheme, dict):
            yield scheme


def _by_token(described: Mapping[str, Any], base: str, url: str) -> Iterator[Taken]:
    """Where a password is exchanged for a token (RFC 6749 §4.3), as a security scheme tells."""
    for scheme in _schemes(described):
        flows = scheme.get("flows")
        flow = (
            flows.get("password") if isinstance(flows, dict) else scheme if scheme.get("flow") == "password" else None
        )
        written = flow.get("tokenUrl") if isinstance(flow, dict) else None
        if scheme.get("type") == "oauth2" and isinstance(written, str):
            target = absolute(written, url if written.startswith(("/", "http")) else base + "/")
            if target is not None:
                yield Taken(target, {"grant_type": "password", "username": "username", "password": "password"}, True)


def _fields(described: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[dict[str, tuple[bool, str]], bool]:
    """The fields of a body, each with whether it is required and a value that the description gives; and whether they
    are sent as a form."""
    request = resolved(described, operation.get("requestBody"))
    content = request.get("content") if isinstance(request, dict) else None
    if isinstance(content, dict):
        kinds = [kind for kind in content if isinstance(content[kind], dict)]
        kind = next((one for one in kinds if "json" in one), next((one for one in kinds if "form" in one), ""))
        return _properties(described, content[kind].get("schema")) if kind else {}, "json" not in kind
    fields: dict[str, tuple[bool, str]] = {}
    as_form = False
    given = operation.get("parameters")
    for raw in given[:MAX_FIELDS] if isinstance(given, list) else ():
        one = resolved(described, raw)
        if not isinstance(one, dict):
            continue
        if one.get("in") == "body":
            fields |= _properties(described, one.get("schema"))
        elif one.get("in") == "formData" and isinstance(one.get("name"), str):
            fields[one["name"][:100]] = one.get("required") is True, _given(one)
            as_form = True
    return fields, as_form


def _properties(described: Mapping[str, Any], schema: Any, depth: int = 0) -> dict[str, tuple[bool, str]]:
    schema = resolved(described, schema)
    if not isinstance(schema, dict) or depth > 3:
        return {}
    found: dict[str, tuple[bool, str]] = {}
    for joined in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(joined)
        for part in (parts[:4] if joined == "allOf" else parts[:1]) if isinstance(parts, list) else ():
            found |= _properties(described, part, depth + 1)
    needed, properties = schema.get("required"), schema.get("properties")
    for name, told in list(properties.items())[:MAX_FIELDS] if isinstance(properties, dict) else ():
        told = resolved(described, told)
        required = isinstance(needed, list) and name in needed
        found[str(name)[:100]] = required, _given(told) if isinstance(told, dict) else ""
    return found


def _given(told: Mapping[str, Any]) -> str:
    choices = told.get("enum")
    values = [told.get("default"), choices[0] if isinstance(choices, list) and choices else None]
    return next((value[:100] for value in values if isinstance(value, str)), "")


def _credentials(fields: Mapping[str, tuple[bool, str]]) -> dict[str, str]:
    """The names of a user name and of one password, each with what it stands for; {} when they are not both there."""
    passwords = [
        name for name in fields if PASSWORD_FIELD.search(words_of(name)) and not _OF_A_CLIENT.search(words_of(name))
    ]
    if len(passwords) != 1 or _SECOND_PASSWORD.search(words_of(passwords[0])):
        return {}
    others = [name for name in fields if name not in passwords and not _OF_A_CLIENT.search(words_of(name))]
    users = [name for name in others if USER_FIELD.search(words_of(name))]
    if not users:
        return {}
    given = {name: value for name, (needed, value) in fields.items() if value and (needed or name == "grant_type")}
    return {**given, **dict.fromkeys(users, "username"), passwords[0]: "password"}


def _must_be_filled(described: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    given = (item.get("parameters"), operation.get("parameters"))
    each = (resolved(described, raw) for told in given if isinstance(told, list) for raw in told[:MAX_FIELDS])
    return any(
        isinstance(one, dict) and one.get("in") in {"query", "path"} and one.get("required") is True for one in each
    )
