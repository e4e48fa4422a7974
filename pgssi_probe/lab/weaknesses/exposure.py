"""Operations interfaces in reach of anyone, signs of a test environment: exposure.*."""

from __future__ import annotations

import json

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

HTML = "text/html; charset=utf-8"

SERVER_STATUS = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><html><head>
<title>Apache Status</title></head><body>
<h1>Apache Server Status for localhost (via 127.0.0.1)</h1><dl><dt>Server uptime:  3 days 2 hours</dt>
<dt>Total accesses: 4211 - Total Traffic: 48.2 MB</dt></dl><p>Scoreboard Key:</p></body></html>"""

PHPMYADMIN = """<!DOCTYPE HTML><html lang="fr"><head><title>phpMyAdmin</title></head><body id="loginform">
<h1>Bienvenue dans <bdo dir="ltr" lang="en">phpMyAdmin</bdo></h1>
<form method="post" id="login_form" action="index.php?route=/" name="login_form" class="disableAjax login">
<input type="text" name="pma_username" id="input_username" autocomplete="username">
<input type="password" name="pma_password" id="input_password"><input type="submit" value="Connexion">
</form></body></html>"""


@weakness(
    "exposure.admin-interfaces/open",
    fr="Interface d'exploitation ouverte sans connexion",
    en="Operations interface open without sign-in",
)
def admin_open(lab: Blueprint) -> None:
    names = ("health", "env", "beans", "loggers", "mappings")
    links = {name: {"href": f"{lab.addresses.https_url}/actuator/{name}"} for name in names}
    lab.publish("/actuator", json.dumps({"_links": links}), "application/vnd.spring-boot.actuator.v3+json")


@weakness(
    "exposure.admin-interfaces/open-status",
    fr="Page d'état du serveur ouverte à tous",
    en="Server status page open to all",
)
def status_open(lab: Blueprint) -> None:
    lab.publish("/server-status", SERVER_STATUS, HTML)


@weakness(
    "exposure.admin-interfaces/sign-in-page",
    fr="Page de connexion d'une interface d'exploitation",
    en="Sign-in page of an operations interface",
)
def admin_sign_in(lab: Blueprint) -> None:
    lab.publish("/phpmyadmin/", PHPMYADMIN, HTML)


@weakness(
    "exposure.nonproduction/debug-tool",
    fr="Barre de débogage dans les pages",
    en="Debug bar in the pages",
)
def debug_bar(lab: Blueprint) -> None:
    lab.insert("body-end", '<div id="djDebug" class="djdt-hidden" data-store-id="5f1c"><p>SQL : 3 requêtes</p></div>')


@weakness(
    "exposure.nonproduction/test-wording",
    fr="Bandeau d'environnement de recette",
    en="Banner of an acceptance environment",
)
def test_banner(lab: Blueprint) -> None:
    lab.insert("body-start", "<p>Environnement de recette</p>")
