"""Names and versions given away: disclosure.banners, components.server-versions.

The versions of the banners are of branches that were maintained when written: only `components` names dead ones.
"""

from __future__ import annotations

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

NGINX_WELCOME = """<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and working.
Further configuration is required.</p>
<p><em>Thank you for using nginx.</em></p></body></html>"""


@weakness(
    "disclosure.banners/server-version",
    fr="En-tête Server avec version exacte",
    en="Server header with exact version",
    takes="server",
)
def server_version(lab: Blueprint) -> None:
    lab.headers.every["Server"] = "Apache/2.4.66 (Debian)"


@weakness(
    "disclosure.banners/server-branch",
    fr="En-tête Server avec la branche",
    en="Server header with the branch",
    takes="server",
)
def server_branch(lab: Blueprint) -> None:
    lab.headers.every["Server"] = "Apache/2.4"


@weakness(
    "disclosure.banners/powered-by",
    fr="X-Powered-By avec version exacte",
    en="X-Powered-By with exact version",
    takes="powered",
)
def powered_by(lab: Blueprint) -> None:
    lab.headers.every["X-Powered-By"] = "PHP/8.4.14"


@weakness(
    "disclosure.banners/powered-by-branch",
    fr="X-Powered-By avec la branche",
    en="X-Powered-By with the branch",
    takes="powered",
)
def powered_by_branch(lab: Blueprint) -> None:
    lab.headers.every["X-Powered-By"] = "PHP/8.4"


@weakness(
    "disclosure.banners/generator",
    fr="Balise generator avec version",
    en="Generator tag with version",
    takes="generator",
)
def generator(lab: Blueprint) -> None:
    lab.insert("head", '<meta name="generator" content="WordPress 6.9.1">')


@weakness(
    "disclosure.banners/generator-branch",
    fr="Balise generator avec la branche",
    en="Generator tag with the branch",
    takes="generator",
)
def generator_branch(lab: Blueprint) -> None:
    lab.insert("head", '<meta name="generator" content="Drupal 11 (https://www.drupal.org)">')


@weakness("disclosure.banners/comment", fr="Commentaire HTML avec version", en="HTML comment with version")
def comment(lab: Blueprint) -> None:
    lab.insert("body-end", "<!-- Page produite par TYPO3 13.4.20 -->")


@weakness(
    "disclosure.banners/error-page",
    fr="Pages d'erreur signées par le serveur",
    en="Error pages signed by the server",
    takes="errors",
)
def error_page(lab: Blueprint) -> None:
    lab.errors.body = lambda _request, status, _error: (
        f"<html><head><title>{status} Error</title></head><body><center><h1>{status} Error</h1></center>"
        "<hr><center>nginx/1.28.2</center></body></html>"
    )


@weakness(
    "disclosure.banners/default-page", fr="Page d'accueil d'origine du serveur", en="Default welcome page of the server"
)
def default_page(lab: Blueprint) -> None:
    lab.publish("/index.html", NGINX_WELCOME, "text/html; charset=utf-8")
    lab.insert("site-map", '<li><a href="/index.html">Index</a></li>')


@weakness(
    "disclosure.banners/internal-address", fr="Adresse interne dans un en-tête", en="Internal address in a header"
)
def internal_address(lab: Blueprint) -> None:
    lab.headers.every["X-Backend-Server"] = "10.20.30.41"


@weakness(
    "components.server-versions/end-of-life",
    fr="Composants serveur hors maintenance",
    en="Server components out of support",
    takes="server powered",
)
def end_of_life(lab: Blueprint) -> None:
    lab.headers.every["Server"] = "nginx/1.14.2"
    lab.headers.every["X-Powered-By"] = "PHP/5.6.40"


@weakness(
    "components.server-versions/end-of-life-packaged",
    fr="Composant hors maintenance, de distribution",
    en="Component out of support, from a distribution",
    takes="powered",
)
def end_of_life_packaged(lab: Blueprint) -> None:
    lab.headers.every["X-Powered-By"] = "PHP/5.6.40-0+deb8u12"
