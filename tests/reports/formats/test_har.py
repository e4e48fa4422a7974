"""HAR: valid, every exchange kept as evidence, nothing that was not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS
from pgssi_reports.har import HarReporter
from pgssi_reports.har.archive import parsed
from tests.reports.formats.conftest import har_schema  # type: ignore[import-not-found]


def entries(result: RunResult, lang: Any = "fr") -> list[dict[str, Any]]:
    data = json.loads(HarReporter().render(result, lang))
    har_schema().validate(data)
    found: list[dict[str, Any]] = data["log"]["entries"]
    return found


def with_exchange(result: RunResult, **changes: Any) -> RunResult:
    piece = next(piece for piece in result.evidence if piece.kind == "exchange")
    return result.model_copy(update={"evidence": (piece.model_copy(update=changes),)})


@pytest.mark.parametrize("lang", LANGS)
def test_every_exchange_is_there_and_nothing_else(result: RunResult, lang: Any) -> None:
    exchanges = [piece for piece in result.evidence if piece.kind == "exchange"]
    found = entries(result, lang)
    assert len(found) == len(exchanges)
    assert [one["startedDateTime"] for one in found] == sorted(one["startedDateTime"] for one in found)


def test_an_exchange_is_read_back(sample: RunResult) -> None:
    first = entries(sample)[0]
    assert first["request"]["method"] == "GET"
    assert first["request"]["url"] == "https://portail-patients.ch-exemple.test/connexion"
    assert {"name": "Server", "value": "nginx/1.22.1"} in first["response"]["headers"]
    assert first["response"]["status"] == 200
    assert first["response"]["content"]["mimeType"] == "text/html; charset=utf-8"
    assert first["response"]["content"]["text"].startswith("<form")
    assert "9f86d081" in first["response"]["content"]["comment"]
    assert "[secret masqué]" in json.dumps(first, ensure_ascii=False)


@pytest.mark.parametrize(
    ("kept", "request_text", "url"),
    [
        ("https://a.test/x?y=1", "GET /x?y=1 HTTP", "https://a.test/x?y=1"),
        ("a page", "POST /login HTTP/1.1\nHost: b.test\n\nuser=‹value, 5›", "https://b.test/login"),
        ("a page", "GET http://c.test/ HTTP/1.1", "http://c.test/"),
        ("", "nonsense", "https://unknown/"),
        ("https://a.test/é", "", None),
    ],
)
def test_the_address_is_found_whatever_is_kept(
    sample: RunResult, kept: str, request_text: str, url: str | None
) -> None:
    found = entries(with_exchange(sample, data={"url": kept}, request=request_text, response=None, excerpt=None))
    assert [one["request"]["url"] for one in found] == ([url] if url else [])


def test_a_body_that_was_sent_is_there(sample: RunResult) -> None:
    (one,) = entries(with_exchange(sample, request="POST / HTTP\nContent-Type: text/plain\n\nabc"))
    assert one["request"]["postData"] == {"mimeType": "text/plain", "text": "abc"}


def test_messages_are_parsed_without_a_fault() -> None:
    message = parsed("HTTP/1.1 200 OK\r\nA: 1\r\nbroken\r\na: 2\r\n\r\nbody\n\nmore")
    assert message.first == "HTTP/1.1 200 OK"
    assert message.headers == (("A", "1"), ("broken", ""), ("a", "2"))
    assert message.header("a") == "2"
    assert message.body == "body\n\nmore"
    assert parsed("").headers == ()


def test_a_lost_answer_is_no_success(sample: RunResult) -> None:
    (one,) = entries(with_exchange(sample, response=None, excerpt=None, body_sha256=None))
    assert one["response"]["status"] == 0
    assert isinstance(sample.evidence[0], Evidence)
