"""Descriptions of APIs as documents: OpenAPI 3.x (https://spec.openapis.org/oas/v3.1.0) and Swagger 2.0, JSON or YAML,
and where pages say that one is. Pure, hostile input: references are followed a few steps within the document, never
elsewhere, and everything is counted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import yaml

from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.danger import words, words_of

MAX_BYTES: Final = 2_000_000
MAX_YAML: Final = 300_000
"""Bytes of a YAML description: it is read more slowly than JSON."""
MAX_OPERATIONS: Final = 500
MAX_REFS: Final = 6
METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
MAX_TOLD: Final = 6
"""Addresses that one page may give."""
DESCRIBES: Final = re.compile(r"openapi|swagger|api-?docs?|/schema(?:\.|/|$)|asyncapi", re.IGNORECASE)
_TOLD = re.compile(
    r"(?<![\w-])(?:spec-?url|data-url|config-?url|url)[\"']?\s*[:=]\s*[\"']([^\"'<>\s]{2,300})[\"']", re.IGNORECASE
)
_WRITTEN_INSIDE = re.compile(r"[\"'](?:swaggerDoc|spec)[\"']\s*:\s*(?=\{)")
_OF_STAFF = re.compile(
    r"\b(?:admin|admins|administration|administrators?|administrateurs?|superusers?|superadmin|sysadmin|backoffice|"
    r"gestionnaires?|privileged|internal use|staff only|moderators?)\b"
)
_WRITES: Final = words("""
    create creates add adds insert populate populates seed seeds migrate init initialize initialise update updates set
    sets send sends upload import trigger run start stop generate regenerate register sync synchronize refresh execute
    increment decrement move rename restore archive enable assign grant invite clear flush rebuild reindex mark
    creer ajouter inserer modifier envoyer importer lancer executer generer activer initialiser
""")


class _NoAliases(yaml.SafeLoader):
    """YAML whose anchors are not repeated: ten lines of them may stand for a billion."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("alias")
        return super().compose_node(parent, index)


def document(body: bytes) -> Mapping[str, Any] | None:
    """The description that an answer is; None when it is none."""
    head = body[:4_000]
    if len(body) > MAX_BYTES or not (b"openapi" in head or b"swagger" in head or body[:1] == b"{"):
        return None
    try:
        if body.lstrip()[:1] == b"{":
            value = json.loads(body)
            json.dumps(value, ensure_ascii=False).encode()  # half of a character cannot be sent
        elif len(body) <= MAX_YAML and re.search(rb"^[\"']?(?:openapi|swagger)[\"']?\s*:", body, re.MULTILINE):
            value = yaml.load(body, _NoAliases)  # noqa: S506 a subclass of SafeLoader
        else:
            return None
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
    return value if _is_description(value) else None


def embedded(script: str) -> Mapping[str, Any] | None:
    """The description that a script of a page of documentation holds, as swagger-ui-express writes it."""
    match = _WRITTEN_INSIDE.search(script[:MAX_BYTES])
    if match is None:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(script[: match.end() + MAX_BYTES], match.end())
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if _is_description(value) else None


def _is_description(value: Any) -> bool:
    described = isinstance(value, dict) and isinstance(value.get("paths"), dict)
    return described and bool(value.get("openapi") or value.get("swagger"))


def told_in(text: str, url: str) -> tuple[str, ...]:
    """Addresses that the configuration of Swagger UI, ReDoc and the like gives for a description, or for more
    configuration."""
    found: dict[str, None] = {}
    for match in _TOLD.finditer(text[:MAX_BYTES]):
        target = absolute(match[1], url)
        path = urlsplit(match[1]).path.lower()
        if target is not None and (DESCRIBES.search(path) or path.endswith((".json", ".yaml", ".yml"))):
            found.setdefault(target)
        if len(found) >= MAX_TOLD:
            break
    return tuple(found)


def anywhere(_url: str) -> bool:
    """A scope without limits."""
    return True


def resolved(described: Mapping[str, Any], value: Any) -> Any:
    """What a reference of the same document stands for; None for one that leads elsewhere, or round and round."""
    for _ in range(MAX_REFS):
        if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
            return value
        written = value["$ref"]
        if not written.startswith("#/"):
            return None
        value = described
        for step in written[2:].split("/")[:10]:
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or step not in value:
                return None
            value = value[step]
    return None


def base_of(described: Mapping[str, Any], url: str, in_scope: Callable[[str], bool] = anywhere) -> str:
    """Where the paths begin: the first server of the scope, or host and basePath.

    A description written for another machine (`http://localhost:3000/api`) is read as one of the origin that gave it.
    """
    parts = urlsplit(url)
    written = [one for one in _servers(described) if one]
    if not written and described.get("swagger"):
        host, path = described.get("host"), described.get("basePath")
        path = path if isinstance(path, str) and path.startswith("/") else ""
        written = [f"{parts.scheme}://{host}{path}" if isinstance(host, str) and host else path or "/"]
    known = [base for one in written if (base := absolute(one, url)) is not None]
    base = next((one for one in known if in_scope(one)), None)
    if base is None and known:
        base = absolute(urlsplit(known[0]).path or "/", url)
    return (base or urljoin(url, "/")).rstrip("/")


def _servers(described: Mapping[str, Any]) -> Iterator[str]:
    servers = described.get("servers")
    for server in servers[:10] if isinstance(servers, list) else ():
        written = server.get("url") if isinstance(server, dict) else None
        if not isinstance(written, str):
            continue
        variables = server.get("variables")
        for name, said in list(variables.items())[:10] if isinstance(variables, dict) else ():
            if isinstance(said, dict):
                written = written.replace(f"{{{name}}}", str(said.get("default", "")))
        yield written


def each_operation(described: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Path, method in lower case, what the path says for all of its operations, and the operation; at most 500."""
    count = 0
    for path, item in described["paths"].items():
        item = resolved(described, item)
        if not isinstance(path, str) or not path.startswith("/") or not isinstance(item, dict):
            continue
        for method in METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                count += 1
                if count > MAX_OPERATIONS:
                    return
                yield path, method, item, operation


def said_of(operation: Mapping[str, Any]) -> str:
    """What people read of an operation, in short."""
    return " ".join(str(operation.get(name) or "") for name in ("operationId", "summary"))[:200]


def is_secured(described: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    """Whether the description says that an operation needs credentials."""
    told = operation.get("security", described.get("security"))
    return isinstance(told, list) and bool(told) and all(isinstance(one, dict) and one for one in told)


def writes(operation: Mapping[str, Any]) -> bool:
    """Whether the words of an operation say that it changes something, though it is a GET: `populate_db`."""
    identifier = words_of(str(operation.get("operationId") or "")[:200]).split()
    summary = words_of(str(operation.get("summary") or "")[:200]).split()
    return not _WRITES.isdisjoint(identifier[-4:]) or not _WRITES.isdisjoint(summary[:1])


def for_staff(path: str, operation: Mapping[str, Any], described: Mapping[str, Any]) -> str:
    """The word by which a description says that an operation is one of administration: in its path, its tags, its
    identifier, the rights that it asks for; "" when there is none. What it says at length is not read."""
    tags = operation.get("tags")
    told = operation.get("security", described.get("security"))
    schemes = (one for one in told[:6] if isinstance(one, dict)) if isinstance(told, list) else ()
    rights = [right for one in schemes for given in one.values() if isinstance(given, list) for right in given[:10]]
    said = [path, said_of(operation), *(tags[:6] if isinstance(tags, list) else []), *rights]
    match = _OF_STAFF.search(" . ".join(words_of(str(one)[:200]) for one in said))
    return match.group() if match else ""
