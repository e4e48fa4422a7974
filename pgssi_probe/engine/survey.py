"""A passive look at a site before there is an engagement: what `init` writes in the file. Only pages are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from pgssi_probe import __version__
from pgssi_probe.check.context import Collector, Network, Target
from pgssi_probe.clock import Clock, SystemClock
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import is_dangerous_link
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.engagement import Engagement
from pgssi_probe.engine.bounds import limits_of, scope_of
from pgssi_probe.engine.collected import Collections
from pgssi_probe.engine.preflight import preflight
from pgssi_probe.identity import SIGN_IN, Driver, SignInPlan, find_logout
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.gate import open_gate
from pgssi_probe.redact import redact_url

MAX_HINTS = 12


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found of the target. Lists are short and without repetition; addresses carry no secret.

    `hosts`: `host:port` outside of the origin that pages link to, send forms to or load from. `dangerous`: links that
    the probe would never follow. `scripted`: the sign-in is drawn by a script.
    """

    target: str
    plan: SignInPlan
    sign_in: str = ""
    """Address of the sign-in page or endpoint; empty when it was not found."""
    username_field: str = ""
    password_field: str = ""
    hosts: tuple[str, ...] = ()
    logout: str = ""
    dangerous: tuple[str, ...] = ()
    pages: int = 0
    requests: int = 0

    @property
    def certain(self) -> bool:
        """The driver was read in a page, not guessed from a script: it may be written as it is."""
        return bool(self.sign_in) and self.plan.driver in {Driver.FORM, Driver.BASIC, Driver.DIGEST}

    @property
    def scripted(self) -> bool:
        return self.plan.reason == "scripted"


async def look(target: Target, clock: Clock | None = None) -> Survey:
    """Walk the site and look for the sign-in, at the passive level and within the origin of the target.

    Raises Unreachable when there is nothing at the address.
    """
    clock = clock or SystemClock()
    engagement = Engagement()
    async with open_gate(
        scope=scope_of(target, engagement),
        limits=limits_of(engagement),
        clock=clock,
        user_agent=f"pgssi-probe/{__version__} (init)",
        ca_file=target.ca_file,
    ) as gate:

        def network(collector: Collector[object]) -> Network:
            return gate.network(
                by=f"collector:{collector.name}", max_requests=collector.requests, methods=("GET", "HEAD")
            )

        await preflight(target, gate)
        collections = Collections(target, network, clock, Level.PASSIVE, engagement.told, gate.scope.excludes, {})
        try:
            site: Site = await collections.get(SITE)
            plan: SignInPlan = await collections.get(SIGN_IN)
        finally:
            await collections.close()
        return survey_of(target, site, plan, gate.usage.requests)


def survey_of(target: Target, site: Site, plan: SignInPlan, requests: int = 0) -> Survey:
    """The look, from what was collected. Pure."""
    form = plan.form
    return Survey(
        target=target.url,
        plan=plan,
        sign_in=steady(plan.url) if plan.usable else "",
        username_field=plan.username_field or (form.username.name if form and form.username else ""),
        password_field=plan.password_field or (form.password.name if form and form.password else ""),
        hosts=few(host for host in outside(site.pages, target) if host),
        logout=next((found for page in site.pages if (found := sign_out_of(page))), ""),
        dangerous=few(
            redact_url(link.url) for page in site.pages for link in page.document.links if is_dangerous_link(link)
        ),
        pages=len(site.pages),
        requests=requests,
    )


def steady(url: str) -> str:
    """The address without its query when that carries what is only good once, or is a secret."""
    return url if redact_url(url) == url else url.partition("?")[0]


def few(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MAX_HINTS]


def outside(pages: Iterable[Page], target: Target) -> Iterable[str]:
    """Hosts that pages send forms to and load from, then those of the same domain that they link to."""
    pages = tuple(pages)
    for page in pages:
        yield from (origin_of(form.action, target) for form in page.document.forms if form.action)
        yield from (origin_of(resource.url, target) for resource in page.document.resources)
    for page in pages:
        named = (origin_of(link.url, target) for link in page.document.links)
        yield from (host for host in named if akin(host, target.host))


def origin_of(url: str, target: Target) -> str:
    """`host:port` as the file writes it; empty for the target's own and for what is no web address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    port = port or (443 if parts.scheme == "https" else 80)
    if host == target.host and port in {target.port, 80}:
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def akin(host: str, other: str) -> bool:
    """Whether a `host:port` has the same last two labels as a host: a guess at the domain, for a hint only."""
    name = host.rpartition(":")[0]
    return bool(name) and not name[-1].isdigit() and name.split(".")[-2:] == other.split(".")[-2:]


def sign_out_of(page: Page) -> str:
    control = find_logout(page.document)
    if control is None:
        return ""
    return redact_url(control.link.url if control.link is not None else control.form.action if control.form else "")
