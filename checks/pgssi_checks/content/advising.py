"""The words of advice to users, and the site as a browser shows it. Texts are read folded by `wording.plain`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pgssi_checks.content.reading import Map
from pgssi_checks.content.wording import Topic, plain
from pgssi_probe.browser import Rendered
from pgssi_probe.discovery.site import Page, Site

ADVICE: Final = Topic(
    re.compile(
        r"\b(?:conseils? (?:de |en |sur la )?(?:cyber ?)?securite|conseils securite|bonnes pratiques"
        r"|securite (?:informatique|numerique|en ligne|de votre compte|de vos donnees)|cyber ?securite"
        r"|cybermalveillance|se proteger|protegez vous|proteger (?:votre|vos|mon|mes)\b"
        r"|security (?:advice|tips|guidance|awareness|recommendations)|stay(?:ing)? (?:safe|secure)"
        r"|protect your(?:self)?\b|online safety)"
    )
)
HELP: Final = Topic(
    re.compile(
        r"\b(?:aide(?: en ligne)?\b|faq\b|foire aux questions|questions (?:frequentes|courantes)|mode d emploi"
        r"|(?:guide|manuel) (?:d utilisation|utilisateur|de l utilisateur|de l usager|du patient)|tutoriels?\b"
        r"|premiers pas\b|comment (?:ca marche|faire)\b|help\b|user (?:guide|manual)|getting started|tutorials?\b"
        r"|frequently asked)"
    )
)

_THINGS: Final = (
    r"(?:appareils?|navigateurs?|telephones?|smartphones?|ordinateurs?|postes?|systemes?|logiciels?|tablettes?|mobiles?"
    r"|terminal|terminaux|equipements?|applications?|antivirus|browsers?|devices?|phones?|computers?|software|systems?)"
)
_DEVICES: Final = re.compile(
    rf"\b(?:a jour|mises? a jour|up[ -]to[ -]date|updated|updates)\b[^\n]{{0,80}}\b{_THINGS}\b"
    rf"|\b{_THINGS}\b[^\n]{{0,80}}\b(?:a jour|mises? a jour|up[ -]to[ -]date|updated|updates)\b"
    r"|\banti-?virus\b"
    r"|\bverrouille[rz]\b[^\n]{0,60}\b(?:telephone|ordinateur|appareil|ecran|session|poste|tablette|mobile)s?\b"
    r"|\bwi-?fi (?:public|ouvert|gratuit)s?\b"
    r"|\b(?:ordinateur|poste|appareil)s? (?:partage|public)s?\b"
    r"|\block your (?:phone|screen|computer|device|tablet)\b|\bpublic wi-?fi\b"
    r"|\b(?:shared|public) (?:computer|device)s?\b"
)
_CREDENTIALS: Final = re.compile(
    r"\b(?:ne|n'|jamais|pas|sans)\b[^\n]{0,30}"
    r"\b(?:communique|partage|donne|divulgue|transmet|confie|note|enregistre)\w{0,4}\b"
    r"[^\n]{0,60}\b(?:mots? de passe|identifiants?|codes?|personne|tiers)\b"
    r"|\bmots? de passe\b[^\n]{0,80}\b(?:nulle part ailleurs|different|unique|robuste|solide|confidentiel|personnel et)"
    r"|\b(?:choisi\w{0,6}|utilise[rz]|cree[rz])\b[^\n]{0,30}\bmots? de passe\b[^\n]{0,40}"
    r"\b(?:long|fort|complexe|solide|robuste)"
    r"|\b(?:deconnecte[rz]-vous|vous deconnecter|pensez a (?:vous deconnecter|fermer votre session))\b[^\n]{0,40}"
    r"\b(?:apres|a la fin|chaque|systematiquement|toujours|avant de)\b"
    r"|\bgestionnaire de mots de passe\b"
    r"|\b(?:never|do not|don't)\b[^\n]{0,20}\b(?:share|give|tell|disclose|reveal|reuse|write)\b[^\n]{0,40}"
    r"\b(?:password|code|credential|passphrase|login)"
    r"|\b(?:choose|use|pick|create) an? (?:strong|unique|long)[^\n]{0,20}\b(?:password|passphrase)"
    r"|\b(?:log|sign)[ -]?(?:out|off) (?:after|when|every)\b|\bpassword manager\b"
)
MAX_LINE: Final = 2_000


def advice_on_devices(text: str) -> list[str]:
    """The lines of a folded text that advise on the security of the device."""
    return _lines(_DEVICES, text)


def advice_on_credentials(text: str) -> list[str]:
    """The lines of a folded text that advise on the protection of passwords and sessions."""
    return _lines(_CREDENTIALS, text)


def _lines(pattern: re.Pattern[str], text: str) -> list[str]:
    return [*dict.fromkeys(line for line in text.split("\n") if pattern.search(line[:MAX_LINE]))]


def as_shown(site: Site, rendered: Rendered) -> Site:
    """The site, its pages being those that a browser shows where it showed them: scripts draw footers too."""
    shown = {one.url: one.page for one in rendered.pages}
    pages = tuple(shown.get(page.url, page) for page in site.pages)
    more = tuple(page for url, page in shown.items() if url not in {one.url for one in site.pages})
    return replace(site, pages=(*pages, *more))


def within(chart: Map, clicks: int) -> tuple[Page, ...]:
    """The pages within a number of clicks from the home page."""
    return tuple(chart.pages[url] for url, count in chart.clicks().items() if count <= clicks)


def folded(pages: Iterable[Page]) -> list[tuple[Page, str]]:
    return [(page, plain(page.document.text)) for page in pages]
