"""The texts of the guide data: both languages, and French as it is written."""

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from pgssi_probe.guide import guide, tls_profile, web_profile
from pgssi_probe.guide.load import labels
from pgssi_probe.model.text import Bilingual

# The same word, or a name, in both languages.
SAME = {"Traces", "HttpOnly", "Secure", "Cross-Origin-Opener-Policy", "absent", "information", "Observation."} | {
    "RSA",
    "CBC absent",
    "psk_dhe_ke",
}
UNACCENTED = re.compile(
    r"\b(securite|donnees?|regles?|acces|verifier|identifie|depots?|systemes?|reseau|declare|hebergeur|privee?s?|"
    r"cles?|duree|delai|methode|requete|en-tetes?|prevu|controle|memes?|etre|deja|tres|apres|integrite)\b",
    re.IGNORECASE,
)
CODE = re.compile(r"« [^»]* »|'[^' ]+'|\b[a-z-]+:(?=[,;.)]|$)|(?<=ou )data:|(?<=depuis )data:")


def bilinguals(value: object, path: str = "") -> Iterator[tuple[str, Bilingual]]:
    if isinstance(value, Bilingual):
        yield path, value
    elif isinstance(value, BaseModel):
        here = f"{path}.{getattr(value, 'id', type(value).__name__)}"
        for name in type(value).model_fields:
            yield from bilinguals(getattr(value, name), f"{here}.{name}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from bilinguals(item, f"{path}.{name}")
    elif isinstance(value, tuple):
        for item in value:
            yield from bilinguals(item, path)


TEXTS = [pair for source in (guide(), tls_profile(), web_profile(), labels()) for pair in bilinguals(source)]


def test_all_texts_are_looked_at() -> None:
    assert len(TEXTS) > 700


def mistakes(text: Bilingual) -> Iterator[str]:
    for words in (text.fr, text.en):
        if not words or words != words.strip() or "  " in words:
            yield "stray spaces"
    french = CODE.sub("", text.fr)
    if re.search(r"\w[;!?](\s|$)", french) or re.search(r"[\w»)]:(\s|$)", french):
        yield "a space goes before ; : ! and ? in French"
    if UNACCENTED.search(french):
        yield "an accent is missing"
    if re.search(r"\s[;:!?](\s|$)", text.en):
        yield "no space goes before punctuation in English"


def test_both_languages_are_written_as_they_should() -> None:
    assert [(path, mistake) for path, text in TEXTS for mistake in mistakes(text)] == []


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Deux mots: rien", "Two words"),
        ("Une regle", "A rule"),
        ("Vrai !", "True !"),
        (" Vrai", "True"),
        ("Qui?", "Who?"),
    ],
)
def test_mistakes_are_seen(french: str, english: str) -> None:
    assert list(mistakes(Bilingual(fr=french, en=english)))


def test_french_and_english_differ() -> None:
    same = {text.fr for _, text in TEXTS if text.fr == text.en}
    assert same == SAME


def test_french_keeps_its_accents() -> None:
    french = " ".join(text.fr for _, text in TEXTS)
    assert len(re.findall(r"[éèêàçôîûœù]", french)) / len(french) > 0.02
    assert not re.search(r"[éèêàçôîûœù]", " ".join(text.en for _, text in TEXTS if "'" not in text.en))


def test_rules_do_not_repeat_themselves() -> None:
    for choose in (lambda rule: rule.title, lambda rule: rule.text):
        for language in ("fr", "en"):
            words = [getattr(choose(rule), language) for rule in guide().rules]
            assert len(set(words)) == 65


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_title_is_short_and_a_text_is_a_sentence(language: str) -> None:
    for rule in guide().rules:
        title, text = getattr(rule.title, language), getattr(rule.text, language)
        assert len(title) <= 75, rule.id
        assert not title.endswith("."), rule.id
        assert title[0].isupper(), rule.id
        assert text.endswith("."), rule.id
