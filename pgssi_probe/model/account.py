"""Test accounts and their secrets. A secret is never shown: not in a repr, a log, a run folder or an exception."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Label = Literal["a", "b", "low", "high", "sacrifice"]
LABELS: tuple[Label, ...] = ("a", "b", "low", "high", "sacrifice")


class Secret:
    """A value that only `reveal` gives."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not serialised")


class SecretError(Exception):
    """A secret that cannot be had. `code` is a key of the catalogue under `secret.error`.

    `line` is the key of the engagement file; `reference` is what it refers to (the name of a variable, of a program, of
    an entry), never a value and never what a command printed.
    """

    def __init__(self, code: str, *, line: str, reference: str = "") -> None:
        super().__init__(f"{code}: {line}")
        self.code = code
        self.line = line
        self.reference = reference


@dataclass(frozen=True, slots=True, eq=False)
class ClientCertificate:
    """A certificate with its key, for the connections of one account. `chain` is PEM, the certificate itself first;
    `key` is PEM too, encrypted under `passphrase`, which is made on reading and lives in memory only."""

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    passphrase: Secret = field(repr=False)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a key is not serialised")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the engagement, its secrets resolved. `a` and `b` have the same role, `low` and `high` two roles;
    `sacrifice` is the only one that ever meets a wrong password on purpose."""

    label: str
    username: str
    password: Secret | None = None
    totp: Secret | None = None
    """Shared secret of a TOTP second factor, in base 32 (RFC 6238)."""
    canaries: tuple[Secret, ...] = field(default=(), repr=False)
    """Values that this account alone may see. They are compared in memory, and written nowhere."""
    certificate: ClientCertificate | None = None
    """Shown on the connections of this account's sessions to the target, and on no other."""
