"""What the browser loads and keeps: browser.storage and others, components.js-libraries."""

from __future__ import annotations

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

JS = "text/javascript; charset=utf-8"


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
