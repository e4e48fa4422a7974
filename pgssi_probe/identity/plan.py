"""What is known of how one signs in: the driver, and where. Found by `search`, used by `signing`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from pgssi_probe.identity.forms import SignInForm
from pgssi_probe.identity.har import Sent
from pgssi_probe.identity.steps import Step
from pgssi_probe.identity.totp import CodesGiven
from pgssi_probe.net.exchange import Exchange


class Driver(StrEnum):
    """How credentials are handed over."""

    FORM = "form"
    JSON = "json"
    BASIC = "basic"
    DIGEST = "digest"
    BEARER = "bearer"
    CERTIFICATE = "certificate"
    OIDC = "oidc"
    HAR = "har"
    COMMAND = "command"
    BROWSER = "browser"


BY_HEADER = frozenset({Driver.BASIC, Driver.DIGEST, Driver.BEARER})
BY_PAGE = frozenset({Driver.FORM, Driver.OIDC})
"""Drivers that fill in the form of a page."""
WITHOUT_PASSWORD = frozenset({Driver.CERTIFICATE, Driver.COMMAND})
OWN_ONLY = frozenset({Driver.CERTIFICATE, Driver.COMMAND})
"""Drivers that never try credentials other than those of the account."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How a JSON API took credentials once. `names` maps its keys to `username` or `password`."""

    url: str
    names: Mapping[str, str]
    as_form: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """The requests by which a browser signed in. `proved`: they did so once without the browser."""

    sent: tuple[Sent, ...]
    proved: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider that is itself the target (OpenID Connect Discovery 1.0 §3). Addresses absolute, "" unknown.

    `public` means that its token endpoint takes clients without a secret.
    """

    authorization: str
    client_id: str
    redirect_uri: str
    token: str = ""
    userinfo: str = ""
    end_session: str = ""
    """Where a client sends its user to sign out (OpenID Connect RP-Initiated Logout 1.0 §2)."""
    issuer: str = ""
    scope: str = "openid"
    pkce: bool = True
    public: bool = False
    extra: tuple[tuple[str, str], ...] = ()
    """Other parameters of the authorisation address that the operator gave."""


@dataclass(frozen=True, slots=True)
class SignInPlan:
    """`driver` is None when no way was found; `reason` says why then, a key under `identity.reason`.

    `url` is the page of the form, the endpoint of the API, an address that asks for credentials, or where a sign-in at
    another place begins. `page_url` is a page to read first, for its cookies. `providers` are the national ones that
    the site offers or leads to. `endpoints` are addresses of an API to try one after the other.
    """

    driver: Driver | None
    url: str = ""
    page_url: str = ""
    form: SignInForm | None = None
    username_field: str | None = None
    password_field: str | None = None
    reason: str = ""
    found_by: str = ""
    captcha: bool = False
    scripted: bool = False
    """Scripts run on the page of the form: they may send it in their own way."""
    providers: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    endpoints: tuple[str, ...] = ()
    provider: Provider | None = None
    federated: bool = False
    """The credentials are typed at another origin than that of the target: no wrong one is ever sent there."""
    referral: Mapping[str, str] = field(default_factory=dict)
    """What the application asked of a national provider: names of parameters, and the values that are no secret."""
    left: str = ""
    """Host and port outside of the scope to which the sign-in leads."""
    har: str = ""
    command: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    """Names that the fields of a scripted page have, for `username` and `password`."""
    described: tuple[Taken, ...] = ()
    """How the description of the API says that it takes credentials; no names where it does not tell them."""
    token_header: str = ""
    """The header in which the description wants the token, where it is not `Authorization`."""
    personal: tuple[str, ...] = ()
    """Addresses that, by the description, likely tell who is signed in."""
    door: str = ""
    """The account whose own sign-in this is; "" for that of `[login]`."""
    accepted: list[Taken] = field(default_factory=list, compare=False, repr=False)
    """How a JSON API took credentials once."""
    learned: list[Learned] = field(default_factory=list, compare=False, repr=False)
    basic_at: list[str] = field(default_factory=list, compare=False, repr=False)
    """An address that a scripted page asks with the credentials by HTTP Basic, once that opened it."""
    opened: list[Driver | None] = field(default_factory=list, compare=False, repr=False)
    """How the page let the account in once: FORM or BROWSER; None where a window was tried in vain. At most one."""
    codes: CodesGiven = field(default_factory=CodesGiven, compare=False, repr=False)
    schemes: list[str] = field(default_factory=list, compare=False, repr=False)
    """The name under which an API wants its token in `Authorization`, where it is not Bearer."""
    heard: list[Exchange] = field(default_factory=list, compare=False, repr=False)
    """What the page asked for by itself in the window of a browser, before anybody signed in."""

    @property
    def usable(self) -> bool:
        return self.driver is not None

    @property
    def place(self) -> str:
        """Where people sign in: the page in place of an address that was guessed beside it and does not serve."""
        beside = bool(self.basic_at or self.learned or self.opened == [Driver.BROWSER])
        return self.page_url if self.driver is Driver.JSON and beside and self.page_url else self.url

    @property
    def path(self) -> str:
        """Path of the sign-in page: landing there means to be signed out."""
        return urlsplit(self.url).path if self.driver in {Driver.FORM, None} else urlsplit(self.page_url or "").path
