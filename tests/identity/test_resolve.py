"""Secrets by reference: what is found, and errors that never hold a value."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from pgssi_probe.engagement.accounts import AccountSection, SecretReference
from pgssi_probe.identity import resolve as room
from pgssi_probe.identity.resolve import SecretError, resolve, resolve_accounts
from pgssi_probe.words import say

PYTHON = sys.executable


def given(**reference: Any) -> SecretReference:
    return SecretReference.model_validate(reference)


def printing(code: str) -> SecretReference:
    return given(command=(PYTHON, "-c", code))


def failing(reference: SecretReference) -> SecretError:
    with pytest.raises(SecretError) as caught:
        resolve(reference, "a", "password")
    return caught.value


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_TEST_A", " hush ")
    assert resolve(given(env="PGSSI_TEST_A"), "a", "password").reveal() == " hush "
    monkeypatch.setenv("PGSSI_TEST_A", "")
    assert failing(given(env="PGSSI_TEST_A")).code == "empty"
    monkeypatch.delenv("PGSSI_TEST_A")
    error = failing(given(env="PGSSI_TEST_A"))
    assert (error.code, error.line, error.reference) == ("no_variable", "accounts.a.password", "PGSSI_TEST_A")


def test_from_a_command_without_shell() -> None:
    assert resolve(printing("print('hush $HOME')"), "a", "password").reveal() == "hush $HOME"
    assert failing(given(command=("pgssi-no-such-program", "hush"))).code == "no_program"
    assert failing(printing("print('hush'); raise SystemExit(3)")).code == "program_failed"
    assert failing(printing("pass")).code == "empty"
    assert failing(printing("import sys; sys.stdout.buffer.write(b'\\xff')")).code == "not_text"


def test_a_command_that_does_not_end_or_says_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failing(printing("while True: print('hush' * 1000)")).code == "too_long"
    monkeypatch.setattr(room, "COMMAND_SECONDS", 0.3)
    assert failing(printing("import time; print('hush', flush=True); time.sleep(60)")).code == "too_slow"


def test_no_error_holds_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("print('hush'); raise SystemExit(3)", "print('hush' * 100000)"):
        error = failing(printing(code))
        told = say("fr", f"secret.error.{error.code}", line=error.line, reference=error.reference)
        assert "hush" not in f"{error!r} {error} {error.reference} {told}"
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None


def test_from_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert failing(given(keyring="portal/alice")).code == "no_keyring"
    held = {("portal/x", "alice"): "hush"}
    fake = ModuleType("keyring")
    fake.get_password = lambda service, name: held.get((service, name))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", fake)
    assert resolve(given(keyring="portal/x/alice"), "a", "password").reveal() == "hush"
    assert failing(given(keyring="portal/x/bob")).code == "no_entry"
    assert failing(given(keyring="portal")).code == "bad_entry"

    def locked(service: str, name: str) -> str:
        raise RuntimeError("hush")

    fake.get_password = locked  # type: ignore[attr-defined]
    assert failing(given(keyring="portal/alice")).code == "keyring_failed"


def test_by_asking() -> None:
    assert resolve(given(prompt=True), "b", "totp", lambda label, field: f"{label} {field}").reveal() == "b totp"
    assert failing(given(prompt=True)).code == "no_terminal"


def test_only_the_accounts_that_are_needed_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_TEST_A", "hush")
    sections = {
        "a": AccountSection(username=given(env="PGSSI_TEST_A"), password=given(env="PGSSI_TEST_A")),
        "b": AccountSection(username="bob", password=given(env="PGSSI_TEST_NOWHERE")),
        "high": AccountSection(username="claude"),
    }
    found = resolve_accounts(sections, {"a", "high", "low"})
    assert set(found) == {"a", "high"}
    assert found["a"].username == "hush"
    assert found["high"].password is None
    assert "hush" not in repr(found["a"].password)
    with pytest.raises(SecretError):
        resolve_accounts(sections, {"b"})


def test_canaries_reach_the_account_they_belong_to_and_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_TEST_CANARY", "Martin-Essai ")
    sections = {label: AccountSection(username=label) for label in ("a", "b")}
    canaries = {"a": ("Durand-Essai", given(env="PGSSI_TEST_CANARY")), "b": ()}
    accounts = resolve_accounts(sections, ("a", "b"), canaries=canaries)
    assert [secret.reveal() for secret in accounts["a"].canaries] == ["Durand-Essai", "Martin-Essai"]
    assert accounts["b"].canaries == ()
    assert "Essai" not in repr(accounts)


def test_a_canary_that_chance_would_find_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSI_TEST_CANARY", "abc")
    with pytest.raises(SecretError) as caught:
        resolve_accounts({"a": AccountSection(username="a")}, ("a",), canaries={"a": (given(env="PGSSI_TEST_CANARY"),)})
    assert (caught.value.code, caught.value.line) == ("too_short", "canaries.a")
    assert "abc" not in str(caught.value)
    assert say("fr", "secret.error.too_short", line="canaries.a", reference="X")
