"""Recorded visits: the application's own requests, and nothing that signs anybody in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pgssi_probe.inventory.har import recorded
from pgssi_probe.inventory.model import Inventory, Place
from pgssi_probe.inventory.requests import GRAPHQL_TYPE
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
SECRET = "s3cr3t-never-kept"


def entry(method: str, url: str, headers: dict[str, str] | None = None, kind: str = "", text: str = "") -> Any:
    request: dict[str, Any] = {"method": method, "url": url}
    request["headers"] = [{"name": name, "value": value} for name, value in (headers or {}).items()]
    if text:
        request["postData"] = {"mimeType": kind, "text": text}
    return {"request": request, "response": {"status": 200}}


@pytest.fixture
def har(tmp_path: Path) -> Callable[..., Path]:
    def write(*entries: Any) -> Path:
        path = tmp_path / "visite.har"
        path.write_text(json.dumps({"log": {"entries": list(entries)}}), encoding="utf-8")
        return path

    return write


def mine(url: str) -> bool:
    return urlsplit(url).hostname == "portal.example"


def test_own_requests_without_credentials(har: Callable[..., Path]) -> None:
    session = {"Cookie": SECRET, "Authorization": f"Bearer {SECRET}", "X-CSRF-Token": SECRET, "X-Patient": "17"}
    path = har(
        entry("GET", f"{ORIGIN}/dossiers/17", {**session, "Accept": "*/*", "X-Mode": "compact"}),
        entry("GET", f"{ORIGIN}/dossiers/17", session),
        entry("GET", "https://elsewhere.example/t"),
        entry("GET", f"{ORIGIN}/app.js"),
        entry("POST", f"{ORIGIN}/recherche", session, "application/json", json.dumps({"token": SECRET, "patient": 17})),
        entry("POST", f"{ORIGIN}/f", session, "application/x-www-form-urlencoded", f"csrf={SECRET}&id=17"),
        entry("POST", f"{ORIGIN}/login", {}, "application/json", json.dumps({"user": "a", "password": SECRET})),
        entry("POST", f"{ORIGIN}/login", {}, "application/x-www-form-urlencoded", f"user=a&mot_de_passe={SECRET}"),
        entry("POST", f"{ORIGIN}/graphql", {}, "application/json", json.dumps({"query": "{ me { id } }"})),
        entry("POST", f"{ORIGIN}/graphql", {}, "application/json", json.dumps({"query": "mutation { x }"})),
        {"request": {"method": "GET"}},
        "rien",
    )
    found = recorded(path, mine)
    assert SECRET not in repr(found)
    assert [(one.method, urlsplit(one.url).path) for one in found] == [
        ("GET", "/dossiers/17"),
        ("POST", "/recherche"),
        ("POST", "/f"),
        ("POST", "/graphql"),
        ("POST", "/graphql"),
    ]
    assert found[0].headers == (("X-Patient", "17"),)
    assert json.loads(found[1].body) == {"token": "", "patient": 17}
    assert found[2].body == b"csrf=&id=17"
    assert [one.media_type == GRAPHQL_TYPE for one in found[3:]] == [True, False]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"log": 3}', '{"log": {"entries": [3, null, {"request": []}]}}', "[" * 9999]
)
def test_what_is_no_har_gives_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.har"
    path.write_text(text, encoding="utf-8")
    assert recorded(path, mine) == ()
    assert recorded(tmp_path / "absent.har", mine) == ()


async def test_a_recording_teaches_the_walk(
    har: Callable[..., Path],
    office: Callable[..., Any],
    answer_json: Callable[..., Response],
    inventory_of: Callable[..., Awaitable[Inventory]],
) -> None:
    path = har(
        entry("GET", f"{ORIGIN}/api/dossiers/17"),
        entry("GET", f"{ORIGIN}/api/fiche", {"X-Patient": "17"}),
        entry("GET", f"{ORIGIN}/logout"),
        entry("DELETE", f"{ORIGIN}/api/dossiers/17"),
    )

    def inside(name: str, request: Request) -> Response | None:
        return answer_json({"nom": name}) if request.url.startswith(f"{ORIGIN}/api/") else None

    app = office(inside=inside)
    found = await inventory_of(app, "a", declared={"discovery.har-a": str(path)})
    by_path = {(one.method, urlsplit(one.url).path): one for one in found.endpoints}
    assert by_path["GET", "/api/dossiers/17"].shown_to == {"a"}
    fiche = by_path["GET", "/api/fiche"]
    assert [(one.place, one.value) for one in fiche.at(Place.HEADER)] == [(Place.HEADER, "17")]
    assert not by_path["DELETE", "/api/dossiers/17"].reads
    assert {one.method for one in app.sent} <= {"GET", "POST"}
    assert not app.asked("/logout")
