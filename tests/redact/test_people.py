"""Names in free text: what a label told once, civil forms, given names; and what must stay for the proof."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.clock import SystemClock
from pgssi_probe.engine.evidence import EvidenceRoom
from pgssi_probe.model.text import Bilingual
from pgssi_probe.net.exchange import Response
from pgssi_probe.redact import People, Redactor

LETTERS = "abdefghilmnoprstuvwyzéèçï"
SURNAMES = st.text(LETTERS, min_size=4, max_size=12).map(lambda name: "X" + name)
GIVEN = st.sampled_from(["Camille", "Jean-Paul", "Élodie", "Fatima", "JÉRÔME", "Léa", "Mohamed", "noa".title()])
LABELS = (
    "<dt>Nom</dt><dd>{}</dd>",
    "Nom : {}\n",
    '{{"lastName": "{}"}}',
    "<th>Nom de naissance</th><td>{}</td>",
    '<input name="nom" value="{}">',
    "vu par Mme {}.",
)
FREE = ("{}", "le dossier de {} est clos", "<td>{}</td>", '["{}"]', "(Bilan \x97 {} \x97 2 pages)", "/x?q={}")


@given(SURNAMES, st.sampled_from(LABELS), st.sampled_from(FREE), st.booleans())
def test_what_a_label_told_is_marked_wherever_it_stands(name: str, label: str, free: str, capitals: bool) -> None:
    redactor = Redactor()
    redactor.people.learn(label.format(name))
    written = name.upper() if capitals else name
    clean = redactor.text(free.format(written))
    assert written not in clean, clean
    assert redactor.text(clean) == clean
    assert redactor.text(free.format(written)) == clean
    assert written not in str(redactor.value({"a": [free.format(written)]}))
    assert written not in redactor.unlinked().known(free.format(written))


@given(GIVEN, SURNAMES.map(str.upper), st.sampled_from(FREE[:-1]), st.booleans())
def test_a_given_name_beside_a_surname_needs_no_label(given_name: str, surname: str, free: str, reverse: bool) -> None:
    whole = f"{surname} {given_name}" if reverse else f"{given_name} {surname}"
    clean = Redactor().text(free.format(whole))
    assert surname not in clean
    assert given_name not in clean


@pytest.mark.parametrize(
    "text",
    [
        "Ordonnance — Camille EXEMPLE — 2 pages",
        "Compte rendu de consultation — Zoltan SPÉCIMEN",
        "Bonjour Zoltan",
        "Connecté(e) en tant que Zoltan Durandeau",
        "signé par Zoltan MAQUETTE le 3",
        "Dre Zoltan PROTOTYPE",
        "MME DURANDEAU",
        "M DURANDEAU est venu",
        "épouse Durandeau",
        "Jean-Pierre d'ORMEVAL",
        "Camille de la TOURETTE",
        "Welcome back, Zoltan",
        "Alice%20DURANDEAU",
    ],
)
def test_civil_forms(text: str) -> None:
    clean = Redactor().text(text)
    for word in (
        "Camille",
        "EXEMPLE",
        "Zoltan",
        "SPÉCIMEN",
        "Durandeau",
        "MAQUETTE",
        "PROTOTYPE",
        "DURANDEAU",
        "ORMEVAL",
    ):
        assert word not in clean
    assert "TOURETTE" not in clean
    assert "Alice" not in clean


@pytest.mark.parametrize(
    "text",
    [
        "Server: Apache Tomcat",
        "Apache Tomcat/9.0.1 - Error report",
        "Microsoft SQL Server",
        "Internet Information Services",
        "Microsoft OLE DB Provider for ODBC Drivers",
        "Compte rendu — Service ORL",
        "Dossier Patient Informatisé",
        "Welcome to nginx!",
        "Hello World",
        "Hôpital Claude Bernard",
        "hébergé par le CHU Louis Pradel",
        "12 rue Victor Hugo",
        "Hébergeur Démo Santé SAS, certifié HDS",
        "Content-Security-Policy: default-src 'self'",
        "X-Powered-By: Express",
        "Django Version: 5.2 — Exception Type: OperationalError",
        "You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version",
        "org.springframework.web.servlet.DispatcherServlet",
        "Warning: Undefined array key in /var/www/html/Controller/Patient.php",
        "ORA-01756: quoted string not properly terminated",
        "Whitelabel Error Page",
        "Index of /Documents",
        "MODE OF OPERATION",
    ],
)
def test_a_proof_stays_readable(text: str) -> None:
    redactor = Redactor(people=People.of(["camille.exemple", "admin", "root"]))
    redactor.people.learn(
        "Nom : Service\nNom : Tomcat\nNom : Dossier\n<th>Nom</th><td>Apache</td><dt>Nom</dt><dd>Index</dd>"
    )
    assert redactor.text(text) == text


def test_user_names_tell_a_name_in_either_order_and_neither_word_alone() -> None:
    redactor = Redactor(people=People.of(["zelko.fictif", "b"]))
    assert redactor.text("Zelko FICTIF, FICTIF Zelko").count("‹name") == 2
    assert redactor.text("un cas fictif, Fictif seul, Zelko seul") == "un cas fictif, Fictif seul, Zelko seul"


def test_birth_dates_and_numbers_that_a_label_told() -> None:
    redactor = Redactor(linked=False)
    redactor.people.learn('<dt>Né(e) le</dt><dd>12 mai 1974</dd> "date_naissance": "1981-02-03"')
    redactor.people.learn('Téléphone <input name="tel" value="09 99 12 34 56 78">')
    told = "1974-05-12, 12/05/1974, 12 mai 1974, 03.02.1981; 1974-05-13 et 2026-11-22"
    assert redactor.text(told) == "‹date›, ‹date›, ‹date›, ‹date›; 1974-05-13 et 2026-11-22"
    assert "99123456" not in redactor.text("appel du 099912345678")


def test_a_common_word_is_a_name_in_capitals_only() -> None:
    redactor = Redactor(linked=False)
    redactor.people.learn("Nom : AVRIL\nPrénom : Page\n")
    assert redactor.text("AVRIL, en Avril, une Page") == "‹name›, en Avril, une Page"


def test_only_what_carries_labels_is_read_and_no_more_than_a_bound() -> None:
    def answer(kind: str, body: str) -> Response:
        return Response(200, "OK", "HTTP/1.1", (("Content-Type", kind),), body.encode(), len(body))

    people = People()
    people.meet(answer("application/javascript", '"nom": "Durandeau"'))
    people.meet(answer("image/png", "Nom : Durandeau"))
    assert not people.words
    people.meet(answer("application/hal+json; charset=utf-8", '"nom": "Durandeau"'))
    assert people.words == {"durandeau"}
    for number in range(60):
        people.meet(answer("text/html", f"{number}" + "a" * 300_000))
    assert people.read <= 6_000_000
    for number in range(9000):
        people._learn_value("Z" + re.sub(r"\d", lambda d: chr(97 + int(d[0])), str(number)) + "zz")
    assert "durandeau" not in repr(people)


def test_a_sentence_under_a_label_is_no_name() -> None:
    people = People()
    people.learn("Nom : saisissez ici le nom que porte votre carte Vitale\nNom : patient_42\nNom : v2.3\n")
    assert not people.words


def test_what_was_kept_early_is_marked_when_the_run_met_the_person_later(tmp_path: Path) -> None:
    redactor = Redactor()
    room = EvidenceRoom(tmp_path, SystemClock(), redactor)
    title = Bilingual(fr="vu", en="seen")
    early = room.facts("a.b", "facts", title, {"lignes": ["Durandeau, 3e étage"], "n": 1})
    other = room.facts("a.b", "facts", title, {"lignes": ["rien"]})
    before = {piece.id: piece.sha256 for piece in room.pieces()}
    redactor.people.learn("Nom : Durandeau\n")
    room.settle()
    pieces = {piece.id: piece for piece in room.pieces()}
    for name, piece in pieces.items():
        raw = (tmp_path / f"{name}.json").read_bytes()
        assert b"Durandeau" not in raw
        assert piece.sha256 == sha256(raw).hexdigest()
        assert (tmp_path / f"{name}.json").stat().st_mode & 0o777 == 0o600
    assert pieces[other].sha256 == before[other]
    assert "3e étage" in str(pieces[early].data)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{early}.json", f"{other}.json"]


def test_a_text_that_was_clean_before_a_person_was_met_is_looked_at_again() -> None:
    redactor = Redactor()
    assert redactor.text("vers Xandrille, demain") == "vers Xandrille, demain"
    redactor.people.learn("Nom : Xandrille\n")
    assert "Xandrille" not in redactor.text("vers Xandrille, demain")


def test_what_is_remembered_is_bounded_and_not_shared_between_ways_of_marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgssi_probe.redact.text.REMEMBERED", 10)
    redactor = Redactor()
    texts = [f"x{n}@exemple.test" for n in range(50)]
    assert [redactor.text(text) for text in texts] == [redactor.text(text) for text in texts]
    assert len(redactor._recognised) <= 10
    assert redactor.text("x1@exemple.test") != redactor.unlinked().text("x1@exemple.test")
