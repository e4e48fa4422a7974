"""What the browser loads and keeps: browser.sri, browser.storage and others, components.js-libraries."""

from __future__ import annotations

import base64
import hashlib

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

JS = "text/javascript; charset=utf-8"
THIRD_PARTY = "https://cdn.valombre.invalid"
LIBRARY = THIRD_PARTY + "/bibliotheque/3.2.1/affichage"


def _load(lab: Blueprint, directive: str, source: str, tag: str) -> None:
    """Put a tag in the pages, and let the content security policy admit it."""
    if directive in lab.headers.csp:
        lab.headers.csp[directive] += f" {source}"
    lab.insert("head", tag)


def _integrity(algorithm: str, content: bytes) -> str:
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return f"{algorithm}-{base64.b64encode(digest).decode()}"


@weakness(
    "browser.sri/missing",
    fr="Script d'un autre site sans empreinte d'intégrité",
    en="Script of another site without integrity",
)
def sri_missing(lab: Blueprint) -> None:
    _load(lab, "script-src", THIRD_PARTY, f'<script src="{LIBRARY}.js" defer></script>')


@weakness(
    "browser.sri/missing-style",
    fr="Feuille de style d'un autre site sans empreinte d'intégrité",
    en="Style sheet of another site without integrity",
)
def sri_missing_style(lab: Blueprint) -> None:
    _load(lab, "style-src", THIRD_PARTY, f'<link rel="stylesheet" href="{LIBRARY}.css">')


@weakness(
    "browser.sri/missing-same-site",
    fr="Script d'un autre port du même hôte sans empreinte d'intégrité",
    en="Script of another port of the same host without integrity",
)
def sri_missing_same_site(lab: Blueprint) -> None:
    beside = f"https://{lab.addresses.host}:9443"
    _load(lab, "script-src", beside, f'<script src="{beside}/menus.js" defer></script>')


@weakness(
    "browser.sri/weak",
    fr="Empreinte d'intégrité que les navigateurs ignorent (SHA-1)",
    en="Integrity hash that browsers ignore (SHA-1)",
)
def sri_weak(lab: Blueprint) -> None:
    fixed = f'integrity="{_integrity("sha1", b"/* menus */")}" crossorigin="anonymous"'
    _load(lab, "script-src", THIRD_PARTY, f'<script src="{LIBRARY}-menus.js" {fixed} defer></script>')


@weakness(
    "browser.sri/no-crossorigin",
    fr="Empreinte d'intégrité sans attribut crossorigin",
    en="Integrity hash without the crossorigin attribute",
)
def sri_no_crossorigin(lab: Blueprint) -> None:
    fixed = f'integrity="{_integrity("sha384", b"/* dates */")}"'
    _load(lab, "script-src", THIRD_PARTY, f'<script src="{LIBRARY}-dates.js" {fixed} defer></script>')


@weakness(
    "browser.storage/personal-data",
    fr="Données personnelles dans localStorage",
    en="Personal data in localStorage",
    takes="storage",
)
def storage(lab: Blueprint) -> None:
    script = (
        'fetch("/api/v1/moi").then((r) => (r.ok ? r.json() : null)).then((moi) => {\n'
        '  if (moi) { localStorage.setItem("profil", JSON.stringify(moi)); }\n});\n'
    )
    lab.publish("/static/memoire.js", script, JS)
    lab.insert("head", '<script src="/static/memoire.js" defer></script>')


@weakness(
    "browser.residual-data/left-behind",
    fr="La déconnexion n'efface rien dans le navigateur",
    en="Sign-out clears nothing in the browser",
)
def residual(lab: Blueprint) -> None:
    lab.headers.signed_out.clear()
    lab.headers.private.clear()
    storage(lab)


@weakness(
    "browser.obsolete-tech/plugin", fr="Une page emploie un greffon abandonné", en="A page uses an abandoned plug-in"
)
def obsolete(lab: Blueprint) -> None:
    lab.insert(
        "home", '<object type="application/x-shockwave-flash" data="/visite.swf" width="300" height="80"></object>'
    )


@weakness(
    "components.js-libraries/vulnerable", fr="Bibliothèque JavaScript vulnérable", en="Vulnerable JavaScript library"
)
def vulnerable_library(lab: Blueprint) -> None:
    lab.publish(
        "/static/jquery-1.8.3.min.js",
        "/*! jQuery v1.8.3 jquery.com | jquery.org/license */\n"
        '(function(e,t){e.jQuery={fn:{jquery:"1.8.3"}}})(window);\n',
        JS,
    )
    lab.insert("head", '<script src="/static/jquery-1.8.3.min.js" defer></script>')
