"""Evidence: redacted before it is stored, private, hashed, and numbered once."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pgssi_probe.check.harness import exchange, page
from pgssi_probe.clock import VirtualClock
from pgssi_probe.engine.evidence import MAX_EXCERPT, MAX_HEADER_VALUE, MAX_HEADERS, EvidenceRoom
from pgssi_probe.engine.facts import fit_to_print
from pgssi_probe.engine.folder import FolderError
from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.outcome import Observation, Subject
from pgssi_probe.model.text import Bilingual
from pgssi_probe.net.exchange import Exchange, Failure, Request
from pgssi_probe.redact import Redactor

HOME = "https://portal.example/"
SECRET = "s3cr3t-abcdef123456"


@pytest.fixture
def room(tmp_path: Path) -> EvidenceRoom:
    return EvidenceRoom(tmp_path, VirtualClock())


def both(text: str) -> Bilingual:
    return Bilingual(fr=text, en=text)


def kept(room: EvidenceRoom, one: Exchange, excerpt: str | None = None, title: str | None = None) -> Evidence:
    identifier = room.exchange("a.b", one, excerpt=excerpt, title=both(title) if title is not None else None)
    return next(piece for piece in room.pieces() if piece.id == identifier)


def test_what_is_stored_is_what_is_told_and_what_is_hashed(room: EvidenceRoom, tmp_path: Path) -> None:
    piece = kept(room, exchange(HOME, page("<h1>Accueil</h1>")))
    path = tmp_path / f"{piece.id}.json"
    raw = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert piece.sha256 == hashlib.sha256(raw).hexdigest()
    stored = Evidence.model_validate_json(raw)
    assert stored.model_copy(update={"sha256": piece.sha256}) == piece
    assert (stored.check, stored.kind, stored.title) == ("a.b", "exchange", both(f"GET {HOME}"))
    assert stored.body_sha256 == hashlib.sha256(b"<h1>Accueil</h1>").hexdigest()


def test_no_secret_and_nobody_s_data_reach_the_disk(room: EvidenceRoom, tmp_path: Path) -> None:
    answer = page(
        "corps",
        headers=(
            ("Set-Cookie", f"session={SECRET}; Path=/"),
            ("Location", f"/accueil?token={SECRET}"),
            ("X-Patient", "1 85 05 78 006 084 91"),
        ),
    )
    sent = (("Cookie", f"session={SECRET}"), ("Authorization", f"Bearer {SECRET}"))
    one = exchange(f"{HOME}?token={SECRET}&page=2", answer)
    one = replace(one, request=replace(one.request, headers=sent, body=f"mdp={SECRET}".encode()), sent_headers=sent)
    kept(room, one, excerpt=f"password={SECRET} jeanne.martin@exemple.fr", title=f"{HOME}?token={SECRET}")
    room.facts("a.b", "facts", both(f"token={SECRET}"), {"in": [{"deep": f"password={SECRET}"}], "n": 3})
    stored = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    for secret in (SECRET, "1 85 05 78", "185057800608491", "jeanne.martin"):
        assert secret not in stored
    assert "page=2" in stored
    assert '"n": 3' in stored


def test_the_same_secret_has_the_same_mark_within_a_run_and_another_in_the_next(tmp_path: Path) -> None:
    marks = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        room = EvidenceRoom(tmp_path / name, VirtualClock())
        room.facts("a.b", "facts", both("x"), {"a": "a.b@exemple.fr", "b": "a.b@exemple.fr"})
        data = room.pieces()[0].data
        assert data["a"] == data["b"] != "a.b@exemple.fr"
        marks.append(data["a"])
    assert marks[0] != marks[1]


def test_the_same_exchange_is_kept_once_for_the_same_excerpt(room: EvidenceRoom) -> None:
    one, other = exchange(HOME, page("a")), exchange(HOME, page("a"))
    first = room.exchange("a.b", one, excerpt=None, title=None)
    assert room.exchange("c.d", one, excerpt=None, title=None) == first
    assert room.exchange("a.b", one, excerpt="a", title=None) != first
    assert room.exchange("a.b", other, excerpt=None, title=None) != first
    assert room.exchange("a.b", one, excerpt=None, title=both("La fiche")) != first
    assert len(room.pieces()) == 4


def test_a_failure_is_evidence_too(room: EvidenceRoom) -> None:
    piece = kept(room, replace(exchange(HOME, Failure.RESPONSE_TIMEOUT), detail="no answer in time"))
    assert piece.response == "[response_timeout] no answer in time"
    assert piece.body_sha256 is None


def test_what_a_target_sends_without_end_is_capped(room: EvidenceRoom, tmp_path: Path) -> None:
    headers = tuple((f"X-{n}" + "n" * 500, "v" * 5000) for n in range(400))
    piece = kept(room, exchange(f"{HOME}{'a' * 9000}", page("b", headers=headers)), excerpt="e" * 9000)
    lines = (piece.response or "").splitlines()
    assert len(lines) <= MAX_HEADERS + 3
    assert max(len(line) for line in lines) <= MAX_HEADER_VALUE + 202
    assert "[+" in lines[-1]
    assert len(piece.excerpt or "") <= MAX_EXCERPT
    assert len(piece.title.fr) <= 2000
    assert (tmp_path / f"{piece.id}.json").stat().st_size < 100_000


def test_the_body_of_a_request_is_not_kept(room: EvidenceRoom) -> None:
    one = exchange(HOME, page("a"), method="POST")
    piece = kept(room, replace(one, request=replace(one.request, body=b"identifiant=jeanne&mdp=x")))
    assert "jeanne" not in (piece.request or "")
    assert "[24 bytes]" in (piece.request or "")


def test_a_target_sent_verbatim_is_shown_as_sent(room: EvidenceRoom) -> None:
    one = exchange(HOME, page("a"))
    piece = kept(room, replace(one, request=Request("GET", HOME, origin_form="/..%2f..%2fetc")))
    assert (piece.request or "").split("\n")[0] == "GET /..%2f..%2fetc HTTP/1.1"


def test_numbers_go_on_where_an_interrupted_run_stopped(tmp_path: Path) -> None:
    before = EvidenceRoom(tmp_path, VirtualClock())
    first = before.facts("a.b", "facts", both("x"), {})
    (tmp_path / "E0002.json").write_text("{torn", encoding="utf-8")
    after = EvidenceRoom(tmp_path, VirtualClock())
    assert [piece.id for piece in after.pieces()] == [first]
    assert after.pieces() == before.pieces()
    assert after.facts("a.b", "facts", both("y"), {}) == "E0003"
    assert (tmp_path / "E0002.json").read_text(encoding="utf-8") == "{torn"


def test_a_file_that_waits_there_is_never_followed_nor_overwritten(room: EvidenceRoom, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("à moi", encoding="utf-8")
    (tmp_path / "E0001.json").symlink_to(elsewhere)
    with pytest.raises(FolderError) as caught:
        room.facts("a.b", "facts", both("x"), {})
    assert (caught.value.code, caught.value.detail) == ("unwritable", "EEXIST")
    assert elsewhere.read_text(encoding="utf-8") == "à moi"


def test_a_full_disk_is_an_error_of_the_folder(room: EvidenceRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(FolderError) as caught:
        room.facts("a.b", "facts", both("x"), {})
    assert caught.value.detail == "ENOSPC"
    monkeypatch.undo()
    assert room.pieces() == ()


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        (f"{HOME}?token={SECRET}&page=2", f"{HOME}?token=‹secret›&page=2"),
        (f"voir {HOME}?page=2 et {HOME}x?sid={SECRET}.", f"voir {HOME}?page=2 et {HOME}x?sid=‹secret›"),
        (f"/login?next=/&session={SECRET}", "/login?next=/&session=‹secret›"),
        (f"https://nom:{SECRET}@portal.example/", "https://‹secret›@portal.example/"),
        (f"{HOME}a;jsessionid={SECRET}", f"{HOME}a;jsessionid=‹secret›"),
        ("default-src 'self'; script-src 'nonce-abc'", "default-src 'self'; script-src 'nonce-abc'"),
        ("nginx/1.22.1", "nginx/1.22.1"),
        ("01 99 00 00 00", "‹phone›"),
    ],
)
def test_what_checks_say_shows_no_secret_of_an_address(said: str, printed: str) -> None:
    subject = Subject(kind="url", name=said)
    observation = Observation(slug="bad", subject=subject, facts={"a": said, "b": [said, {"c": said}], "n": 1})
    shown = fit_to_print(observation)
    assert shown.facts == {"a": printed, "b": [printed, {"c": printed}], "n": 1}
    assert shown.subject == Subject(kind="url", name=printed)
    assert SECRET not in json.dumps(shown.model_dump())


CANARY = "Durand & Fils-Éssai"


@pytest.mark.parametrize(
    "written",
    [CANARY, CANARY.upper(), "Durand &amp; Fils-Éssai", "Durand+%26+Fils-%C3%89ssai", "Durand%20%26%20Fils-%C3%89ssai"],
)
def test_a_canary_is_marked_wherever_it_stands_and_however_it_is_written(tmp_path: Path, written: str) -> None:
    room = EvidenceRoom(tmp_path, VirtualClock(), Redactor(values=(CANARY,)))
    answer = page(f"<p>{written}</p>", headers=(("X-Name", written),))
    url = f"{HOME}dossier/{written.replace(' ', '%20')}?nom=x"
    piece = kept(room, exchange(url, answer), excerpt=f"<p>{written}</p>", title=f"Dossier {written}")
    room.facts("a.b", "facts", both(f"Dossier {written}"), {"seen": [written], "more": {"name": written}})
    for text in (piece.model_dump_json(), *(path.read_text(encoding="utf-8") for path in tmp_path.glob("E*.json"))):
        assert "durand" not in text.lower().replace("‹canary", "")
    observation = Observation(
        slug="x", subject=Subject(kind="url", name=url), facts={"text": written, "list": [written]}
    )
    said = fit_to_print(observation, Redactor(values=(CANARY,)))
    assert "durand" not in said.model_dump_json().lower()


def test_without_canaries_nothing_more_is_marked() -> None:
    assert Redactor().known("Durand") == "Durand"
    assert "Durand" not in repr(Redactor(values=("Durand",)))


async def test_the_request_line_is_whole_and_host_stands_once(tmp_path: Path) -> None:
    from pgssi_probe.net.gate import open_gate
    from pgssi_probe.net.scope import Scope
    from tests.cli.conftest import web_server  # type: ignore[import-not-found]

    with web_server() as target:
        async with open_gate(scope=Scope.of(target.url)) as gate:
            exchange = await gate.network(by="a.b", max_requests=1).send(Request("GET", target.url + "x?y=1"))
    room = EvidenceRoom(tmp_path, VirtualClock())
    room.exchange("a.b", exchange, excerpt=None, title=None)
    (piece,) = room.pieces()
    first, *rest = (piece.request or "").split("\n")
    assert first == "GET /x?y=1 HTTP/1.1"
    assert [line.partition(":")[0].lower() for line in rest].count("host") == 1
