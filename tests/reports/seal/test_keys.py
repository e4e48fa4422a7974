from __future__ import annotations

import os
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat, pkcs12

from pgssi_probe.model.rendering import SealError
from pgssi_reports.seal import keys
from pgssi_reports.seal.codes import Refusal


def refusal(call) -> str:
    with pytest.raises(SealError) as caught:
        call()
    return caught.value.code


def password() -> str:
    return "mot de passe éprouvé"


class TestLocalKey:
    def test_is_made_once_and_kept_to_its_owner(self, tmp_path: Path) -> None:
        directory = tmp_path / "config" / "seal"
        made, found = keys.local_key(directory), keys.local_key(directory)
        assert made.created
        assert not found.created
        assert made.certificate == found.certificate
        (path,) = directory.iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700

    def test_says_what_it_is_and_for_how_long(self, tmp_path: Path) -> None:
        certificate = keys.local_key(tmp_path).certificate
        assert certificate.subject.rfc4514_string() == f"CN={keys.LOCAL_NAME}"
        assert "pgssi-probe local key" in keys.LOCAL_NAME
        years = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert timedelta(days=3 * 365) <= years < timedelta(days=3 * 365 + 1)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value.digital_signature
        assert usage.value.content_commitment
        assert not usage.value.key_cert_sign
        assert certificate.public_key().curve.name == "secp256r1"

    def test_many_makers_at_once_end_with_one_key(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: keys.local_key(tmp_path), range(16)))
        assert len({key.certificate.serial_number for key in found}) == 1
        assert sum(key.created for key in found) == 1
        assert len(list(tmp_path.iterdir())) == 1

    def test_is_replaced_when_it_has_expired(self, tmp_path: Path) -> None:
        old = keys.local_key(tmp_path)
        later = old.certificate.not_valid_after_utc + timedelta(days=1)
        new = keys.local_key(tmp_path, now=later)
        assert new.created
        assert new.certificate != old.certificate
        assert keys.local_key(tmp_path, now=later).certificate == new.certificate

    def test_lives_in_the_xdg_configuration_directory(self, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        assert keys.local_directory() == tmp_path / "pgssi-probe" / "seal"
        monkeypatch.setenv("XDG_CONFIG_HOME", "not/absolute")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        assert keys.local_directory() == tmp_path / "home" / ".config" / "pgssi-probe" / "seal"

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_is_refused_when_others_can_read_it(self, tmp_path: Path, mode: int) -> None:
        keys.local_key(tmp_path)
        next(tmp_path.iterdir()).chmod(mode)
        assert refusal(lambda: keys.local_key(tmp_path)) == Refusal.LOCAL_KEY_EXPOSED

    def test_is_refused_through_a_link(self, tmp_path: Path) -> None:
        keys.local_key(tmp_path / "elsewhere")
        (tmp_path / "here").mkdir()
        target = next((tmp_path / "elsewhere").iterdir())
        (tmp_path / "here" / target.name).symlink_to(target)
        assert refusal(lambda: keys.local_key(tmp_path / "here")) == Refusal.LOCAL_KEY_UNREADABLE

    @pytest.mark.parametrize("damage", [b"", b"-----BEGIN CERTIFICATE-----\n", b"\x00" * 400])
    def test_is_refused_when_damaged(self, tmp_path: Path, damage: bytes) -> None:
        keys.local_key(tmp_path)
        next(tmp_path.iterdir()).write_bytes(damage)
        assert refusal(lambda: keys.local_key(tmp_path)) == Refusal.LOCAL_KEY_UNREADABLE

    def test_is_refused_when_key_and_certificate_differ(self, tmp_path: Path) -> None:
        keys.local_key(tmp_path / "one")
        keys.local_key(tmp_path / "two")
        one, two = (next((tmp_path / name).iterdir()) for name in ("one", "two"))
        key, _, _ = one.read_bytes().partition(b"-----BEGIN CERTIFICATE")
        _, mark, certificate = two.read_bytes().partition(b"-----BEGIN CERTIFICATE")
        one.write_bytes(key + mark + certificate)
        assert refusal(lambda: keys.local_key(tmp_path / "one")) == Refusal.LOCAL_KEY_UNREADABLE

    def test_a_directory_that_cannot_be_made_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert refusal(lambda: keys.local_key(tmp_path / "file" / "seal")) == Refusal.LOCAL_KEY_UNWRITABLE

    def test_a_failure_leaves_nothing_behind(self, tmp_path: Path, monkeypatch) -> None:
        def no_links(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", no_links)
        assert refusal(lambda: keys.local_key(tmp_path)) == Refusal.LOCAL_KEY_UNWRITABLE
        assert not list(tmp_path.iterdir())

    def test_does_not_show_its_secret(self, tmp_path: Path) -> None:
        key = keys.local_key(tmp_path)
        number = key.private.private_numbers().private_value
        assert str(number) not in repr(key)
        assert "private" not in repr(key)


class TestFileKey:
    @pytest.mark.parametrize(
        ("kind", "digest"),
        [("p256", "sha256"), ("p384", "sha384"), ("p521", "sha512"), ("rsa3072", "sha256")],
    )
    def test_accepts_what_the_policy_accepts(self, authority, tmp_path: Path, kind: str, digest: str) -> None:
        key = keys.file_key(authority.p12(tmp_path / "k.p12", kind), password)
        assert key.digest == digest
        assert key.origin == "file"
        assert key.chain == (authority.issuer,)

    def test_needs_no_password_when_there_is_none(self, authority, tmp_path: Path) -> None:
        assert keys.file_key(authority.p12(tmp_path / "k.p12", password=None)).certificate

    def test_asks_for_the_password_once(self, authority, tmp_path: Path) -> None:
        asked = []
        keys.file_key(authority.p12(tmp_path / "k.p12"), lambda: asked.append(1) or password())
        assert asked == [1]

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("rsa2048", Refusal.KEY_TOO_SHORT),
            ("k256", Refusal.KEY_CURVE_REFUSED),
            ("p224", Refusal.KEY_CURVE_REFUSED),
            ("ed25519", Refusal.KEY_TYPE_REFUSED),
        ],
    )
    def test_refuses_weak_and_foreign_keys(self, authority, tmp_path: Path, kind: str, code: Refusal) -> None:
        path = authority.p12(tmp_path / "k.p12", kind)
        assert refusal(lambda: keys.file_key(path, password)) == code

    def test_refuses_a_certificate_outside_its_validity(self, authority, tmp_path: Path) -> None:
        old = authority.p12(tmp_path / "old.p12", start=timedelta(days=-40), days=30)
        soon = authority.p12(tmp_path / "soon.p12", start=timedelta(days=3))
        assert refusal(lambda: keys.file_key(old, password)) == Refusal.CERTIFICATE_EXPIRED
        assert refusal(lambda: keys.file_key(soon, password)) == Refusal.CERTIFICATE_NOT_YET_VALID

    def test_refuses_a_certificate_made_for_something_else(self, authority, foreign_purposes, tmp_path) -> None:
        silent = authority.p12(tmp_path / "silent.p12", key_usage=None)
        enciphers = x509.KeyUsage(False, False, True, False, False, False, False, False, False)
        contrary = authority.p12(tmp_path / "contrary.p12", key_usage=enciphers)
        server = authority.p12(tmp_path / "server.p12", purposes=foreign_purposes)
        assert refusal(lambda: keys.file_key(silent, password)) == Refusal.KEY_USAGE_MISSING
        assert refusal(lambda: keys.file_key(contrary, password)) == Refusal.KEY_USAGE_CONTRARY
        assert refusal(lambda: keys.file_key(server, password)) == Refusal.KEY_USAGE_CONTRARY

    def test_refuses_the_certificate_of_an_authority(self, authority, tmp_path: Path) -> None:
        both = x509.KeyUsage(True, True, False, False, False, True, True, False, False)
        certifier = authority.p12(tmp_path / "certifier.p12", key_usage=both)
        assert refusal(lambda: keys.file_key(certifier, password)) == Refusal.CERTIFICATE_IS_AUTHORITY
        issuer = authority.p12(tmp_path / "issuer.p12", "p384", certificate=authority.issuer)
        assert refusal(lambda: keys.file_key(issuer, password)) == Refusal.CERTIFICATE_IS_AUTHORITY

    def test_tells_a_wrong_password_from_a_missing_one_and_from_a_foreign_file(self, authority, tmp_path) -> None:
        path = authority.p12(tmp_path / "k.p12")
        foreign = tmp_path / "foreign.p12"
        foreign.write_bytes(b"-----BEGIN CERTIFICATE-----")
        assert refusal(lambda: keys.file_key(path, lambda: "wrong")) == Refusal.PASSWORD_WRONG
        assert refusal(lambda: keys.file_key(path)) == Refusal.PASSWORD_MISSING
        assert refusal(lambda: keys.file_key(path, lambda: "")) == Refusal.PASSWORD_MISSING
        assert refusal(lambda: keys.file_key(foreign, password)) == Refusal.KEY_MALFORMED
        assert refusal(lambda: keys.file_key(tmp_path / "none.p12", password)) == Refusal.KEY_MISSING
        assert refusal(lambda: keys.file_key(tmp_path, password)) == Refusal.KEY_UNREADABLE

    def test_refuses_half_a_pair(self, authority, tmp_path: Path) -> None:
        path = tmp_path / "half.p12"
        encryption = BestAvailableEncryption(password().encode())
        data = pkcs12.serialize_key_and_certificates(b"x", None, None, [authority.root], encryption)
        path.write_bytes(data)
        assert refusal(lambda: keys.file_key(path, password)) == Refusal.KEY_INCOMPLETE

    def test_reads_files_in_the_older_encryption(self, authority, tmp_path: Path) -> None:
        certificate = authority.certificate("p256")
        builder = PrivateFormat.PKCS12.encryption_builder()
        encryption = (
            builder.kdf_rounds(2000)
            .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .hmac_hash(hashes.SHA1())  # noqa: S303 - what older tools wrote
            .build(password().encode())
        )
        path = tmp_path / "old.p12"
        modern = authority.p12(tmp_path / "modern.p12", certificate=certificate)
        key, *_ = pkcs12.load_key_and_certificates(modern.read_bytes(), password().encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, encryption))
        assert keys.file_key(path, password).certificate == certificate

    def test_no_error_carries_the_password(self, authority, tmp_path: Path) -> None:
        path = authority.p12(tmp_path / "k.p12")
        secret = "un autre secret bien à moi"
        with pytest.raises(SealError) as caught:
            keys.file_key(path, lambda: secret)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.fields)
        assert secret not in shown
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
