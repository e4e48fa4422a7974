"""What the public pages no longer say: content.*."""

from __future__ import annotations

from datetime import datetime, timedelta

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import Effect, weakness


def _hides(*pages: str) -> Effect:
    return lambda lab: lab.hide(pages)


def _omits(*sections: str) -> Effect:
    return lambda lab: lab.hidden_sections.update(sections)


def _without_phishing(lab: Blueprint) -> None:
    lab.hide(("signaler-hameconnage",))
    lab.hidden_sections.add("phishing")


weakness("content.legal-notices/missing", fr="Mentions légales absentes", en="No legal notice", takes="legal")(
    _hides("mentions-legales")
)
weakness(
    "content.legal-notices/incomplete",
    fr="Directeur de la publication non nommé",
    en="Publication director not named",
    takes="legal",
)(_omits("legal-director"))
weakness("content.privacy-notice/missing", fr="Information RGPD absente", en="No privacy notice", takes="privacy")(
    _hides("confidentialite")
)
weakness(
    "content.privacy-notice/incomplete",
    fr="Durée de conservation et destinataires absents",
    en="No retention period, no recipients",
    takes="privacy",
)(_omits("privacy-retention", "privacy-recipients"))
weakness("content.cgu/missing", fr="Conditions d'utilisation absentes", en="No terms of use")(_hides("cgu"))
weakness("content.hds-mention/missing", fr="Hébergeur de santé non cité", en="Health-data host not named")(
    _omits("hds")
)
weakness(
    "content.support-contact/missing", fr="Assistance introuvable", en="No support contact", takes="phishing-page"
)(_hides("assistance", "signaler-hameconnage"))
weakness(
    "content.support-contact/no-phishing-report",
    fr="Rien sur le signalement des messages malveillants",
    en="Nothing about reporting malicious messages",
    takes="phishing-page",
)(_without_phishing)
weakness("content.security-advice/missing", fr="Aucun conseil de sécurité", en="No security advice", takes="advice")(
    _hides("conseils-securite")
)
weakness(
    "content.security-advice/no-device-advice",
    fr="Aucun conseil sur l'appareil",
    en="No advice on the device",
    takes="advice",
)(_omits("advice-devices"))
weakness(
    "content.security-advice/no-credential-advice",
    fr="Aucun conseil sur le mot de passe",
    en="No advice on the password",
    takes="advice",
)(_omits("advice-credentials"))
weakness("content.help/missing", fr="Aucune aide en ligne", en="No online help")(_hides("aide"))


def _without(name: str) -> Effect:
    def effect(lab: Blueprint) -> None:
        lab.security_txt = lambda lines, _now: [line for line in lines if not line.startswith(name + ":")]

    return effect


@weakness("content.security-txt/missing", fr="security.txt absent", en="No security.txt", takes="security-txt")
def security_txt_missing(lab: Blueprint) -> None:
    lab.security_txt = lambda _lines, _now: None


@weakness("content.security-txt/expired", fr="security.txt périmé", en="security.txt expired", takes="security-txt")
def security_txt_expired(lab: Blueprint) -> None:
    def expired(lines: list[str], now: datetime) -> list[str]:
        past = (now - timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [f"Expires: {past}" if line.startswith("Expires:") else line for line in lines]

    lab.security_txt = expired


weakness(
    "content.security-txt/no-contact",
    fr="security.txt sans contact",
    en="security.txt without contact",
    takes="security-txt",
)(_without("Contact"))
weakness(
    "content.security-txt/no-expires",
    fr="security.txt sans échéance",
    en="security.txt without expiry",
    takes="security-txt",
)(_without("Expires"))


@weakness(
    "content.security-txt/irregular",
    fr="security.txt aux deux échéances, contact en clair",
    en="security.txt with two expiries and a contact in clear",
    takes="security-txt",
)
def security_txt_irregular(lab: Blueprint) -> None:
    def irregular(lines: list[str], _now: datetime) -> list[str]:
        twice = [line for line in lines if line.startswith("Expires:")]
        return ["Contact: http://valombre.invalid/securite", *lines, *twice]

    lab.security_txt = irregular
