"""Being signed in within a real browser: by the form of its page, else with the cookies of a session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pgssi_checks.browser.own_texts import data_texts, filled_in, marks_of
from pgssi_checks.session.ground import Ground, Lost
from pgssi_checks.session.tokens.bearing import Bearing, bearings
from pgssi_probe.browser import BROWSER, RENDERED, BrowserLost, Landing, Visit, browser_sign_in
from pgssi_probe.check import CheckContext, Reason
from pgssi_probe.compare.marks import Marks
from pgssi_probe.discovery.danger import is_dangerous_link, words_of
from pgssi_probe.discovery.frontier import is_notable
from pgssi_probe.discovery.site import Link
from pgssi_probe.identity import Carrier, Driver, Session, SignInPlan, carriers, plan_of
from pgssi_probe.identity.vocabulary import PERSONAL, SIGN_OUT, address_words
from pgssi_probe.model.account import Account, Secret

SENDS = ("GET", "HEAD", "POST")
OTHER_FILES = (".pdf", ".zip", ".csv", ".xml", ".atom", ".rss", ".ics", ".svg", ".png")
CONTROL = Path(__file__).with_name("press_sign_out.js")


def text_of(landing: Landing) -> str:
    """What a window shows, what its fields hold included."""
    return f"{landing.text}\n{filled_in(landing.exchange.response)}" if landing.exchange else landing.text


@dataclass
class Inside:
    """A window in which the account is signed in. `own` is the session as the browser holds it."""

    ctx: CheckContext
    ground: Ground
    visit: Visit
    own: Session
    landing: Landing
    by_form: bool
    tokens: frozenset[str] = frozenset()
    """Values that carry the session, proved by ablation."""
    sent_by_scripts: frozenset[str] = frozenset()
    """Those of them that scripts put into headers."""
    token_names: tuple[str, ...] = ()
    cookie_carried: bool = True
    pages: list[Landing] = field(default_factory=list)

    async def tour(self, most: int) -> list[Landing]:
        """Open the pages of the account, its own first, at most `most`, and never what may act. Where scripts hold the
        session in memory, leaving the page would end it: that page is the whole tour."""
        if self.landing.page is not None:
            self.pages.append(self.landing)
        if await self._holds_in_memory():
            return self.pages
        starts = [self.ground.oracle.url, self.ctx.target.url]
        if self.landing.page is not None:
            starts += _own_links(self.landing.page.document.links)
        waiting = [url for url in dict.fromkeys(starts) if url.startswith("http")]
        seen = {self.landing.url}
        while waiting and len(seen) < most:
            url = waiting.pop(0)
            if url in seen or not self.ctx.network.in_scope(url):
                continue
            seen.add(url)
            landing = await self.visit.open(url)
            if landing.page is None or landing.exchange is None or landing.exchange.status != 200:
                continue
            self.pages.append(landing)
            waiting += [one for one in _own_links(landing.page.document.links) if one not in seen]
        return self.pages

    async def _holds_in_memory(self) -> bool:
        if self.cookie_carried or not self.by_form:
            return False
        dump = await self.visit.kept()
        return not any(token in entry.value for entry in dump.entries for token in self.tokens)

    async def marks(self) -> Marks:
        texts = [text_of(landing) for landing in self.pages]
        texts += data_texts(one.exchange for one in self.visit.asked if one.exchange is not None)
        return await marks_of(self.ctx, self.ground.label, texts)

    async def sign_out(self) -> Landing | None:
        """Press the sign-out control of the window, and confirm once if asked; None without a control. A page without
        one (a fragment, a view of data) is left for the others of the tour."""
        for url in ("", *dict.fromkeys(page.url for page in self.pages)):
            if url:
                await self.visit.open(url)
            if not await self._press():
                continue
            landing = await self.visit.settled()
            self.visit.crossing.carried.clear()
            if await self.is_in() and await self._press():
                landing = await self.visit.settled()
            return landing
        return None

    async def _press(self) -> bool:
        return bool(
            await self.visit.ask(
                CONTROL.read_text("utf-8"), SIGN_OUT.pattern.removeprefix(r"\b(?:").removesuffix(r")\b")
            )
        )

    async def is_in(self) -> bool:
        """Whether what the browser holds now is a signed-in session: its cookies, and what scripts sent since then."""
        return await self.ground.is_in(await self.visit.session(self.ground.label))


def _own_links(links: Iterable[Link]) -> list[str]:
    """Where a tour goes next: pages, not actions, those that speak of the account first, not those everybody has."""
    kept = [link for link in links if not is_dangerous_link(link) and not SIGN_OUT.search(address_words(link.url))]
    kept = [link for link in kept if not is_notable(link) and link.text.strip()]
    kept.sort(key=lambda link: not PERSONAL.search(f"{words_of(link.text[:80])} {address_words(link.url)}"))
    own = [link.url for link in kept]
    return [url for url in dict.fromkeys(own) if not url.lower().endswith(OTHER_FILES)]


async def _sign_in_pages(ctx: CheckContext, plan: SignInPlan, *, known: bool) -> list[str]:
    """Pages whose form the window may fill: that of the plan, or those where scripts draw one. `known`: there is a
    password to type."""
    if not known:
        return []
    if plan.driver in {Driver.FORM, Driver.BROWSER}:
        return [plan.url]
    if plan.driver is not Driver.JSON:
        return []
    rendered = await ctx.collect(RENDERED)
    drawn = [shown.url for shown in rendered.pages if shown.page.document.asks_password]
    return [url for url in dict.fromkeys((*drawn, plan.page_url)) if url and ctx.network.in_scope(url)][:1]


@asynccontextmanager
async def signed_in(ground: Ground) -> AsyncIterator[Inside]:
    """The account of `ground` in a window. Raises Lost when it cannot be, or when the browser gives up. Where a trial
    of what carries the session closed it, a second window is opened with what was learned."""
    proved: tuple[Carrier, ...] = ()
    try:
        for _ in range(2):
            async with _window(ground) as inside:
                proved = proved or await carriers(inside.own.fork(), ground.oracle, ground.another)
                if not proved:
                    raise Lost(Reason.NO_SAMPLE)
                if await ground.is_in(inside.own):
                    yield _ready(inside, bearings(proved))
                    return
        raise Lost(Reason.SESSION_LOST)
    except BrowserLost as lost:
        raise Lost(lost.reason) from None


@asynccontextmanager
async def _window(ground: Ground) -> AsyncIterator[Inside]:
    ctx = ground.ctx
    browser = await ctx.collect(BROWSER)
    plan = await plan_of(ctx, ground.label)
    account = ctx.accounts[ground.label]
    password = account.password or Secret("")
    for page in await _sign_in_pages(ctx, plan, known=account.password is not None):
        async with browser.visit(ctx.network, ctx.clock, label=ground.label, methods=SENDS) as visit:
            async with ground.door:
                done = await browser_sign_in(
                    visit,
                    page,
                    account.username,
                    password,
                    code=await _code(ctx, plan, account),
                    username_field=plan.username_field or "",
                    password_field=plan.password_field or "",
                )
            if done.typed and await ground.is_in(done.session):
                ground.opened.append(done.session)  # closed at the end where a second one is refused
                yield Inside(ctx, ground, visit, done.session, done.after, by_form=True)
                return
    own = (await ground.open()).session
    async with browser.visit(ctx.network, ctx.clock, session=own, label=ground.label, methods=SENDS) as visit:
        landing = await visit.open(ground.oracle.url)
        yield Inside(ctx, ground, visit, own, landing, by_form=False)


async def _code(ctx: CheckContext, plan: SignInPlan, account: Account) -> str | None:
    """The one-time code, of the next step where that of now is spent; None for an account without."""
    if account.totp is None:
        return None
    await ctx.clock.sleep(plan.codes.wait(account.label, ctx.clock.now()))
    return plan.codes.take(account.label, account.totp.reveal(), ctx.clock.now())


def _ready(inside: Inside, proved: tuple[Bearing, ...]) -> Inside:
    inside.tokens = frozenset(token for one in proved if len(token := one.token(inside.own)) >= 8)
    headers = [one.token(inside.own) for one in proved if not one.is_cookie]
    inside.sent_by_scripts = frozenset(token for token in headers if len(token) >= 8)
    inside.token_names = tuple(one.name for one in proved)
    inside.cookie_carried = any(one.is_cookie for one in proved)
    return inside
