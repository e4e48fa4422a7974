"""Names of persons that stand in a text without a label: what announces them, or a given name beside a surname.

`Ordonnance — Camille EXEMPLE`, `Bonjour Camille`, `signé par Noa MAQUETTE`, `DURAND Jean-Paul`. Places keep theirs
(`hôpital Claude Bernard`, `rue Victor Hugo`), and so do products (`Apache Tomcat`): a proof must stay readable.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pgssi_probe.redact.formats import BLANK
from pgssi_probe.redact.vocabulary import in_capitals, is_given_name, may_be_a_name

Mark = Callable[[str, str], str]

WORD = r"[A-ZÀ-ÖØ-Þ](?:[^\W\d_]|['’-](?=[^\W\d_])){1,39}"
_INITIAL = rf"[A-ZÀ-ÖØ-Þ]\.(?={BLANK}?[A-ZÀ-ÖØ-Þ])"
_PARTICLE = rf"(?:(?:de|du|des|le|la|van|von|el|ben|da|di){BLANK}|d['’])"
_PARTS = rf"{WORD}(?:{BLANK}{{1,2}}{_PARTICLE}{{0,2}}{WORD})"
_SEVERAL = re.compile(rf"(?<![\w‹’'.-]){_PARTS}{{1,4}}(?![\w(])")
_WORDS = re.compile(WORD)
_PLACE = re.compile(
    r"(?i)\b(?:rue|avenue|av\.?|boulevard|bd|place|all[ée]e|impasse|quai|chemin|cours|square|h[ôo]pital|hospitalier|hospices?"
    r"|chu|chru|ch|ght|clinique|centre|institut|universit[ée]|lyc[ée]e|coll[èe]ge|[ée]cole|b[âa]timent|pavillon|fondation"
    r"|ehpad|r[ée]sidence|laboratoires?|maison|unit[ée]|salle|amphith[ée][âa]tre|groupe|soci[ée]t[ée]|cabinet|hospital|street)"
    r"(?:\s(?:du|de|des|la|le|de\sla))?[\s:«\"]{1,3}$"
)
BEFORE = 40
"""Characters looked at before a name, for the word that makes it a place."""
_ALONE = (
    r"(?:bonjour|bonsoir|bienvenue|ch[eè]re?|hello|hi|dear|welcome(?:\sback)?|(?:connect|identifi|authentifi)[ée]+(?:\(e\))?\sen\stant\sque"
    r"|(?:signed|logged)\sin\sas|(?:sign|r[ée]dig|valid|prescri|adress|dict|relu|vu|cr[ée]|modifi|dépos|envoy)\w{0,3}(?:\(e\))?\spar"
    r"|(?:created|signed|written|sent|updated|modified)\sby|espace\sde|session\sde|compte\sde|dossier\sde)"
)
_PAPER = (
    r"(?:ordonnances?|comptes?[\s-]rendus?|attestations?|certificats?|courriers?|lettres?|dossiers?|patiente?s?|r[ée]sultats?|factures?"
    r"|destinataires?|exp[ée]diteurs?|prescripteurs?|concernant|consultations?|hospitalisations?|examens?|s[ée]jours?|rendez-vous"
    r"|prescriptions?|b[ée]n[ée]ficiaires?)(?:\s(?:de|du|d['’]|pour|en)\s?[^\W\d_]{1,20}){0,3}"
)
_APART = rf"(?:[^\S\n]|{BLANK}|[\u0080-\u009f]|[—–:,;|«·-]|\\u201[34]|&[mn]dash;){{1,6}}"
_ANNOUNCED = re.compile(
    rf"(?P<name>(?<![\w‹])(?:(?P<alone>(?i:{_ALONE}))|(?P<paper>(?i:{_PAPER})))(?<!‹){_APART})"
    rf"(?P<value>(?:{_INITIAL}{BLANK}?)?{WORD}(?:{BLANK}{{1,2}}{_PARTICLE}{{0,2}}{WORD}){{0,3}})(?![\w(])"
)


def without_free_names(text: str, mark: Mark) -> str:
    """The text with the names marked that something announces or that a given name betrays."""
    text = _ANNOUNCED.sub(lambda found: found["name"] + _announced(found, mark), text)
    return _SEVERAL.sub(lambda found: _beside_a_given_name(found, mark), text)


def _announced(found: re.Match[str], mark: Mark) -> str:
    """What a greeting or a paper announces. A paper is followed by many things: a name in capitals is one, or two words
    of which one is a given name."""
    value = found["value"]
    words = list(_WORDS.finditer(value))
    length = next((place for place, word in enumerate(words) if not may_be_a_name(word[0])), len(words))
    if length == 0:
        return value
    kept = words[:length]
    if found["paper"] is not None:
        surname = any(in_capitals(word[0]) for word in kept)
        mixed = any(not in_capitals(word[0]) for word in kept)
        given = any(is_given_name(word[0]) for word in kept)
        if length < 2 or not (given or (surname and mixed)):
            return value
    end = kept[-1].end()
    return mark("name", value[:end]) + value[end:]


def _beside_a_given_name(found: re.Match[str], mark: Mark) -> str:
    text = found[0]
    words = list(_WORDS.finditer(text))
    pieces, done, place = [], 0, 0
    while place < len(words):
        span = _name_at(words, place)
        if span is None or _of_a_place(found, words, span[0]):
            place += 1 if span is None else max(span[1] - place, 1)
            continue
        start, end = words[span[0]].start(), words[span[1] - 1].end()
        pieces += [text[done:start], mark("name", text[start:end])]
        done, place = end, span[1]
    return "".join([*pieces, text[done:]])


def _name_at(words: list[re.Match[str]], place: int) -> tuple[int, int] | None:
    """The words of a name that begins at `place`: given names and a surname, or a surname in capitals before them."""
    count = len(words)
    given = place
    while given < count and is_given_name(words[given][0]):
        given += 1
    if given > place:
        end = given
        while end < count and end - given < 2 and may_be_a_name(words[end][0]):
            end += 1
        return (place, end) if end - place >= 2 else None
    if in_capitals(words[place][0]) and len(words[place][0]) >= 3 and may_be_a_name(words[place][0]):
        end = place + 1
        while end < count and is_given_name(words[end][0]):
            end += 1
        return (place, end) if end - place >= 2 else None
    return None


def _of_a_place(found: re.Match[str], words: list[re.Match[str]], first: int) -> bool:
    start = found.start() + words[first].start()
    return _PLACE.search(found.string[max(0, start - BEFORE) : start]) is not None
