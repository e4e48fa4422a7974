"""`disclosure.secrets`: keys that are, keys that only look like it, and nothing shown that could be used."""

import base64
import json
import string
import zlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.disclosure.secret_patterns import checksum_holds, entropy, is_example, is_mixed, masked, secrets_in
from pgssi_probe.check.harness import page, run_check, scripted, slugs
from pgssi_probe.registry import check

CHECK = "disclosure.secrets"
ORIGIN = "https://portail.example"
RANDOM = "q7Tz4Kx9Wm2Vb8Rn3Yc6Pd1Hs5Jf0LgAeUoXi"


def drawn(length: int) -> str:
    return (RANDOM * 4)[:length]


def base62(number: int) -> str:
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = digits[digit] + text
    return text.rjust(6, "0")


def github(prefix: str = "ghp") -> str:
    body = drawn(30)
    return f"{prefix}_{body}{base62(zlib.crc32(body.encode()))}"


def jwt(payload: object = None, header: object = None) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header or {'alg': 'HS256'})}.{part(payload or {'sub': 'service'})}.{drawn(43)}"


def pem(*, encrypted: bool = False, ssh: bool = False) -> str:
    key = (
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        if ssh
        else ec.derive_private_key(7**40, ec.SECP256R1())
    )
    form = serialization.PrivateFormat.OpenSSH if ssh else serialization.PrivateFormat.PKCS8
    lock = serialization.BestAvailableEncryption(b"demonstration") if encrypted else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


SECRETS = {
    "private key": ("private-key", pem()),
    "encrypted private key": ("private-key", pem(encrypted=True)),
    "OpenSSH key": ("private-key", pem(ssh=True)),
    "key in a script": ("private-key", f"const k = {json.dumps(pem())};"),
    "aws": ("cloud-key", f"aws_access_key_id = 'AKIA{'Q7TZ4KX5WM2VB6RN'}'"),
    "aws secret": ("cloud-key", f'aws_secret_access_key: "{drawn(38)}/+"'),
    "azure storage": ("cloud-key", f"AccountName=x;AccountKey={drawn(86)}==;"),
    "google": ("cloud-key", f'"private_key_id": "{"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"}"'),
    "google oauth": ("cloud-key", f"GOCSPX-{drawn(28)}"),
    "github": ("token", github()),
    "github app": ("token", github("ghs")),
    "npm": ("token", github("npm")),
    "gitlab": ("token", f"glpat-{drawn(20)}"),
    "slack": ("token", f"xoxb-907451328660-318804592177-{drawn(24)}"),
    "stripe": ("token", f"sk_live_{drawn(24)}"),
    "sendgrid": ("token", f"SG.{drawn(22)}.{drawn(43)}"),
    "jwt": ("token", jwt()),
    "credentials in an address": ("token", "postgresql://portail:q7Tz4Kx9Wm@base.example/portail"),
}  # fmt: skip

PUBLIC = {
    "stripe publishable": f"pk_live_{drawn(24)}",
    "stripe test": f"sk_test_{drawn(24)}",
    "google browser key": f"AIza{drawn(35)}",
    "sentry": "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2",
    "recaptcha": f"6L{drawn(38)}",
    "mapbox public": f"pk.eyJ{drawn(20)}.{drawn(22)}",
    "aws documentation": "aws_access_key_id = AKIAIOSFODNN7EXAMPLE secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "aws repeated": "aws AKIAAAAAAAAAAAAAAAAA",
    "aws without a context": "AKIAQ7TZ4KX5WM2VB6RN",
    "github with a wrong checksum": github()[:-1] + "0",
    "github placeholder": "ghp_" + "x" * 36,
    "gitlab placeholder": "glpat-xxxxxxxxxxxxxxxxxxxx",
    "jwt of the documentation": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaW"
    "F0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "not a jwt": f"eyJ{drawn(20)}.eyJ{drawn(20)}.{drawn(30)}",
    "masked key": "-----BEGIN PRIVATE KEY-----\n[... masqué ...]\n-----END PRIVATE KEY-----",
    "header of a key": "Ne publiez jamais -----BEGIN RSA PRIVATE KEY----- suivi de lettres.",
    "key of noise": f"-----BEGIN PRIVATE KEY-----\n{drawn(64)}\n-----END PRIVATE KEY-----",
    "certificate": f"-----BEGIN CERTIFICATE-----\n{drawn(64)}\n-----END CERTIFICATE-----",
    "address without a password": "https://portail.example:8443/x@y",
    "template": "postgresql://user:${PASSWORD}@host/base mysql://u:<password>@h",
    "prose": "Votre mot de passe : au moins douze caractères.",
}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_recognised(name: str) -> None:
    slug, text = SECRETS[name]
    for around in (text, f"<p>{text}</p>", f"x = 1;\n{text}\n// fin"):
        assert {secret.slug for secret in secrets_in(around, script=False)} == {slug}


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("script", [True, False])
def test_what_may_be_public_is_left_alone(name: str, script: bool) -> None:
    assert secrets_in(f"const a = '{PUBLIC[name]}';\n{PUBLIC[name]}", script=script) == []


@pytest.mark.parametrize(
    "line", ["password = 'Q7tz-Kx9Wm2V'", '"client_secret": "q7Tz4Kx9Wm2Vb8Rn"', "var pwd='aB3$eF6!hJ9'"]
)
def test_passwords_in_scripts_are_a_hint(line: str) -> None:
    assert [secret.slug for secret in secrets_in(line, script=True)] == ["password"]
    assert secrets_in(line, script=False) == []


@pytest.mark.parametrize(
    "line",
    [
        "password: 'forgotPassword'",
        "password = 'Mot de passe'",
        'password: "input-password-2"',
        "pwd = '************'",
        'secret: "client.secret.label"',
        'password:"changeme12345"',
        "password = '${password}'",
        'password:"/compte/Mot2passe"',
        'password: "Passwortvergessen"',
        "passwordField = 'Q7tz-Kx9Wm2V'",
        'password: "aaaaaaaaaaaa"',
    ],
)
def test_labels_of_scripts_are_not_passwords(line: str) -> None:
    assert secrets_in(line, script=True) == []


def test_nothing_usable_is_shown() -> None:
    for slug, text in SECRETS.values():
        for secret in secrets_in(text, script=True):
            assert len(secret.shown) <= 60, slug
            assert drawn(12) not in secret.shown
    assert masked("ghp_abcdefgh") == "ghp_… (12)"


def test_pieces() -> None:
    assert checksum_holds(github())
    assert not checksum_holds(github()[:-1] + "-")
    assert entropy("") == 0
    assert entropy("abcd") == 2
    assert is_example("AKIAIOSFODNN7EXAMPLE")
    assert is_mixed("Q7tz-Kx9Wm2V")
    assert not is_mixed("forgotPassword2")


async def test_secrets_of_pages_and_scripts_are_told_masked() -> None:
    token = github()
    script = {
        ORIGIN + "/": page(f'<script src="/a.js"></script><script>const k = "{token}";</script>'),
        ORIGIN + "/a.js": page(f"const k = '{token}'; const j = '{jwt()}';", content_type="text/javascript"),
    }
    registered = check(CHECK)
    run = scripted(registered.metadata, script, url=ORIGIN + "/")
    observations = await registered.observe()(run.context)
    assert {observation.slug for observation in observations} == {"token"}
    said = repr(observations) + repr([piece["excerpt"] for piece in run.evidence.kept.values()])
    assert "ghp_… (40)" in said
    assert token not in said


async def test_a_site_without_secrets_passes() -> None:
    outcomes = await run_check(CHECK, {ORIGIN + "/": page("<p>Bonjour</p>")}, url=ORIGIN + "/")
    assert slugs(outcomes) == {"none"}


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading(text: str) -> None:
    secrets_in(text, script=True)
    is_mixed(text)


UNITS = (
    "eyJ", "eyJa.", "AKIA", "aws secret ", "password='", "https://a:", "-----BEGIN PRIVATE KEY-----", "SG.", "a", "0",
    "glpat-", "7Q~", "postgres://u:ppppppp", "AccountKey=", "sk-", "\\n", "pypi-AgEIcHlwaS5vcmc", "aB1-", "secret ",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_hostile_script_of_a_megabyte_is_read(unit: str) -> None:
    secrets_in(unit * (1_000_000 // len(unit)), script=True)


def test_a_hostile_value_is_judged_at_once() -> None:
    assert not is_mixed("a" * 79 + "!")
    assert not is_mixed("aB" * 40 + "?")
