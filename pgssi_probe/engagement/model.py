"""The model of an engagement. Nothing here reads a file or a clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, JsonValue, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pgssi_probe.engagement.accounts import AccountLabel, AccountSection, Canaries, SecretReference
from pgssi_probe.engagement.context import Context
from pgssi_probe.engagement.declared import declared_table, flattened
from pgssi_probe.model.outcome import Frozen, Level
from pgssi_probe.model.result import EngagementSummary, MandateSummary
from pgssi_probe.net.proxy import proxy_of

__all__ = ["AccountSection", "Engagement", "Limits", "Mandate", "Refusal", "ScopeSection", "SecretReference"]

MANDATE_LINES: Final = (
    "reference",
    "organisation",
    "signatory",
    "signed",
    "valid_from",
    "valid_until",
    "hours",
    "source_addresses",
    "hosting_agreement",
    "emergency_contact",
)
"""What a mandate says before anything active is allowed, in the order in which it is asked for."""


DECLARED_FILES: Final = (
    "components.js-list",
    "discovery.har-a",
    "discovery.har-b",
    "discovery.har-low",
    "discovery.har-high",
)
"""Declared values that name a file, relative to the engagement file."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a level is not allowed. `line` is the key of the engagement file that is missing or stands against it;
    `cause` is one of absent, empty, not_yet_valid, expired, outside_hours, level_not_listed."""

    line: str
    cause: str


class Mandate(Frozen):
    """Who authorised what. Everything is needed for an active or intrusive check (PASSI: convention and authorisation).

    `hours` is a local interval such as "08:00-18:00", in `timezone`; "22:00-06:00" is a night, "00:00-24:00" any time.
    """

    reference: str = ""
    organisation: str = ""
    signatory: str = ""
    signed: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    hours: str = ""
    timezone: str = "Europe/Paris"
    source_addresses: tuple[str, ...] = ()
    hosting_agreement: str = ""
    emergency_contact: str = ""
    levels: tuple[Level, ...] = (Level.PASSIVE,)

    @field_validator("hours")
    @classmethod
    def _interval(cls, hours: str) -> str:
        if hours:
            try:
                parse_hours(hours)
            except ValueError:
                raise ValueError("hours") from None
        return hours

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("zone") from None
        return name

    @model_validator(mode="after")
    def _dates_in_order(self) -> Mandate:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("order")
        return self

    @property
    def empty_lines(self) -> tuple[str, ...]:
        """Names of the lines that must be written before anything active is allowed, and are not."""
        return tuple(name for name in MANDATE_LINES if _blank(getattr(self, name)))

    def refusal(self, level: Level, now: datetime) -> Refusal | None:
        """None when `level` is allowed at `now` (aware), else the first reason why not."""
        if level is Level.PASSIVE:
            return None
        return next(self._against(level, now), None)

    def refusals(self, level: Level, now: datetime) -> tuple[Refusal, ...]:
        """Every reason why `level` is not allowed at `now`, the first being that of `refusal`; none when it is."""
        return () if level is Level.PASSIVE else tuple(self._against(level, now))

    def _against(self, level: Level, now: datetime) -> Iterator[Refusal]:
        for name in self.empty_lines:
            yield Refusal(f"mandate.{name}", "empty")
        if level not in self.levels:
            yield Refusal("mandate.levels", "level_not_listed")
        local = now.astimezone(ZoneInfo(self.timezone))
        if self.valid_from and local.date() < self.valid_from:
            yield Refusal("mandate.valid_from", "not_yet_valid")
        if self.valid_until and local.date() > self.valid_until:
            yield Refusal("mandate.valid_until", "expired")
        if self.hours:
            start, end = parse_hours(self.hours)
            time_of_day = local.time()
            within = start <= time_of_day <= end if start < end else time_of_day >= start or time_of_day <= end
            if not within:
                yield Refusal("mandate.hours", "outside_hours")

    def window_end(self, now: datetime) -> datetime | None:
        """Until when what is allowed at `now` stays so: the end of the hours of the day or of the night, or of the last
        day when that comes first or when the hours are those of the whole day. None without hours or without end."""
        if not self.hours or self.valid_until is None:
            return None
        zone = ZoneInfo(self.timezone)
        last = datetime.combine(self.valid_until, time.max, zone)
        if self.at_any_hour:
            return last
        local = now.astimezone(zone)
        start, end = parse_hours(self.hours)
        night = end < start <= local.time()
        return min(last, datetime.combine(local.date() + timedelta(days=int(night)), end, zone))

    @property
    def at_any_hour(self) -> bool:
        return bool(self.hours) and parse_hours(self.hours) == (time.min, time.max)


def _blank(value: object) -> bool:
    """Nothing, or only spaces: a line that is there for its form is not written."""
    if isinstance(value, tuple):
        return all(_blank(one) for one in value)
    return not value or (isinstance(value, str) and not value.strip())


def parse_hours(hours: str) -> tuple[time, time]:
    """Start and end of "HH:MM-HH:MM"; ValueError otherwise. "24:00" is the end of the day.

    The end comes before the start when the interval holds midnight.
    """
    start, dash, end = hours.partition("-")
    if not dash:
        raise ValueError('hours are written "HH:MM-HH:MM"')
    first = time.fromisoformat(start.strip())
    last = time.max if end.strip() == "24:00" else time.fromisoformat(end.strip())
    if last == first:
        raise ValueError("hours end when they start")
    return first, last


class ScopeSection(Frozen):
    """`hosts` are `host` or `host:port` besides the target's own; `addresses` restrict where names may resolve.

    `ports`: connections to other ports of the target's addresses may be tried, those of `addresses` only."""

    target: str = ""
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    excluded_paths: tuple[str, ...] = ()
    ports: bool = False
    plain_http: str | None = None
    ca_file: str | None = None

    @field_validator("hosts")
    @classmethod
    def _endpoints(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if "/" in host or not _reachable(f"https://{host.removesuffix(':*')}".replace("//*.", "//")):
                raise ValueError("host")
        return hosts

    @field_validator("target", "plain_http")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url and not (url.lower().startswith(("http://", "https://")) and _reachable(url)):
            raise ValueError("url")
        return url

    @field_validator("addresses")
    @classmethod
    def _networks(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            try:
                ip_network(address, strict=False)
            except ValueError:
                raise ValueError("network") from None
        return addresses

    def names(self, url: str) -> bool:
        """Whether `target` or `hosts` name the origin of an absolute URL, port included."""
        wanted = _origin(url)
        return any(
            _origin(named if "://" in named else f"https://{named}") == wanted for named in (self.target, *self.hosts)
        )


def _reachable(url: str) -> bool:
    """Whether an address has a host and a port that can be dialled."""
    try:
        host, port = urlsplit(url).hostname, urlsplit(url).port
    except ValueError:
        return False
    return bool(host) and port != 0 and not any(char.isspace() for char in url)


def unknown_declared(name: str) -> PydanticCustomError:
    return PydanticCustomError("unknown_declared", "no such value", {"name": name})


def bad_declared(name: str, kind: str) -> PydanticCustomError:
    return PydanticCustomError("bad_declared", "{kind}", {"name": name, "kind": kind})


def _origin(url: str) -> tuple[str, int | None]:
    """Host in lower case and port, the scheme's own when it is not written; a port that is no number is None."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    except ValueError:
        port = None
    return (parts.hostname or "").lower(), port


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
        """What the operator says of the application, as checks read it: `declared`, the login section by key, and
        the labels of the proxies under `proxies`."""
        login = {f"login.{name}": value for name, value in self.login.model_dump().items() if value is not None}
        proxies: dict[str, JsonValue] = {"proxies": [*self.proxies]} if self.proxies else {}
        return {**login, **self.declared, **proxies}

    def within(self, folder: Path) -> Engagement:
        """The same, the files that a sign-in needs made absolute from `folder`."""

        def placed(section: Frozen, *names: str) -> dict[str, str]:
            return {name: str((folder / value).resolve()) for name in names if (value := getattr(section, name))}

        accounts = {
            label: section.model_copy(update=placed(section, "certificate", "certificate_key"))
            for label, section in self.accounts.items()
        }
        login = self.login.model_copy(update=placed(self.login, "har"))
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
