"""Files and folders that should not be there: disclosure.files, disclosure.directory-listing."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal import rendering
from pgssi_probe.lab.portal.api import description
from pgssi_probe.lab.weaknesses.registry import weakness

BINARY = "application/octet-stream"
HTML = "text/html; charset=utf-8"


@weakness("disclosure.files/git", fr="Dépôt .git publié", en=".git repository published")
def git(lab: Blueprint) -> None:
    lab.publish("/.git/HEAD", "ref: refs/heads/main\n")
    lab.publish(
        "/.git/config",
        '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[remote "origin"]\n'
        "\turl = https://forge.valombre.invalid/portail.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
    )
    lab.publish("/.git/index", b"DIRC\x00\x00\x00\x02\x00\x00\x00\x00" + bytes(20), BINARY)
    lab.publish(
        "/.git/logs/HEAD",
        f"{'0' * 40} {'1a' * 20} Demo <demo@valombre.invalid> 1760000000 +0200\tcommit (initial): x\n",
    )


@weakness("disclosure.files/version-control", fr="Dépôt .svn publié", en=".svn repository published")
def version_control(lab: Blueprint) -> None:
    lab.publish("/.svn/entries", "12\n")
    lab.publish("/.svn/wc.db", b"SQLite format 3\x00" + bytes(84), BINARY)


@weakness("disclosure.files/env", fr="Fichier .env publié", en=".env file published")
def env(lab: Blueprint) -> None:
    lab.publish(
        "/.env",
        "APP_ENV=production\nAPP_DEBUG=false\nDB_HOST=base.valombre.invalid\nDB_USERNAME=portail\nDB_PASSWORD=demonstration\n",
    )


@weakness("disclosure.files/backup", fr="Copie de sauvegarde d'une page", en="Backup copy of a page")
def backup(lab: Blueprint) -> None:
    source = (
        "<?php\n// connexion\n$db = new PDO($dsn, $user, $password);\n$stmt = $db->prepare('select * from compte');\n"
    )
    for path in (
        "/connexion.bak",
        "/connexion.old",
        "/connexion~",
        "/connexion.php.bak",
        "/index.php.bak",
        "/index.php~",
    ):
        lab.publish(path, source)


@weakness("disclosure.files/dump", fr="Export de la base publié", en="Database dump published")
def dump(lab: Blueprint) -> None:
    text = (
        "-- MySQL dump 10.13  Distrib 8.0.40, for Linux (x86_64)\n--\n-- Host: localhost    Database: portail\n"
        "DROP TABLE IF EXISTS `compte`;\nCREATE TABLE `compte` (\n  `id` int NOT NULL\n);\n"
        "INSERT INTO `compte` VALUES (1);\n-- Dump completed\n"
    )
    for path in ("/dump.sql", "/backup.sql", "/database.sql"):
        lab.publish(path, text, "application/sql")


@weakness("disclosure.files/archive", fr="Archive du site publiée", en="Archive of the site published")
def archive(lab: Blueprint) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as out:
        out.writestr("portail/config.php", "<?php // demonstration\n")
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as out_tar:
        out_tar.addfile(tarfile.TarInfo("portail/config.php"))
    for path in ("/backup.zip", "/site.zip", "/www.zip"):
        lab.publish(path, zipped.getvalue(), "application/zip")
    lab.publish("/backup.tar.gz", gzip.compress(tarred.getvalue(), mtime=0), "application/gzip")


@weakness("disclosure.files/log", fr="Journal publié", en="Log published")
def log(lab: Blueprint) -> None:
    lines = [
        "2026-11-21 08:00:01,112 ERROR [portail] connexion refusée pour camille.exemple depuis 192.0.2.10",
        "2026-11-21 08:00:04,518 INFO [portail] session ouverte",
        "2026-11-21 08:02:10,001 WARNING [portail] délai dépassé",
    ]
    access = '192.0.2.10 - - [21/Nov/2026:08:00:01 +0100] "GET /connexion HTTP/1.1" 200 4448 "-" "Mozilla/5.0"\n'
    for path in ("/error.log", "/logs/error.log", "/debug.log", "/app.log", "/error_log"):
        lab.publish(path, "\n".join(lines) + "\n")
    lab.publish("/access.log", access * 3)


@weakness("disclosure.files/configuration", fr="Fichier de configuration publié", en="Configuration file published")
def configuration(lab: Blueprint) -> None:
    lab.publish(
        "/web.config",
        '<?xml version="1.0"?>\n<configuration>\n  <connectionStrings>\n    <add name="portail" '
        'connectionString="Server=base;User Id=portail;Password=demonstration"/>\n  </connectionStrings>\n'
        "  <system.web/>\n</configuration>\n",
        "application/xml",
    )
    lab.publish(
        "/config.yml", "database:\n  host: base.valombre.invalid\n  username: portail\n  password: demonstration\n"
    )
    lab.publish(
        "/config.json",
        json.dumps({"database": {"host": "base", "username": "portail", "password": "demonstration"}}),
        "application/json",
    )
    lab.publish(
        "/application.properties",
        "spring.datasource.url=jdbc:postgresql://base/portail\nspring.datasource.password=demonstration\n",
    )


@weakness(
    "disclosure.files/source-map",
    fr="Code source des scripts publié (source map)",
    en="Source of scripts published (source map)",
)
def source_map(lab: Blueprint) -> None:
    code = "// affichage des résultats\nexport function afficher(resultat: Resultat): void { /* … */ }\n"
    found = {
        "version": 3,
        "file": "affichage.js",
        "sources": ["../src/affichage.ts"],
        "sourcesContent": [code],
        "names": [],
        "mappings": "AAAA",
    }
    script = '"use strict";function afficher(r){}\n//# sourceMappingURL=affichage.js.map\n'
    lab.publish("/static/affichage.js", script, "text/javascript; charset=utf-8")
    lab.publish("/static/affichage.js.map", json.dumps(found), "application/json")
    lab.insert("head", '<script src="/static/affichage.js" defer></script>')


@weakness("disclosure.files/editor-file", fr="Fichiers d'éditeur publiés", en="Editor files published")
def editor_file(lab: Blueprint) -> None:
    lab.publish("/.DS_Store", b"\x00\x00\x00\x01Bud1\x00\x00\x10\x00\x00\x00\x08\x00" + bytes(40), BINARY)
    lab.publish(
        "/.idea/workspace.xml",
        '<?xml version="1.0" encoding="UTF-8"?>\n<project version="4">\n'
        '  <component name="ChangeListManager" />\n</project>\n',
        "application/xml",
    )
    lab.publish(
        "/.vscode/settings.json",
        '{\n  "editor.tabSize": 4,\n  "files.autoSave": "onFocusChange"\n}\n',
        "application/json",
    )


@weakness(
    "disclosure.files/api-description", fr="Description de l'API ouverte à tous", en="API description open to all"
)
def api_description(lab: Blueprint) -> None:
    text = json.dumps(description(lab.addresses.https_url))
    for path in ("/openapi.json", "/swagger.json", "/v3/api-docs", "/api/v1/openapi.json"):
        lab.publish(path, text, "application/json")


@weakness("disclosure.files/metrics", fr="Mesures d'exploitation ouvertes à tous", en="Operation metrics open to all")
def metrics(lab: Blueprint) -> None:
    text = (
        "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
        "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.47\n"
        "# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n"
        'http_requests_total{method="get",path="/resultats"} 42\n'
    )
    for path in ("/metrics", "/actuator/prometheus"):
        lab.publish(path, text, "text/plain; version=0.0.4; charset=utf-8")


@weakness("disclosure.files/heap-dump", fr="Copie de la mémoire téléchargeable", en="Memory dump for download")
def heap_dump(lab: Blueprint) -> None:
    lab.publish("/heapdump.hprof", b"JAVA PROFILE 1.0.2\x00" + bytes(1 << 20), BINARY)


@weakness("disclosure.files/credentials", fr="Fichier de mots de passe publié", en="Password file published")
def credentials(lab: Blueprint) -> None:
    lab.publish("/.htpasswd", "admin:$apr1$demo0000$0123456789012345678901\n")


@weakness("disclosure.files/manifest", fr="Liste des dépendances publiée", en="List of dependencies published")
def manifest(lab: Blueprint) -> None:
    packages = {"name": "portail", "scripts": {"build": "vite build"}, "dependencies": {"vue": "^3.5.0"}}
    lab.publish("/package.json", json.dumps(packages, indent=2), "application/json")


@weakness("disclosure.files/phpinfo", fr="Page phpinfo() publiée", en="phpinfo() page published")
def phpinfo(lab: Blueprint) -> None:
    page = (
        "<!DOCTYPE html><html><head><title>PHP 8.4.14 - phpinfo()</title></head><body>"
        '<h1 class="p">PHP Version 8.4.14</h1>'
        '<table><tr><td class="e">System </td><td class="v">Linux</td></tr></table>'
        "</body></html>"
    )
    lab.publish("/phpinfo.php", page, HTML)


@weakness("disclosure.files/installer", fr="Programme d'installation resté en place", en="Installer left in place")
def installer(lab: Blueprint) -> None:
    page = "<!DOCTYPE html><html><head><title>Portail - Installation</title></head><body></body></html>"
    lab.publish("/install.php", page, HTML)


@weakness(
    "disclosure.files/product-document", fr="Document livré avec le logiciel", en="Document shipped with the software"
)
def product_document(lab: Blueprint) -> None:
    lab.publish("/CHANGELOG.md", "# Changelog\n\n## [4.2.1] - 2026-05-04\n\n- Correction de la recherche.\n")


@weakness(
    "disclosure.directory-listing/listing", fr="Le contenu des dossiers s'affiche", en="Folder contents are listed"
)
def directory_listing(lab: Blueprint) -> None:
    rows = "".join(
        f'<tr><td><a href="{name}">{name}</a></td><td>2026-11-02 09:14</td></tr>' for name in rendering.static_files()
    )
    for folder in ("/static/", "/fichiers/"):
        page = (
            f"<!DOCTYPE HTML><html><head><title>Index of {folder.rstrip('/')}</title></head><body><h1>Index of "
            f'{folder.rstrip("/")}</h1><table><tr><th>Name</th><th>Last modified</th></tr><tr><td><a href="/">'
            f"Parent Directory</a></td></tr>{rows}</table></body></html>"
        )
        lab.publish(folder, page, HTML)
