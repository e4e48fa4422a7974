"""From references of the engagement file to secrets: environment, command, keyring or prompt. Nothing is kept."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pgssi_probe.engagement.accounts import CANARY_LENGTHS, AccountSection, SecretReference
from pgssi_probe.identity.certificate import load_certificate
from pgssi_probe.model.account import Account, Secret, SecretError

COMMAND_SECONDS: Final = 30.0
MAX_CHARACTERS: Final = 4096
"""The longest secret that is taken: anything longer is an output, not a secret."""

Prompt = Callable[[str, str], str]
"""Asks a person for the `password`, `totp`, `canary` or `username` (second argument) of an account (first), unseen."""


def resolve_accounts(
    sections: Mapping[Any, AccountSection],
    labels: Iterable[str],
    prompt: Prompt | None = None,
    canaries: Mapping[Any, Iterable[str | SecretReference]] = MappingProxyType({}),
) -> dict[str, Account]:
    """The accounts of `labels` that the engagement has, secrets resolved. Raises SecretError at the first that fails.

    `prompt` None means that nobody is there to be asked. `canaries` are the values of each account, by its label.
    """
    wanted = frozenset(labels)
    return {
        label: _account(label, section, canaries.get(label, ()), prompt)
        for label, section in sections.items()
        if label in wanted
    }


def _account(
    label: str, section: AccountSection, canaries: Iterable[str | SecretReference], prompt: Prompt | None
) -> Account:
    def secret(name: str, reference: SecretReference | None) -> Secret | None:
        return resolve(reference, label, name, prompt) if reference is not None else None

    username = section.username
    if isinstance(username, SecretReference):
        username = resolve(username, label, "username", prompt).reveal()
    seen = tuple(_canary(label, canary, prompt) for canary in canaries)
    certificate = None
    if section.certificate is not None:
        shut = secret("certificate_password", section.certificate_password)
        line = f"accounts.{label}.certificate"
        certificate = load_certificate(section.certificate, section.certificate_key, shut, line)
    password, totp = secret("password", section.password), secret("totp", section.totp)
    return Account(label, username, password, totp, seen, certificate)


def _canary(label: str, canary: str | SecretReference, prompt: Prompt | None) -> Secret:
    if isinstance(canary, str):
        return Secret(canary.strip())
    line = f"canaries.{label}"
    value = resolve(canary, label, "canary", prompt, line=line).reveal().strip()
    if len(value) < CANARY_LENGTHS[0]:
        raise SecretError("too_short", line=line, reference=_shown(canary))
    return Secret(value)


def resolve(
    reference: SecretReference, label: str, field: str, prompt: Prompt | None = None, *, line: str = ""
) -> Secret:
    """The secret of one reference. Raises SecretError. `line` is its key in the file."""
    line = line or f"accounts.{label}.{field}"
    if reference.env is not None:
        value = _from_environment(reference.env, line)
    elif reference.command is not None:
        value = _from_command(reference.command, line)
    elif reference.keyring is not None:
        value = _from_keyring(reference.keyring, line)
    else:
        value = _from_prompt(label, field, line, prompt)
    if len(value) > MAX_CHARACTERS:
        raise SecretError("too_long", line=line, reference=_shown(reference))
    if not value:
        raise SecretError("empty", line=line, reference=_shown(reference))
    return Secret(value)


def _shown(reference: SecretReference) -> str:
    """What may be said of a reference: of a command, its program only."""
    if reference.command is not None:
        return reference.command[0]
    return reference.env or reference.keyring or "prompt"


def _from_environment(name: str, line: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SecretError("no_variable", line=line, reference=name)
    return value


def _from_command(command: tuple[str, ...], line: str) -> str:
    """Standard output without its last line feed. Its error output goes to the person, who may have to answer it."""
    program = command[0]
    try:
        process = subprocess.Popen(list(command), stdout=subprocess.PIPE)
    except (OSError, ValueError):
        raise SecretError("no_program", line=line, reference=program) from None
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(COMMAND_SECONDS, stop)
    timer.start()
    try:
        with process:
            assert process.stdout is not None  # noqa: S101 (narrowing)
            raw = process.stdout.read(4 * MAX_CHARACTERS + 3)  # and no more: what it prints is not ours to hold
            if len(raw) > 4 * MAX_CHARACTERS + 2:
                process.kill()
                raise SecretError("too_long", line=line, reference=program)
    except BaseException:
        process.kill()
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise SecretError("too_slow", line=line, reference=program)
    if process.returncode != 0:
        raise SecretError("program_failed", line=line, reference=program)
    try:
        return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError("not_text", line=line, reference=program) from None


def _from_keyring(entry: str, line: str) -> str:
    service, slash, name = entry.rpartition("/")
    if not (slash and service and name):
        raise SecretError("bad_entry", line=line, reference=entry)
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        raise SecretError("no_keyring", line=line, reference=entry) from None
    try:
        value = keyring.get_password(service, name)
    except Exception:  # noqa: BLE001 (each backend has its own errors, which may quote what they read)
        raise SecretError("keyring_failed", line=line, reference=entry) from None
    if value is None:
        raise SecretError("no_entry", line=line, reference=entry)
    return str(value)


def _from_prompt(label: str, field: str, line: str, prompt: Prompt | None) -> str:
    if prompt is None:
        raise SecretError("no_terminal", line=line, reference="prompt")
    return prompt(label, field)


def somebody_is_there() -> bool:
    """Whether a person can be asked on this terminal."""
    return bool(sys.stdin and sys.stdin.isatty())
