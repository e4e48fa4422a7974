"""Invented people and records. Every identity is fictional by its very name; the NIR keys are wrong on purpose."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import scrypt
from uuid import UUID

ANALYSES = (
    ("Hémogramme", "Hémoglobine", "g/dL", 11.5, 16.5),
    ("Bilan glucidique", "Glycémie à jeun", "g/L", 0.7, 1.1),
    ("Bilan lipidique", "Cholestérol LDL", "g/L", 0.9, 1.6),
    ("Fonction rénale", "Créatinine", "mg/L", 6.0, 11.0),
    ("Bilan thyroïdien", "TSH", "mUI/L", 0.4, 4.0),
    ("Ionogramme", "Potassium", "mmol/L", 3.5, 5.0),
)
SERVICES = ("Cardiologie", "Médecine interne", "Radiologie", "Ophtalmologie", "Consultation de pneumologie")
DOCTORS = ("Dr Maxime DÉMO", "Dre Charlie PROTOTYPE", "Dr Noa MAQUETTE")
SUBJECTS = (
    ("Préparation de votre examen", "Merci de vous présenter à jeun, muni de votre carte Vitale et de cette référence"),
    ("Compte rendu disponible", "Votre compte rendu a été déposé dans vos documents sous la référence"),
    ("Réponse à votre question", "Nous avons bien pris en compte votre demande, enregistrée sous la référence"),
)
DOCUMENTS = ("Compte rendu de consultation", "Ordonnance", "Attestation de présence")


@dataclass(frozen=True)
class Account:
    """A user of the lab and what only this user may see. `label` is the word used in an engagement file."""

    label: str
    username: str
    password: str = field(repr=False)
    given_name: str
    family_name: str
    role: str
    canaries: tuple[str, ...] = ()
    totp_secret: str = field(default="", repr=False)

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


_PEOPLE = (
    ("a", "camille.exemple", "Camille", "EXEMPLE", "patient"),
    ("b", "dominique.fictif", "Dominique", "FICTIF", "patient"),
    ("low", "sacha.modele", "Sacha", "MODÈLE", "patient"),
    ("sacrifice", "alix.specimen", "Alix", "SPÉCIMEN", "patient"),
    ("high", "secretariat.demo", "Claude", "GUICHET", "agent"),
)


@cache
def people(seed: int) -> tuple[Account, ...]:
    """The five accounts: a, b, low, sacrifice (patients) and high (staff). Same seed, same passwords."""
    chance = random.Random(f"people-{seed}")  # noqa: S311
    return tuple(
        Account(
            label=label,
            username=username,
            password=f"Valombre-{chance.randrange(10**4):04d}-{label}-{chance.randrange(10**6):06d}!",
            given_name=given,
            family_name=family,
            role=role,
            canaries=(f"VAL-{chance.randrange(16**8):08X}", f"dossier {chance.randrange(10**8):08d}"),
            totp_secret="".join(chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(32)),
        )
        for label, username, given, family, role in _PEOPLE
    )


@cache
def password_hash(password: str, salt: bytes) -> bytes:
    """scrypt at a small cost: the portal is a demonstration and its tests are many."""
    return scrypt(password.encode(), salt=salt, n=2**11, r=8, p=1)


def wrong_nir(chance: random.Random) -> str:
    """A number shaped like a NIR whose key is never right, so that it can belong to nobody."""
    birth = f"{chance.choice('12')}{chance.randrange(40, 99)}{chance.randrange(1, 13):02d}"
    body = f"{birth}990{chance.randrange(1, 100):02d}{chance.randrange(1000):03d}"
    key = 97 - int(body) % 97
    return f"{body}{key % 97 + 1:02d}"


@dataclass(frozen=True)
class Records:
    """Rows of one patient, ready for SQLite."""

    profile: tuple[object, ...]
    results: Sequence[tuple[object, ...]]
    appointments: Sequence[tuple[object, ...]]
    messages: Sequence[tuple[object, ...]]
    documents: Sequence[tuple[object, ...]]


def records_of(account: Account, seed: int, now: datetime) -> Records:
    """Invented records of a patient, drawn from the seed and dated around `now`."""
    chance = random.Random(f"{seed}-{account.username}")  # noqa: S311
    user = account.username
    reference, folder = account.canaries

    def identifier() -> str:
        return str(UUID(int=chance.getrandbits(128), version=4))

    def day(low: int, high: int) -> str:
        return (now + timedelta(days=chance.randrange(low, high))).strftime("%Y-%m-%d")

    results = []
    for number, (title, measure, unit, low, high) in enumerate(chance.sample(ANALYSES, 4)):
        value = round(chance.uniform(low * 0.9, high * 1.1), 2)
        results.append(
            (identifier(), user, day(-300, -5), title, measure, value, unit, low, high, f"{reference}-{number + 1}")
        )
    appointments = [
        (
            identifier(),
            user,
            f"{day(3 + 20 * i, 20 + 20 * i)} {chance.randrange(9, 17):02d}:{chance.choice(('00', '15', '30'))}",
            chance.choice(SERVICES),
            chance.choice(DOCTORS),
            f"Bâtiment {chance.choice('ABC')}, niveau {chance.randrange(4)}",
        )
        for i in range(2)
    ]
    messages = [
        (identifier(), user, day(-60, -1), chance.choice(DOCTORS), subject, f"{text} {reference}.")
        for subject, text in SUBJECTS
    ]
    documents = [
        (identifier(), user, day(-200, -2), title, f"{title} — {account.full_name} — {folder}") for title in DOCUMENTS
    ]
    birth = f"{chance.randrange(1945, 2003)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 28):02d}"
    phone = f"01 99 00 {chance.randrange(100):02d} {chance.randrange(100):02d}"
    profile = (user, folder, wrong_nir(chance), birth, phone, f"{user}@exemple.invalid")
    return Records(profile, results, appointments, messages, documents)
