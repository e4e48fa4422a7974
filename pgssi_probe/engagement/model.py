"""The model of an engagement. Nothing here reads a file or a clock."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import Field, JsonValue, field_validator
from pydantic_core import PydanticCustomError

from pgssi_probe.engagement.accounts import AccountLabel, AccountSection, Canaries
from pgssi_probe.engagement.context import Context
from pgssi_probe.engagement.declared import declared_table, flattened
from pgssi_probe.engagement.login import LoginSection
from pgssi_probe.engagement.mandate import Mandate, Refusal
from pgssi_probe.engagement.scope import ScopeSection
from pgssi_probe.model.outcome import Frozen, Level
from pgssi_probe.model.result import EngagementSummary, MandateSummary
from pgssi_probe.net.proxy import proxy_of

DECLARED_FILES: Final = (
    "components.js-list",
    "discovery.har-a",
    "discovery.har-b",
    "discovery.har-low",
    "discovery.har-high",
)
"""Declared values that name a file, relative to the engagement file."""


def unknown_declared(name: str) -> PydanticCustomError:
    return PydanticCustomError("unknown_declared", "no such value", {"name": name})


def bad_declared(name: str, kind: str) -> PydanticCustomError:
    return PydanticCustomError("bad_declared", "{kind}", {"name": name, "kind": kind})


class Limits(Frozen):
    """How hard. Rates are per host; budgets are for the run."""

    requests_per_second: float = Field(10.0, gt=0, le=1000)
    concurrency: int = Field(4, ge=1, le=100)
    connections_per_second: float = Field(25.0, gt=0, le=1000)
    max_requests: int = Field(3000, ge=1)
    max_connections: int = Field(3000, ge=1)
    max_seconds: float = Field(3600.0, gt=0)
    request_seconds: float = Field(30.0, gt=0, le=300)


class Engagement(Frozen):
    """An engagement file as read. Without one, `Engagement()` allows passive checks of the target's origin."""

    mandate: Mandate | None = None
    scope: ScopeSection = ScopeSection()
    limits: Limits = Limits()
    accounts: dict[AccountLabel, AccountSection] = Field(default_factory=dict)
    login: LoginSection = LoginSection()
    proxies: dict[str, str] = Field(default_factory=dict)
    """Forward proxies of the establishment, `http://host:port` by label: ways to the target, never targets."""
    declared: dict[str, JsonValue] = Field(default_factory=dict)
    canaries: Canaries = Field(default_factory=dict, repr=False)
    context: Context = Context()
    file_sha256: str | None = None

    @field_validator("proxies")
    @classmethod
    def _proxies(cls, proxies: dict[str, str]) -> dict[str, str]:
        for label, url in proxies.items():
            proxy_of(label, url)
        return proxies

    @field_validator("declared", mode="before")
    @classmethod
    def _without_quotes_too(cls, declared: Any) -> Any:
        return flattened(declared) if isinstance(declared, dict) else declared

    @field_validator("declared")
    @classmethod
    def _of_the_table(cls, declared: dict[str, JsonValue]) -> dict[str, JsonValue]:
        known = declared_table()
        for name, value in declared.items():
            if name not in known:
                raise unknown_declared(name)
            if not known[name].accepts(value):
                raise bad_declared(name, known[name].kind)
        return declared

    @property
    def told(self) -> dict[str, JsonValue]:
        """What the operator says of the application, as checks read it: `declared`, the login section by key, the
        labels of the proxies under `proxies`, and under `logins` how accounts sign in that do so their own way."""
        login = {f"login.{name}": value for name, value in self.login.given.items()}
        proxies: dict[str, JsonValue] = {"proxies": [*self.proxies]} if self.proxies else {}
        own: dict[str, JsonValue] = {
            str(label): self.login_of(label).given for label in self.accounts if self.login_of(label) != self.login
        }
        logins: dict[str, JsonValue] = {"logins": own} if own else {}
        return {**login, **self.declared, **proxies, **logins}

    def login_of(self, label: AccountLabel) -> LoginSection:
        """How an account signs in: its own way, completed by `[login]` where it does not say where to begin."""
        section = self.accounts.get(label)
        return self.login if section is None or section.login is None else section.login.over(self.login)

    def within(self, folder: Path) -> Engagement:
        """The same, the files that a sign-in needs made absolute from `folder`."""

        def placed(section: Frozen, *names: str) -> dict[str, str]:
            return {name: str((folder / value).resolve()) for name in names if (value := getattr(section, name))}

        def here(login: LoginSection) -> LoginSection:
            return login.model_copy(update=placed(login, "har"))

        accounts = {
            label: section.model_copy(
                update={
                    **placed(section, "certificate", "certificate_key"),
                    "login": here(section.login) if section.login is not None else None,
                }
            )
            for label, section in self.accounts.items()
        }
        login = here(self.login)
        files = {name: value for name in DECLARED_FILES if isinstance(value := self.declared.get(name), str)}
        declared = {**self.declared, **{name: str((folder / value).resolve()) for name, value in files.items()}}
        return self.model_copy(update={"accounts": accounts, "login": login, "declared": declared})

    def refusal(self, level: Level, now: datetime) -> Refusal | None:
        if level is Level.PASSIVE:
            return None
        return self.mandate.refusal(level, now) if self.mandate else Refusal("mandate", "absent")

    def refusal_for(self, url: str, level: Level, now: datetime) -> Refusal | None:
        """The same, and the mandate must name the target: one for a host never authorises another."""
        refused = self.refusal(level, now)
        if refused is None and level is not Level.PASSIVE and not self.scope.names(url):
            return Refusal("scope.target", "not_covered")
        return refused

    def refusals_for(self, url: str, level: Level, now: datetime) -> tuple[Refusal, ...]:
        """Every reason why a level is not allowed for a target; none when it is."""
        if level is Level.PASSIVE:
            return ()
        found = self.mandate.refusals(level, now) if self.mandate else (Refusal("mandate", "absent"),)
        return found if self.scope.names(url) else (*found, Refusal("scope.target", "not_covered"))

    def highest_level(self, url: str, now: datetime) -> Level:
        """The most intrusive level allowed at `now` for the target."""
        allowed = (level for level in Level if self.refusal_for(url, level, now) is None)
        return max(allowed, key=lambda level: level.rank)

    def summary(self, url: str, now: datetime) -> EngagementSummary:
        """What the report shows of it: no secret, since the file holds none but references."""
        mandate = self.mandate
        return EngagementSummary(
            file_sha256=self.file_sha256,
            mandate=MandateSummary(
                reference=mandate.reference,
                organisation=mandate.organisation,
                signatory=mandate.signatory,
                signed=str(mandate.signed or ""),
                valid_from=str(mandate.valid_from or ""),
                valid_until=str(mandate.valid_until or ""),
                hours=mandate.hours or None,
                source_addresses=mandate.source_addresses,
                hosting_agreement=mandate.hosting_agreement or None,
                emergency_contact=mandate.emergency_contact or None,
            )
            if mandate
            else None,
            hosts=self.scope.hosts,
            excluded_paths=self.scope.excluded_paths,
            levels=tuple(level for level in Level if self.refusal_for(url, level, now) is None),
            context=self.context.answers,
            limits={name: float(value) for name, value in self.limits.model_dump().items()},
        )
