"""`ORACLE`: the witness of a run, chosen once by comparing pages with and without a session."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from pgssi_probe.check.context import CheckContext, Collector, CollectorContext
from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import is_dangerous_link, words_of
from pgssi_probe.discovery.site import Site
from pgssi_probe.identity.doors import at_door, door_of, leads_to
from pgssi_probe.identity.drivers.oidc import silent_request
from pgssi_probe.identity.guessing import BrokenPlaces, api_addresses
from pgssi_probe.identity.judging import SignInState
from pgssi_probe.identity.oracle import Oracle, seen
from pgssi_probe.identity.plan import BY_PAGE, Driver, SignInPlan
from pgssi_probe.identity.rpc import questions
from pgssi_probe.identity.schemes import bearer, token_scheme
from pgssi_probe.identity.search import SIGN_IN, plan_of
from pgssi_probe.identity.session import Session
from pgssi_probe.identity.sighting import Sighting, Trait
from pgssi_probe.identity.trying import SignIn, told, tried
from pgssi_probe.identity.vocabulary import PERSONAL, SIGN_OUT, address_words
from pgssi_probe.net.exchange import Exchange
from pgssi_probe.redact import redact_url

ROUNDS: Final = 3
MAX_CANDIDATES: Final = 10
FINALISTS: Final = 3
MAX_SLASHES: Final = 4
MAX_REQUESTS: Final = 120
LABELS: Final = ("a", "low", "b", "high")
"""Accounts with which the oracle may be chosen, first that exists."""
API_NAMES: Final = (
    "me", "users/me", "user", "currentuser", "current_user", "account", "profile", "moi", "profil", "compte", "session",
    "whoami", "auth/me", "settings", "userinfo",
)  # fmt: skip
WEIGHTS: Final[Mapping[Trait, float]] = {
    Trait.STATUS: 5.0,
    Trait.REDIRECT: 5.0,
    Trait.PASSWORD: 2.5,
    Trait.SIGN_OUT: 2.5,
    Trait.DECLARED: 6.0,
    Trait.USER: 2.0,
    Trait.SHAPE: 2.0,
    Trait.STATE: 1.0,
}
"""How much each difference is worth [ours]: what an application decides before what a page shows."""
BEHIND_SCRIPTS: Final = frozenset({Driver.JSON, Driver.HAR, Driver.BROWSER, Driver.COMMAND})
OF_A_RECORD: Final = re.compile(r"/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?:/|$)")
"""Addresses of one record: another account is refused there though its session is in, and must not be sent there."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A candidate with what was seen on both sides so far."""

    url: str
    inside: tuple[Sighting, ...]
    outside: tuple[Sighting, ...]
    body: bytes = b""

    @property
    def traits(self) -> tuple[Trait, ...]:
        """Traits that are the same within each side and differ across; the data for scripts, which change most easily,
        where nothing else does."""
        if not all(sight.speaks for sight in (*self.inside, *self.outside)):
            return ()
        found = tuple(trait for trait in Trait if _separates(trait, self.inside, self.outside))
        return tuple(trait for trait in found if trait is not Trait.STATE) or found

    @property
    def score(self) -> float:
        """0 for a candidate that tells nothing."""
        worth = sum(WEIGHTS[trait] for trait in self.traits)
        if not worth:
            return 0.0
        status = self.inside[0].traits.get(Trait.STATUS)
        worth += 1.0 if status == "200" else -6.0  # a refusal inside is also what a ban looks like
        worth -= 0.5 * (self.inside[0].traits.get(Trait.PASSWORD) == "yes")
        return max(worth, 0.1)


def _separates(trait: Trait, inside: Sequence[Sighting], outside: Sequence[Sighting]) -> bool:
    within = {sight.traits.get(trait) for sight in inside}
    without = {sight.traits.get(trait) for sight in outside}
    return len(within) == 1 and len(without) == 1 and within != without and None not in within | without


@dataclass
class Choice:
    """The choosing in progress."""

    ctx: CollectorContext
    marker: str = ""
    compared: int = 0
    broken: BrokenPlaces = field(default_factory=BrokenPlaces)

    async def choose(self, label: str) -> Oracle:
        plan = await plan_of(self.ctx, label)
        if not plan.usable:
            return Oracle(reason=plan.reason)
        self.marker = str(self.ctx.declared.get("login.signed_in_text") or "")
        signed = told(self.ctx, *await tried(self.ctx, label, plan=plan))
        if signed.state not in {SignInState.SIGNED_IN, SignInState.UNKNOWN}:
            return Oracle(reason=f"sign_in_{signed.state}", sign_in=signed)
        given = self._candidates(plan, signed)
        asked = [(url, b"") for url in given]
        guessed = [(url, b"") for url in self._guessed(plan) if url not in given]
        scripted = [(url, b"") for url in await self._scripted(plan) if url not in given]
        for looks in (asked, self._by_rpc(plan, signed), scripted, guessed):
            first = []
            for url, body in looks:
                if not self.broken.holds(url):
                    first.append(await self._round(Compared(url, (), (), body), signed.session))
                    self.broken.add(url, first[-1].inside[0].status)
            first += [await self._round(Compared(url, (), ()), signed.session) for url in _with_slash(first)]
            if self._other_scheme(plan, signed, first):
                first = [await self._round(Compared(x.url, (), (), x.body), signed.session) for x in first]
            ranked = sorted((one for one in first if one.score), key=lambda one: -one.score)
            for candidate in ranked[:FINALISTS]:
                settled = candidate
                for _ in range(ROUNDS - 1):
                    settled = await self._round(settled, signed.session)
                if settled.score:
                    return self._made(settled, signed)
        unsure = "no_difference" if signed.state is SignInState.SIGNED_IN else "sign_in_unknown"
        return Oracle(reason=unsure, sign_in=signed)

    async def _round(self, candidate: Compared, session: Session) -> Compared:
        """One look with the session, one as nobody."""
        self.compared += not candidate.inside
        nobody = Session(self.ctx.network, self.ctx.clock)
        url, body = candidate.url, candidate.body
        outside = await seen(nobody, url, self.ctx.accounts, self.marker, session.label, body)
        inside = await seen(session, url, self.ctx.accounts, self.marker, body=body)
        return Compared(url, (*candidate.inside, inside), (*candidate.outside, outside), body)

    @staticmethod
    def _other_scheme(plan: SignInPlan, signed: SignIn, looks: Sequence[Compared]) -> bool:
        """Whether the token is wanted under another name than Bearer (`Token`, as Django REST framework calls it): the
        session, and those to come, then use that one."""
        session = signed.session
        if plan.schemes or any(one.score for one in looks) or [*session.header_names] != ["Authorization"]:
            return False
        wanted = next((scheme for one in looks if (scheme := token_scheme(one.outside[0].challenge))), "")
        token = session.headers[0][1].removeprefix("Bearer ")
        if not wanted or token == session.headers[0][1]:
            return False
        plan.schemes.append(wanted)
        session.headers = bearer(token, wanted)
        return True

    def _by_rpc(self, plan: SignInPlan, signed: SignIn) -> list[tuple[str, bytes]]:
        """What the page asks of its own interface, where the operator declared no page."""
        if plan.driver not in BEHIND_SCRIPTS or "login.signed_in_url" in self.ctx.declared:
            return []
        given = [self.ctx.accounts[signed.session.label].password, self.ctx.accounts[signed.session.label].totp]
        asked = questions([*plan.heard, *signed.exchanges], [secret.reveal() for secret in given if secret is not None])
        return [(url, body) for url, body in asked if self._kept([url], 1)]

    def _candidates(self, plan: SignInPlan, signed: SignIn) -> list[str]:
        declared = self.ctx.declared.get("login.signed_in_url")
        if declared:
            url = absolute(str(declared), self.ctx.target.url)
            return [url] if url else []
        given: list[str] = []
        landing = signed.landing
        if landing is not None:
            given.append(landing.url)
            links = [link for link in landing.document.links if not is_dangerous_link(link)]
            personal = [x.url for x in links if PERSONAL.search(f"{words_of(x.text[:80])} {address_words(x.url)}")]
            given += personal[:5]
            given.append(self.ctx.target.url)
            given += [link.url for link in links][:8]
        else:
            given.append(self.ctx.target.url)
        if plan.provider is not None:
            userinfo = plan.provider.userinfo if signed.session.header_names else ""
            given = [url for url in (userinfo, silent_request(plan.provider)) if url]
        elif plan.driver in BEHIND_SCRIPTS:
            known = plan.accepted[0].url if plan.accepted else plan.url
            told = [one.url for one in signed.exchanges if one.request.method == "GET" and _is_json(one)]
            told = [url for url in told if not OF_A_RECORD.search(urlsplit(url).path)]
            given = [*told[-5:], *plan.personal, *self._api(known), *given]
        elif plan.driver not in BY_PAGE:
            given = [plan.url, *given]
        return self._kept(
            given, MAX_CANDIDATES + (len(API_NAMES) + len(plan.personal) if plan.driver in BEHIND_SCRIPTS else 0)
        )

    async def _scripted(self, plan: SignInPlan) -> list[str]:
        """Addresses of the API that the scripts of the site name, where the operator declared no page."""
        if plan.driver not in BEHIND_SCRIPTS or "login.signed_in_url" in self.ctx.declared:
            return []
        site: Site = await self.ctx.collect(SITE)
        scripts = [one.response.text for one in site.resources if one.response is not None]
        scripts += [script for page in site.pages for script in page.document.inline_scripts]
        return self._kept(api_addresses(scripts, self.ctx.target.url, MAX_CANDIDATES), MAX_CANDIDATES)

    def _guessed(self, plan: SignInPlan) -> list[str]:
        """Addresses tried when nothing that the application shows tells the two sides apart: those of the account at
        usual places, and the sign-in page, which many do not show to who is signed in."""
        if plan.provider is not None or "login.signed_in_url" in self.ctx.declared:
            return []
        root = self.ctx.target.origin + "/"
        usual = [urljoin(place, name) for name in ("me", "users/me", "user", "profile") for place in (root + "api/",)]
        pages = [urljoin(root, name) for name in ("profile", "account", "settings", "admin/", "dashboard")]
        return self._kept([*usual, *pages, plan.page_url or plan.url], MAX_CANDIDATES)

    def _kept(self, urls: Iterable[str], most: int) -> list[str]:
        kept = (
            url.partition("#")[0]
            for url in urls
            if self.ctx.network.in_scope(url)
            and not self.ctx.excluded(url)
            and not SIGN_OUT.search(address_words(url))
            and urlsplit(url).netloc == urlsplit(self.ctx.target.url).netloc
        )
        return list(dict.fromkeys(kept))[:most]

    @staticmethod
    def _api(endpoint: str) -> list[str]:
        """Addresses beside the endpoint of the sign-in that usually tell who one is."""
        parent = urljoin(endpoint, ".")
        root = urljoin(endpoint, "/api/")
        places = dict.fromkeys((parent, root))
        return [urljoin(place, name) for name in API_NAMES for place in places][: len(API_NAMES)]

    def _made(self, settled: Compared, signed: SignIn) -> Oracle:
        inside, outside = settled.inside[-1], settled.outside[-1]
        noise = min(inside.likeness(other) for other in settled.inside)
        return Oracle(
            url=settled.url,
            body=settled.body,
            inside=inside,
            outside=outside,
            traits=settled.traits,
            accounts=self.ctx.accounts,
            marker=self.marker,
            label=signed.session.label,
            sign_in=signed,
            quality={
                "url": redact_url(settled.url)[:200],
                "rounds": ROUNDS,
                "traits": [str(trait) for trait in settled.traits],
                "status_in": inside.status,
                "status_out": outside.status,
                "candidates": self.compared,
                "noise": round(noise, 3),
                "likeness": round(inside.likeness(outside), 3),
                "declared": "login.signed_in_url" in self.ctx.declared,
            },
        )


def _with_slash(looks: Iterable[Compared]) -> list[str]:
    """Addresses that the application itself writes with a slash at the end."""
    moved = (one.url for one in looks if one.inside[0].traits.get(Trait.REDIRECT) == urlsplit(one.url).path + "/")
    return [f"{url}/" for url in moved if "?" not in url][:MAX_SLASHES]


def _is_json(exchange: Exchange) -> bool:
    response = exchange.response
    return response is not None and response.status == 200 and response.media_type.endswith("json")


async def _gather(ctx: CollectorContext) -> Oracle:
    label = main_account(ctx)
    return await _chosen(ctx, label) if label is not None else Oracle(reason="no_account")


async def _chosen(ctx: CollectorContext, label: str) -> Oracle:
    return await Choice(await clear_of_doors(ctx, label)).choose(label)


async def clear_of_doors(ctx: CollectorContext, label: str) -> CollectorContext:
    """The context of a visit by an account, the sign-in pages of the other roles left out: to ask for one may end its
    session. Those that the engagement does not give are as they were found."""
    mine = door_of(ctx.declared, label)
    if not mine or not any(not door_of(ctx.declared, one) for one in ctx.accounts):
        return at_door(ctx, label)
    common: SignInPlan = await ctx.collect(SIGN_IN)
    own = await plan_of(ctx, label)
    found = {url for url in (common.url, common.page_url) if url} - {own.url, own.page_url}
    at = at_door(ctx, label)
    return replace(at, excluded=lambda url: at.excluded(url) or any(leads_to(url, other) for other in found))


def main_account(ctx: CheckContext | CollectorContext) -> str | None:
    """The account with which `ORACLE` is chosen."""
    return next((label for label in LABELS if label in ctx.accounts), None)


ORACLE: Collector[Oracle] = Collector(
    name="oracle", gather=_gather, requests=MAX_REQUESTS, methods=("GET", "HEAD", "POST")
)
"""Whether a session is signed in."""


async def oracle_of(ctx: CheckContext | CollectorContext, label: str) -> Oracle:
    """Whether a session of this account is signed in: by `ORACLE`, unless the account has another door than the one
    with which that was chosen, behind which other pages lie, or `sacrifice` is the only account at hand."""
    main = main_account(ctx)
    door = door_of(ctx.declared, label)
    if main is not None and door_of(ctx.declared, main) == door:
        return await ctx.collect(ORACLE)
    chosen = next((one for one in (*LABELS, label) if one in ctx.accounts and door_of(ctx.declared, one) == door), None)
    if chosen is None:
        return Oracle(reason="no_account")

    async def gather(own: CollectorContext) -> Oracle:
        return await _chosen(own, chosen)

    return await ctx.collect(replace(ORACLE, name=f"{ORACLE.name}:{chosen}", gather=gather))
