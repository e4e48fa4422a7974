"""Whether a secret could be had from where the file refers to, without having it: nothing is read, run or shown."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.util import find_spec

from pgssi_probe.engagement.accounts import AccountSection, SecretReference


def state_of(reference: SecretReference, environment: Mapping[str, str] = os.environ) -> str:
    """A key of the catalogue under `engagement.secret`. Only asking tells whether a command or a keyring answers."""
    if reference.env is not None:
        value = environment.get(reference.env)
        return "variable_unset" if value is None else "variable_set" if value else "variable_empty"
    if reference.command is not None:
        return "program_found" if shutil.which(reference.command[0]) else "program_missing"
    if reference.keyring is not None:
        return "keyring" if find_spec("keyring") else "no_keyring"
    return "prompt"


LACKING = frozenset({"variable_unset", "variable_empty", "program_missing", "no_keyring"})


def named(reference: SecretReference) -> str:
    """What may be said of a reference: of a command, its program only."""
    if reference.command is not None:
        return reference.command[0]
    return reference.env or reference.keyring or ""


def references_of(section: AccountSection) -> dict[str, SecretReference]:
    """The references of an account by the name of their line."""
    given = {"username": section.username, "password": section.password, "totp": section.totp}
    return {name: value for name, value in given.items() if isinstance(value, SecretReference)}
