"""What names a record, however it is written, and what does not."""

from __future__ import annotations

import base64
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.inventory.model import Endpoint, Source
from pgssi_probe.inventory.references import Form, references, written_as
from pgssi_probe.inventory.requests import parameters_of


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "form", "inner"),
    [
        ("17", Form.NUMBER, ""),
        ("295109912611193", Form.NUMBER, ""),
        ("3f2b8c1e-9a4d-4e6f-8b7a-0c1d2e3f4a5b", Form.UUID, ""),
        ("5f1e0a2b3c4d5e6f7a8b9c0d", Form.HEX, ""),
        (b64("patient:17"), Form.BASE64, "patient:17"),
        (b64("1234"), Form.BASE64, "1234"),
        (b64("1234").rstrip("="), Form.BASE64, "1234"),
        (base64.urlsafe_b64encode(b"user/42?x").decode(), None, ""),
        (b64('{"id":17}'), Form.JSON_IN_BASE64, '{"id":17}'),
        ("PAT_17", Form.COMPOSITE, ""),
        ("2026-0042", Form.COMPOSITE, ""),
        ("1:2:3", Form.COMPOSITE, ""),
        ("doc-3f2b8c1e-9a4d-4e6f-8b7a-0c1d2e3f4a5b", Form.COMPOSITE, ""),
        ("2026-11-22", None, ""),
        ("22/11/2026", None, ""),
        ("2026-11-22T10:00:00Z", None, ""),
        ("v1", None, ""),
        ("3.7.1", None, ""),
        ("documents", None, ""),
        ("mentions-legales", None, ""),
        ("password", None, ""),
        ("deadbeef", None, ""),
        ("", None, ""),
    ],
)
def test_how_an_identifier_is_written(value: str, form: Form | None, inner: str) -> None:
    assert written_as(value) == (form, inner)


@given(st.integers(0, 10**19))
def test_every_number_is_a_reference_and_its_base64_is_one_too(number: int) -> None:
    assert written_as(str(number))[0] is Form.NUMBER
    if number > 99:
        assert written_as(b64(str(number))) == (Form.BASE64, str(number))
    encoded = b64(json.dumps({"id": number}))
    assert written_as(encoded) == (Form.JSON_IN_BASE64, json.dumps({"id": number}))


@given(st.uuids())
def test_every_uuid_is_a_reference(value: uuid.UUID) -> None:
    assert written_as(str(value)) == (Form.UUID, "")


@given(st.text(max_size=400))
def test_nothing_hostile_raises(value: str) -> None:
    written_as(value)


def found(url: str, body: bytes = b"", media_type: str = "") -> list[tuple[str, str, Form]]:
    one = Endpoint("GET", url, Source.LINK, frozenset({"a"}), parameters_of(url, body, media_type), body, media_type)
    return [(each.parameter.name, each.value, each.form) for each in references(one)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/documents/17", [("1", "17", Form.NUMBER)]),
        ("/documents/17.pdf", [("1", "17.pdf", Form.NUMBER)]),
        ("/documents/resultat-17.pdf", [("1", "resultat-17.pdf", Form.COMPOSITE)]),
        ("/patients/alice", [("1", "alice", Form.SLUG)]),
        ("/alice", []),
        ("/mentions-legales", []),
        ("/static/jquery-3.7.1.min.js", []),
        ("/api/v1/resultats/42", [("3", "42", Form.NUMBER)]),
        ("/dossier?id=17&page=2", [("id", "17", Form.NUMBER)]),
        ("/profil?user=alice&tri=date", [("user", "alice", Form.SLUG)]),
        ("/x?csrf_token=5f1e0a2b3c4d5e6f7a8b9c0d", []),
        ("/agenda?jour=2026-11-22", []),
    ],
)
def test_references_of_an_address(path: str, expected: list[tuple[str, str, Form]]) -> None:
    assert found(f"https://portal.example{path}") == expected


def test_references_of_a_body() -> None:
    body = json.dumps({"patientId": 17, "filter": {"owner": "alice", "label": "vu"}, "nonce": "a1b2c3d4e5f6"}).encode()
    assert found("https://portal.example/api", body, "application/json") == [
        ("/patientId", "17", Form.NUMBER),
        ("/filter/owner", "alice", Form.SLUG),
    ]
