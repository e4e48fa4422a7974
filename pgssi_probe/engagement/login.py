"""`[login]`: how one signs in, for every account; and the same keys for one account, in `[accounts.high.login]`."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import JsonValue

from pgssi_probe.model.outcome import Frozen

WHERE: Final = frozenset({"url", "driver", "har", "command"})
"""Keys that say where a sign-in begins: who gives one of them signs in elsewhere than the others."""


class LoginSection(Frozen):
    """How to sign in, when it is not found by itself. Fields are names of the form or keys of the JSON."""

    url: str | None = None
    driver: Literal[
        "auto", "form", "json", "basic", "digest", "bearer", "certificate", "oidc", "har", "command", "browser"
    ] = "auto"
    username_field: str | None = None
    password_field: str | None = None
    signed_in_url: str | None = None
    signed_in_text: str | None = None
    logout_url: str | None = None
    refresh_url: str | None = None
    """Where a refresh token is exchanged."""
    har: str | None = None
    """A recorded sign-in, relative to the engagement file."""
    command: tuple[str, ...] | None = None
    """A program with its arguments that prints cookies and headers as JSON; no shell."""
    client_id: str | None = None
    redirect_uri: str | None = None
    """A client of the OpenID provider that is the target."""

    @property
    def given(self) -> dict[str, JsonValue]:
        """The keys that have a value."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value is not None}

    def over(self, common: LoginSection) -> LoginSection:
        """This section of an account, over that of all. One that says where to begin stands alone: names of fields and
        pages of another sign-in do not hold there."""
        if self.model_fields_set & WHERE:
            return self
        return common.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})
