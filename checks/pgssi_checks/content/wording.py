"""The words, French and English, by which notices and their parts are recognised. Texts are read without accents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pgssi_probe.discovery.folding import without_accents

MAX_READ: Final = 400_000

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "`": "'", "\u00b7": ".", "\u2022": ".", "\u2011": "-"})


def plain(text: str) -> str:
    """Lower case, no accents, straight apostrophes, ordinary spaces; lines are kept."""
    return without_accents(text[:MAX_READ].translate(_APOSTROPHES)).lower()


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})")


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of page. `named` is looked for in the words of link texts, addresses and titles (no punctuation)."""

    named: re.Pattern[str]

    def is_named_in(self, words: str) -> bool:
        return bool(self.named.search(words))


LEGAL: Final = Topic(
    _any(
        r"mentions? legales?\b",
        r"informations? (?:legales?|editeur)\b",
        r"mentionslegales\b",
        r"credits et mentions\b",
        r"legal notices?\b",
        r"legal (?:information|info|mentions?|disclosure)\b",
        r"imprint\b",
        r"impressum\b",
    )
)
PRIVACY: Final = Topic(
    _any(
        r"confidentialite\b",
        r"protection (?:de vos |des |de la |de )?(?:donnees|vie privee)\b",
        r"donnees (?:a caractere )?personnel(?:les)?\b",
        r"vie privee\b",
        r"privacy\b",
        r"data protection\b",
        r"rgpd\b",
        r"gdpr\b",
    )
)
TERMS: Final = Topic(
    _any(
        r"cgu\b",
        r"cgus\b",
        r"conditions (?:generales )?(?:d |de l )?(?:utilisation|usage)\b",
        r"conditions generales\b",
        r"charte d utilisation\b",
        r"reglement d utilisation\b",
        r"terms (?:of|and) (?:use|service|conditions)\b",
        r"terms of the service\b",
        r"terms$",
        r"tos\b",
        r"acceptable use\b",
    )
)
SUPPORT: Final = Topic(
    _any(
        r"assistance\b",
        r"support\b",
        r"contact(?:s|er|ez)?\b",
        r"aide\b",
        r"help\b",
        r"help ?desk\b",
        r"nous (?:joindre|ecrire|contacter)\b",
        r"coordonnees\b",
        r"hotline\b",
        r"faq\b",
    )
)

LEGAL_ELEMENTS: Final[Mapping[str, re.Pattern[str]]] = {
    "publisher": _any(
        r"edit(?:eur|rice|e|ion) (?:du (?:present )?(?:site|service|portail)|par\b|responsable)",
        r"editeur\b",
        r"(?:site|service|portail) (?:\w+ ){0,4}(?:edite|publie|propose|mis en ligne) par\b",
        r"proprietaire du (?:site|portail)\b",
        r"(?:raison|denomination) sociale\b",
        r"(?:web)?(?:site|service) (?:is )?(?:published|operated|run|owned) by\b",
        r"publisher\b",
        r"site owner\b",
        r"company name\b",
    ),
    "director": _any(
        r"direct(?:eur|rice)\S{0,9} (?:et \S+ )?(?:de |d')?(?:la )?(?:la )?(?:publication|redaction)\b",
        r"responsables?\S{0,4} (?:de |d')(?:la )?(?:publication|edition|redaction)\b",
        r"(?:publication|publishing|editorial) director\b",
        r"director of (?:the )?publication\b",
        r"responsible (?:editor|for (?:the )?content)\b",
        r"editor in chief\b",
    ),
    "host": _any(
        r"hebergeu(?:r|rs|se)\b",
        r"heberge(?:e|s|es)? (?:\w+ ){0,4}(?:par|chez|au sein|dans)\b",
        r"hebergement\b",
        r"hosted (?:\w+ ){0,2}(?:by|at|on)\b",
        r"(?:web |website )?host(?:ing)?(?: provider| company)?\s*:",
        r"hosting (?:provider|company|service)\b",
    ),
    "identifier": _any(
        r"siren\b",
        r"siret\b",
        r"r\.?c\.?s\b",
        r"finess\b",
        r"registre du commerce\b",
        r"tva intra",
        r"(?:company|business) (?:registration|number|no)\b",
        r"registered (?:in|under|number)\b",
        r"vat (?:number|id|no)\b",
    ),
}

PRIVACY_ELEMENTS: Final[Mapping[str, re.Pattern[str]]] = {
    "purpose": _any(
        r"finalites?\b",
        r"bases? (?:legales?|juridiques?)\b",
        r"fondements? (?:legal|juridique)",
        r"purposes?\b",
        r"legal bas[ei]s\b",
        r"why we (?:use|collect|process)\b",
        r"(?:donnees|informations) (?:\w+ ){0,6}(?:utilisees|collectees|traitees) (?:pour|afin)\b",
    ),
    "retention": _any(
        r"(?:duree|delai|periode)s? (?:\S+ ){0,4}(?:de )?conservation\b",
        r"conserv\w+ (?:\S+ ){0,8}(?:pendant|durant|jusqu|maximum|\d+ (?:ans?|mois|jours|annees?))",
        r"archiv\w+ (?:\S+ ){0,6}(?:pendant|durant)\b",
        r"retention (?:period|time|polic|schedule)",
        r"(?:data|storage) retention\b",
        r"(?:kept|stored|retained|keep|store|retain) (?:\S+ ){0,8}(?:for|until|no longer)\b",
        r"how long\b",
    ),
    "recipients": _any(
        r"destinataires?\b",
        r"(?:communiquees?|transmises?|accessibles?|partagees?) (?:\S+ ){0,3}(?:aux?|a|avec)\b",
        r"sous[- ]traitants?\b",
        r"recipients?\b",
        r"(?:share|shared|disclose|disclosed) (?:\S+ ){0,6}(?:with|to)\b",
        r"who (?:has access|receives|can see)\b",
        r"processors?\b",
    ),
    "rights": _any(
        r"droits? (?:d'acces|de rectification|d'opposition|a l'effacement|a la portabilite|de suppression|a l'oubli)\b",
        r"(?:vos|ses|leurs|exercer (?:\w+ )?)droits\b",
        r"your (?:\w+ )?rights\b",
        r"rights? (?:of|to) (?:access|rectif\w+|erasure|object|portability|deletion)\b",
    ),
    "dpo": _any(
        r"dpo\b",
        r"dpd\b",
        r"delegue\S{0,4} a la protection des donnees\b",
        r"data protection officer\b",
        r"correspondant informatique et libertes\b",
        r"dpo@",
    ),
    "complaint": _any(
        r"cnil\b",
        r"commission nationale (?:de )?l'?\s?informatique\b",
        r"autorite de controle\b",
        r"(?:supervisory|data protection) authority\b",
        r"lodge a complaint\b",
        r"information commissioner\b",
    ),
}

HDS: Final = re.compile(
    r"\bhds\b"
    r"|\bheberge(?:ur|urs|ment) (?:\w+ ){0,4}(?:de |des |pour (?:les |des )?)donnees (?:\w+ ){0,3}de sante\b"
    r"|\b(?:certifi|agre)\w* (?:\S+ ){0,5}(?:donnees de sante|health data)\b"
    r"|\bhealth[- ]data host(?:ing|er)?\b|\bhosting of (?:\w+ )?health data\b"
)

SUPPORT_LINE: Final = _any(
    r"assistance\b",
    r"support\b",
    r"contacte[rz]\b",
    r"contactez[- ]nous\b",
    r"nous (?:contacter|joindre|ecrire|appeler)\b",
    r"help ?desk\b",
    r"hotline\b",
    r"besoin d'aide\b",
    r"une question\b",
    r"(?:centre|numero) d'appels?\b",
    r"service (?:client|usagers|patients?)\b",
    r"secretariat\b",
    r"need help\b",
    r"contact us\b",
    r"customer service\b",
)
PHONE: Final = re.compile(
    r"(?<![\d.])(?:(?:\+33|0033|0)[ .-]?(?:\(0\)[ .-]?)?[1-9](?:[ .-]?\d{2}){4}"
    r"|\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4})(?!\d)"
)
EMAIL: Final = re.compile(r"[a-z0-9._%+-]{1,64}(?:@| ?\[at\] ?| ?\(at\) ?)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6}")
SUPPORT_ADDRESS: Final = re.compile(
    r"(?:assistance|support|aide|help ?desk|help|hotline)[a-z0-9._-]{0,40}@[a-z0-9-]{1,63}\.[a-z0-9.-]{2,100}"
)
"""An address that says by itself whose it is."""

PHISHING: Final = _any(
    r"hameconnage",
    r"phishing\b",
    r"filoutage\b",
    r"(?:courriel|mail|e-mail|email|message|sms)s? (?:\w+ )?(?:malveillant|frauduleu|suspect|douteu)",
    r"(?:faux|fraudulent|suspicious|fake|malicious|scam) (?:courriel|mail|e-mail|email|message|sms)s?\b",
    r"usurpation d'identite\b",
    r"scams?\b",
)
REPORT: Final = _any(
    r"signal",
    r"transfer\w*",
    r"prevene[zr]\b",
    r"alerte[zr]\b",
    r"avertiss",
    r"report",
    r"forward",
    r"let us know\b",
    r"contacte[rz]",
    r"33700\b",
    r"17 ?cyber\b",
    r"cybermalveillance",
)
