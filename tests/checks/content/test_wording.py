"""Recognising notices in texts as French hospitals, agencies and their English-speaking peers write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.content.wording import (
    EMAIL,
    HDS,
    LEGAL,
    LEGAL_ELEMENTS,
    PHONE,
    PRIVACY,
    PRIVACY_ELEMENTS,
    SUPPORT,
    TERMS,
    Topic,
    plain,
)
from pgssi_probe.discovery.danger import words_of


def elements(patterns: object, text: str) -> set[str]:
    assert isinstance(patterns, dict)
    flowing = " ".join(text.split())
    return {name for name, pattern in patterns.items() if pattern.search(plain(flowing))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            """Éditeur du site : Groupement hospitalier du Val d’Orge, 3 rue des Saules, 99100 Orgeval. Directrice
            de la publication : Mme Camille Exemple, directrice générale. Hébergement : Société Nuage Exemple, 1
            quai du Port, 99200 Portville. SIRET 000 000 000 00000""",
            {"publisher", "director", "host", "identifier"},
        ),
        (
            """Le présent site est édité par l’association Soins d’ici. Le directeur·rice de publication est son
            président. Il est hébergé chez Exemple Cloud.""",
            {"publisher", "director", "host"},
        ),
        (
            """Raison sociale : Clinique Exemple SAS — RCS Orgeval 000 000 000. Responsable de la publication : A.
            Exemple. Nom de l’hébergeur : Exemple.""",
            {"publisher", "director", "host", "identifier"},
        ),
        (
            """This website is published by Example Health Trust, registered number 0000. Publication director: A.
            Example. It is hosted by Example Cloud.""",
            {"publisher", "director", "host", "identifier"},
        ),
        ("Directeur(trice) de la publication : A. Exemple", {"director"}),
        ("Directeur de publication et de la rédaction : A. Exemple", {"director"}),
        ("Bienvenue sur le portail. Nos médecins vous reçoivent sur rendez-vous.", set()),
        ("Directeur de l'établissement : A. Exemple. La publication des résultats est différée.", set()),
    ],
)
def test_legal_elements(text: str, expected: set[str]) -> None:
    assert elements(LEGAL_ELEMENTS, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            """Vos données sont utilisées pour gérer vos rendez-vous. Elles sont conservées par le service pendant
            vingt ans. Elles sont transmises à l’équipe de soins. Vous pouvez exercer vos droits auprès du
            délégué à la protection des données, et saisir la CNIL.""",
            {"purpose", "retention", "recipients", "rights", "dpo", "complaint"},
        ),
        (
            """Finalités du traitement : prise en charge. Durée de conservation : 20 ans. Destinataires : équipe de
            soins. Droit d’accès et de rectification : dpo@exemple.invalid""",
            {"purpose", "retention", "recipients", "rights", "dpo"},
        ),
        (
            """The purposes of the processing are care. We keep your data for ten years and share it only with your
            care team. Your rights: contact our Data Protection Officer or lodge a complaint with the
            supervisory authority.""",
            {"purpose", "retention", "recipients", "rights", "dpo", "complaint"},
        ),
        ("Vos données sont en sécurité avec nous.", set()),
    ],
)
def test_privacy_elements(text: str, expected: set[str]) -> None:
    assert elements(PRIVACY_ELEMENTS, text) == expected


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        (LEGAL, "Mentions légales"),
        (LEGAL, "MENTIONS LÉGALES ET CRÉDITS"),
        (LEGAL, "/fr/mentions_legales.html"),
        (LEGAL, "/mentionsLegales"),
        (LEGAL, "Legal notice"),
        (LEGAL, "Impressum"),
        (PRIVACY, "Politique de confidentialité"),
        (PRIVACY, "Protection de vos données"),
        (PRIVACY, "Données personnelles et cookies"),
        (PRIVACY, "/privacy-policy"),
        (PRIVACY, "RGPD"),
        (TERMS, "CGU"),
        (TERMS, "Conditions générales d’utilisation"),
        (TERMS, "Conditions d'utilisation du service"),
        (TERMS, "Terms of Service"),
        (TERMS, "Terms"),
        (SUPPORT, "Nous contacter"),
        (SUPPORT, "Contactez-nous"),
        (SUPPORT, "Assistance"),
        (SUPPORT, "Help desk"),
    ],
)
def test_topics(topic: Topic, text: str) -> None:
    assert topic.is_named_in(words_of(text))


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        (LEGAL, "Représentant légal"),
        (LEGAL, "Médecine légale"),
        (PRIVACY, "Données de santé publique"),
        (TERMS, "Conditions d'admission"),
        (TERMS, "Terms explained in our glossary of care"),
        (SUPPORT, "Les supports de cours"),
    ],
)
def test_other_topics(topic: Topic, text: str) -> None:
    assert not topic.is_named_in(words_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "hébergées par Exemple, certifié HDS",
        "Hébergeur de données de santé certifié",
        "hébergeur agréé pour les données de santé",
        "Exemple est certifiée pour l’hébergement de données de santé à caractère personnel",
        "hosted by an HDS certified provider",
        "a health data host",
    ],
)
def test_hds(text: str) -> None:
    assert HDS.search(plain(text))


@pytest.mark.parametrize(
    "text",
    ["hébergeur : Exemple Cloud", "données de santé de la population", "la HDSI", "hébergement en chambre seule"],
)
def test_not_hds(text: str) -> None:
    assert not HDS.search(plain(text))


def test_phones_and_addresses() -> None:
    for text in (
        "01 99 00 00 01",
        "+33 1 99 00 00 01",
        "0033199000001",
        "01.99.00.00.01",
        "+33 (0)1 99 00 00 01",
        "+44 20 7946 0000",
    ):
        assert PHONE.search(f"tél. {text} (appel gratuit)"), text
    for text in ("SIRET 000 000 000 00000", "le 22/11/2026 à 10:30", "12345678901234567890", "v1.2.3.4"):
        assert not PHONE.search(text), text
    for text in ("aide@exemple.invalid", "aide [at] exemple.invalid", "a.b-c@x.y.z"):
        assert EMAIL.search(text), text
    assert not EMAIL.search("arobase @ seul, @pseudo")


@given(st.text(max_size=300))
def test_plain_is_stable(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    "text", ["a" * 400_000, "conserve " * 40_000, "certifie a " * 30_000, "0" * 400_000, "site de " * 50_000]
)
def test_cost_is_bounded(text: str) -> None:
    start = time.process_time()
    for pattern in (*LEGAL_ELEMENTS.values(), *PRIVACY_ELEMENTS.values(), HDS, PHONE, EMAIL):
        pattern.search(text)
    assert time.process_time() - start < 5
