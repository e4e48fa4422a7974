"""Keys and secrets in what the browser receives: disclosure.secrets. All are drawn at random and open nothing."""

from __future__ import annotations

import base64
import json
import random
import string

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

SCRIPT = "/static/configuration.js"


def _draw(lab: Blueprint, alphabet: str, length: int) -> str:
    chance = random.Random(f"secret-{lab.seed}")  # noqa: S311
    return "".join(chance.choice(alphabet) for _ in range(length))


def _publish_script(lab: Blueprint, line: str) -> None:
    """Add a line to a script that every page loads."""
    before = lab.files[SCRIPT].content.decode() if SCRIPT in lab.files else '"use strict";\n'
    lab.publish(SCRIPT, before + line + "\n", "text/javascript; charset=utf-8")
    tag = f'<script src="{SCRIPT}" defer></script>'
    if tag not in lab.markup.get("head", ()):
        lab.insert("head", tag)


@weakness("disclosure.secrets/private-key", fr="Clé privée dans un script", en="Private key in a script")
def private_key(lab: Blueprint) -> None:
    key = ec.derive_private_key(lab.seed + 4_294_967_311, ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    _publish_script(lab, f"const cleSignature = {json.dumps(pem)};")


@weakness("disclosure.secrets/cloud-key", fr="Clé d'un service en nuage dans un script", en="Cloud key in a script")
def cloud_key(lab: Blueprint) -> None:
    identifier = "AKIA" + _draw(lab, string.ascii_uppercase + "234567", 16)
    secret = _draw(lab, string.ascii_letters + string.digits, 40)
    _publish_script(
        lab, f'const stockage = {{ aws_access_key_id: "{identifier}", aws_secret_access_key: "{secret}" }};'
    )


@weakness("disclosure.secrets/token", fr="Jeton d'accès dans un script", en="Access token in a script")
def token(lab: Blueprint) -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signature = _draw(lab, string.ascii_letters + string.digits + "-_", 43)
    claims = {"iss": "portail", "sub": "service-import", "exp": 4_102_444_800}
    _publish_script(lab, f'const jetonService = "{part({"alg": "HS256", "typ": "JWT"})}.{part(claims)}.{signature}";')


@weakness("disclosure.secrets/password", fr="Mot de passe dans un script", en="Password in a script")
def password(lab: Blueprint) -> None:
    value = _draw(lab, string.ascii_letters + string.digits, 18)
    _publish_script(lab, f'const imprimante = {{ identifiant: "file-1", mot_de_passe: "{value}" }};')
