"""What an answer shows of somebody else's record: pure cases."""

from __future__ import annotations

from typing import Any

import pytest

from pgssi_checks.authz.comparing import Shows, is_same_file, judged, judged_at_once
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.compare.absence import Absence
from pgssi_probe.compare.marks import Marks

URL = "https://portal.example/r/17"
RECORD = "<!doctype html><title>R</title><h1>Bilan sanguin</h1><p>Ferritine trop basse<p>Revoir dans un mois"
LINES = frozenset({"Bilan sanguin", "Ferritine trop basse", "Revoir dans un mois"})
NOBODY = Marks()


def shows(
    answer: Any, *, told: frozenset[str] = frozenset(), absence: Absence = Absence.DIFFERENT, **more: Any
) -> Shows:
    owner = exchange(URL, page(RECORD))
    reserved = more.pop("reserved", LINES)
    owners, askers = more.pop("owners", NOBODY), more.pop("askers", NOBODY)
    return judged(exchange(URL, answer), owner, owners, askers, absence, reserved=reserved, told=told, **more)


def test_the_same_page_is_the_same_only_with_what_the_owner_alone_was_shown() -> None:
    assert shows(page(RECORD), told=LINES) is Shows.SAME
    assert shows(page(RECORD), told=frozenset(), reserved=frozenset()) is Shows.OTHER
    empty = RECORD.replace("Ferritine trop basse", "Aucun r\u00e9sultat")
    assert shows(page(empty), told=frozenset()) is Shows.NOTHING


def test_a_soft_refusal_gives_nothing_away_whatever_its_status() -> None:
    assert shows(page("<!doctype html><h1>Acc\u00e8s refus\u00e9")) is Shows.NOTHING
    assert shows(page("<!doctype html><h1>Acc\u00e8s refus\u00e9"), absence=Absence.UNKNOWN) is Shows.NOTHING
    assert shows(page("<!doctype html><h1>Autre"), reserved=frozenset()) is Shows.OTHER
    assert shows(page("<!doctype html><h1>Autre"), absence=Absence.SOFT, told=LINES) is Shows.NOTHING


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Shows.NOTHING),
        (403, Shows.NOTHING),
        (404, Shows.NOTHING),
        (429, Shows.UNKNOWN),
        (502, Shows.UNKNOWN),
        (200, None),
    ],
)
def test_what_is_plain_at_once(status: int, expected: Shows | None) -> None:
    assert judged_at_once(exchange(URL, page("x", status=status)), NOBODY) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Sorry, you are not allowed to edit this item.", Shows.NOTHING),
        ("You do not have sufficient permissions to access this page.", Shows.NOTHING),
        ("Vous n&#39;\u00eates pas autoris\u00e9e \u00e0 ouvrir ce dossier.", Shows.NOTHING),
        ("Vous n\u2019avez pas les droits pour cette fiche.", Shows.NOTHING),
        ("Access denied for user 'root'@'localhost'", Shows.UNKNOWN),
        ("fopen(): failed to open stream: Permission denied", Shows.UNKNOWN),
        ("Internal Server Error", Shows.UNKNOWN),
        ("You are not allowed" + " x" * 20_000, Shows.UNKNOWN),
    ],
)
def test_an_error_that_says_that_one_may_not_is_a_refusal(said: str, expected: Shows) -> None:
    assert judged_at_once(exchange(URL, page(f"<p>{said}</p>", status=500)), NOBODY) is expected


def test_a_value_of_the_owner_proves_even_in_a_refusal() -> None:
    owners = Marks(declared=frozenset({"VAL-1234"}))
    assert judged_at_once(exchange(URL, page("dossier VAL-1234", status=500)), owners) is Shows.RECORD
    assert judged_at_once(exchange(URL, page("dossier VAL-1234", status=403)), owners) is Shows.RECORD
    assert shows(page("jeanne@exemple.fr"), owners=Marks(telling=frozenset({"jeanne@exemple.fr"}))) is Shows.TRACES
    assert shows(page("paul@exemple.fr"), askers=Marks(telling=frozenset({"paul@exemple.fr"}))) is Shows.OWN


def test_documents_are_compared_by_their_bytes() -> None:
    def document(body: str, **headers: str) -> Any:
        return page(body, content_type="application/pdf", headers=headers)

    def file(answer: Any, again: Any = None) -> Shows:
        owner = exchange(URL, document("%PDF owner 10:00"))
        twice = exchange(URL, again) if again is not None else None
        return judged(exchange(URL, answer), owner, NOBODY, NOBODY, Absence.DIFFERENT, again=twice)

    assert file(document("%PDF owner 10:00")) is Shows.SAME
    assert file(document("%PDF asker 10:00")) is Shows.OTHER
    assert file(document("%PDF owner 10:02"), again=document("%PDF owner 10:01")) is Shows.SAME, "made at each request"
    assert file(page("Acc\u00e8s refus\u00e9")) is Shows.NOTHING


def test_two_files_are_one_when_they_differ_only_where_two_answers_to_the_owner_do() -> None:
    def file(body: str) -> Any:
        return exchange(URL, page(body, content_type="application/pdf"))

    first, again = file("head\nalice 210\nat 10:01\n"), file("head\nalice 210\nat 10:02\n")
    assert is_same_file(file("head\nalice 210\nat 10:03\n"), first, again)
    assert not is_same_file(file("head\nbobby 210\nat 10:03\n"), first, again)
    assert not is_same_file(file("head\nalice 210\nat 10:03 and more\n"), first, again)
    assert not is_same_file(file("head\nalice 210\n\nat 10:03"), first, again)
    assert not is_same_file(file("head\nalice 210\nat 10:03\n"), first)
