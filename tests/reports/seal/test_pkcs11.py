"""The key of a token, by the software token SoftHSM: sealed without the key ever leaving it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pgssi_probe.model.rendering import SealError
from pgssi_reports.seal.codes import Refusal
from pgssi_reports.seal.pkcs11_key import Address

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "1234-essai"
SETUP = """
import sys, pkcs11
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.util.ec import decode_ec_private_key, decode_ec_public_key
from pkcs11.util.rsa import decode_rsa_private_key
from pathlib import Path
folder = Path(sys.argv[1])
token = pkcs11.lib({module!r}).get_token(token_label="CACHET")
with token.open(rw=True, user_pin={pin!r}) as session:
    for number, name in enumerate(sys.argv[2:], 1):
        der = (folder / f"{{name}}.key").read_bytes()
        decode = decode_rsa_private_key if name in ("rsa3072", "weak") else decode_ec_private_key
        session.create_object(decode(der) | {{
            Attribute.TOKEN: True, Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False,
            Attribute.SIGN: True, Attribute.LABEL: name, Attribute.ID: bytes([number])}})
        session.create_object({{
            Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
            Attribute.TOKEN: True, Attribute.LABEL: name, Attribute.ID: bytes([number]),
            Attribute.SUBJECT: (folder / f"{{name}}.subject").read_bytes(),
            Attribute.VALUE: (folder / f"{{name}}.der").read_bytes()}})
    session.create_object({{
        Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
        Attribute.TOKEN: True, Attribute.LABEL: "autorite", Attribute.ID: b"\\xaa",
        Attribute.SUBJECT: (folder / "autorite.subject").read_bytes(),
        Attribute.VALUE: (folder / "autorite.der").read_bytes()}})
"""
SIGN = """
import json, shutil, sys
from pathlib import Path
from pgssi_probe.model.rendering import SealError
from pgssi_reports.seal import CadesSeal
seal, folder, trust = CadesSeal(), Path(sys.argv[1]), Path(sys.argv[2])
found = []
for number, (address, pin) in enumerate(json.load(sys.stdin)):
    run = folder / str(number)
    run.mkdir()
    (run / "report.json").write_text("{}")
    secret = None if pin is None else lambda: pin
    try:
        seal.check(key=address, password=secret)
        said = seal.seal_run(run, [run / "report.json"], key=address, password=secret)
        report = seal.verify(run, trust=trust)
        found.append([said.key_origin, said.algorithm, report.indication, report.files[0].signer.subject])
    except SealError as error:
        found.append([error.code, error.fields, seal.explain(error, "fr"), len(list(run.glob("*.p7s")))])
print(json.dumps(found))
"""
KINDS = ("p256", "p384", "rsa3072", "weak", "expired")


@pytest.fixture(scope="module")
def token(authority, tmp_path_factory) -> dict[str, str]:
    """A token with five keys. The module is loaded in other processes only: it keeps state."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    command = ["softhsm2-util", "--init-token", "--free", "--label", "CACHET", "--pin", PIN, "--so-pin", "5678-essai"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    for name in (*KINDS, "autorite"):
        kind = {"weak": "rsa2048", "expired": "p256"}.get(name, name)
        if name == "autorite":
            certificate = authority.issuer
        else:
            options = {"start": timedelta(days=-90)} if name == "expired" else {}
            certificate = authority.certificate(kind, name=f"Cachet {name}", **options)
            legacy = PrivateFormat.TraditionalOpenSSL
            der = authority.private(kind).private_bytes(Encoding.DER, legacy, NoEncryption())
            (folder / f"{name}.key").write_bytes(der)
        (folder / f"{name}.der").write_bytes(certificate.public_bytes(Encoding.DER))
        (folder / f"{name}.subject").write_bytes(certificate.subject.public_bytes())
    setup = SETUP.format(module=MODULE, pin=PIN)
    subprocess.run([sys.executable, "-c", setup, str(folder), *KINDS], env=environment, check=True)
    authority.trust_file(folder / "root.pem")
    return {**environment, "TRUST": str(folder / "root.pem")}


def at(query: str, module: str = MODULE) -> str:
    return f"pkcs11:{query}?module-path={module}"


REFUSED = [  # a wrong PIN comes first: signing in counts for the whole process
    (at("token=CACHET;id=%01"), "9999", Refusal.PIN_WRONG),
    (at("token=CACHET;id=%01"), None, Refusal.PIN_MISSING),
    (at("token=CACHET;id=%01"), "", Refusal.PIN_MISSING),
    (at("token=ABSENT;id=%01"), PIN, Refusal.PKCS11_TOKEN),
    (at("token=CACHET"), PIN, Refusal.PKCS11_OBJECT),
    (at("token=CACHET;object=absent"), PIN, Refusal.PKCS11_OBJECT),
    (at("token=CACHET;object=autorite"), PIN, Refusal.PKCS11_OBJECT),
    (at("token=CACHET;object=weak"), PIN, Refusal.KEY_TOO_SHORT),
    (at("token=CACHET;object=expired"), PIN, Refusal.CERTIFICATE_EXPIRED),
    (at("token=CACHET", "/usr/lib/absent.so"), PIN, Refusal.PKCS11_MODULE),
    (at("token=CACHET", "/etc/hostname"), PIN, Refusal.PKCS11_MODULE),
]
ACCEPTED = [
    (at("token=CACHET;object=p256"), "ECDSA P-256, SHA-256", "p256"),
    (at("token=CACHET;id=%02"), "ECDSA P-384, SHA-384", "p384"),
    (at("token=CACHET;object=rsa3072;id=%03"), "RSASSA-PSS 3072, SHA-256", "rsa3072"),
]


@pytest.fixture(scope="module")
def results(token: dict[str, str], tmp_path_factory) -> tuple[Path, list]:
    """What came of each address, in one process."""
    folder = tmp_path_factory.mktemp("runs")
    asked = [[address, pin] for address, pin, _ in REFUSED] + [[address, PIN] for address, _, _ in ACCEPTED]
    command = [sys.executable, "-c", SIGN, str(folder), token["TRUST"]]
    done = subprocess.run(
        command, env=token, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 0, done.stderr
    assert PIN not in done.stdout + done.stderr
    return folder, json.loads(done.stdout)


@pytest.mark.tools
@pytest.mark.parametrize("number", range(len(ACCEPTED)))
def test_a_run_is_sealed_by_the_token(results, token, number: int) -> None:
    folder, found = results
    _, algorithm, name = ACCEPTED[number]
    assert found[len(REFUSED) + number] == ["token", algorithm, "TOTAL-PASSED", f"CN=Cachet {name}"]
    command = ["openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-out", os.devnull]
    command += ["-in", "report.json.p7s", "-content", "report.json", "-CAfile", token["TRUST"]]
    run = folder / str(len(REFUSED) + number)
    assert subprocess.run(command, cwd=run, capture_output=True, check=False).returncode == 0


@pytest.mark.tools
@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_goes_wrong_is_said(results, number: int) -> None:
    found, _, sentence, sealed = results[1][number]
    assert found == REFUSED[number][2]
    assert sentence
    assert "—" not in sentence
    assert sealed == 0


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("pkcs11:token=X", Refusal.PKCS11_ADDRESS),
        ("pkcs11:token=X?module-path=", Refusal.PKCS11_ADDRESS),
        ("pkcs11:token=X;token=Y?module-path=/a", Refusal.PKCS11_ADDRESS),
        ("pkcs11:jeton=X?module-path=/a", Refusal.PKCS11_ADDRESS),
        ("pkcs11:token?module-path=/a", Refusal.PKCS11_ADDRESS),
        ("pkcs11:token=%ff?module-path=/a", Refusal.PKCS11_ADDRESS),
        ("pkcs11:token=X?module-path=/a&pin-value=1234", Refusal.PKCS11_PIN_SHOWN),
        ("pkcs11:token=X?module-path=/a&pin-source=/etc/pin", Refusal.PKCS11_PIN_SHOWN),
    ],
)
def test_an_address_is_read_strictly(address: str, code: Refusal) -> None:
    with pytest.raises(SealError) as caught:
        Address.parse(address)
    assert caught.value.code == code
    assert "1234" not in str(caught.value.fields)


def test_an_address_may_be_escaped() -> None:
    found = Address.parse("pkcs11:token=Mon%20jeton;id=%00%ff;type=private?module-path=/a%20b.so")
    assert (found.token, found.id, found.module) == ("Mon jeton", b"\x00\xff", "/a b.so")


def test_the_library_that_is_not_installed_is_said(monkeypatch) -> None:
    from pgssi_reports.seal.pkcs11_key import token_key

    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(SealError) as caught:
        token_key(at("token=X"), lambda: PIN)
    assert caught.value.code == Refusal.PKCS11_MISSING
