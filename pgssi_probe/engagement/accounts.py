"""Test accounts as the file names them: references to secrets, never the secrets; and values only they may see."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StrictStr, model_validator

from pgssi_probe.engagement.login import LoginSection
from pgssi_probe.model.outcome import Frozen

AccountLabel = Literal["a", "b", "low", "high", "sacrifice"]
CANARY_LENGTHS: Final = (6, 200)
"""A shorter value would be found by chance in pages of anybody."""


class SecretReference(Frozen):
    """Where a secret is to be found: exactly one of the four. The file never holds the secret itself."""

    env: str | None = None
    command: tuple[str, ...] | None = None
    keyring: str | None = None
    prompt: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _not_the_secret_itself(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("literal_secret")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretReference:
        given = [value for value in (self.env, self.command, self.keyring, self.prompt) if value]
        if len(given) != 1:
            raise ValueError("one_reference")
        return self


class AccountSection(Frozen):
    """A test account. The user name may be written, a password or a TOTP secret only referred to.

    `certificate` is a file, PEM or PKCS#12, relative to the engagement file; `certificate_key` the file of its key when
    it is not in the same. `login` is how this account signs in, where its role has a sign-in of its own.
    """

    username: Annotated[StrictStr, Field(min_length=1)] | SecretReference
    password: SecretReference | None = None
    totp: SecretReference | None = None
    certificate: str | None = None
    certificate_key: str | None = None
    certificate_password: SecretReference | None = None
    login: LoginSection | None = None


def _long_enough(value: object) -> object:
    if isinstance(value, str) and not CANARY_LENGTHS[0] <= len(value.strip()) <= CANARY_LENGTHS[1]:
        raise ValueError("canary")
    return value


Canary = Annotated[StrictStr | SecretReference, BeforeValidator(_long_enough)]
"""A value that one account alone may see, e.g. a made-up name in its record: test data written as they are, or a
reference. It is compared in memory and written nowhere."""
Canaries = dict[AccountLabel, tuple[Canary, ...]]
