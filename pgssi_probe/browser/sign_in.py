"""Signing in as a person does in a window, where the form is drawn by scripts. Credentials only ever leave through the
network of whoever visits: to the scope, by the methods it declared, never in clear from an encrypted page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from pgssi_probe.browser.visit import Landing, Visit
from pgssi_probe.identity.session import Session
from pgssi_probe.model.account import Secret
from pgssi_probe.net.exchange import Exchange
from pgssi_probe.redact import redact_url

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle

TYPING_SECONDS: Final = 8.0
DRAWING_SECONDS: Final = 6.0
DRAWING_LOOKS: Final = 12
STEPS: Final = 3
"""Screens filled at most: user name, password, one-time code."""
PRESS_SECONDS: Final = 2.0
"""How long a control is waited for that something may cover."""
MAX_CLOSED: Final = 3
"""Things closed that lie over a control: a welcome, a question about cookies."""
MAX_LEADING: Final = 3
"""Controls pressed to come to the form: a menu, its entry."""
CLOSING_SECONDS: Final = 0.5
SAID: Final = "(e) => [e.textContent, e.value, e.getAttribute('aria-label'), e.title].join(' ')"
ROUTES: Final = ("login", "signin", "connexion", "auth/login")
"""Where scripts often draw the form, when nothing on the page leads there."""


@cache
def script(name: str) -> str:
    """A function that the page is asked: its own fields and buttons are what is looked for."""
    return (files(__package__) / f"{name}.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class BrowserSignIn:
    """What a window shows after credentials were typed. Whether one is signed in is for the oracle to say.

    `filled` tells which fields were found and filled: `username`, `password`, `code`. `before` is the page with the
    form. `exchanges` are what was sent from the first keystroke on. `why` are facts for the report.
    """

    session: Session
    before: Landing
    after: Landing
    filled: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    why: Mapping[str, JsonValue]
    asking: bool = True
    """A password field is to be seen at the end."""
    opening: tuple[Exchange, ...] = ()
    """What the page sent before anything was typed."""

    @property
    def typed(self) -> bool:
        """A password was typed and sent."""
        return "password" in self.filled

    @property
    def asks_again(self) -> bool:
        """The window still, or again, asks for a password: a field that scripts have hidden asks for nothing."""
        return self.asking and self.after.page is not None and self.after.page.document.asks_password


async def browser_sign_in(
    visit: Visit,
    url: str,
    username: str,
    password: Secret,
    *,
    code: str | None = None,
    username_field: str = "",
    password_field: str = "",
) -> BrowserSignIn:
    """Open `url` in the window of `visit`, fill what it asks, send it, wait until nothing moves any more.

    At most one password is sent. Two steps (user name, then password) and a one-time `code` are followed. The visit
    must have been given `methods` with POST. Raises BrowserLost.
    """
    before = await visit.open(url)
    names = {"username": username_field, "password": password_field}
    before = await _drawn(visit, names) or await _led(visit, names) or before
    values = {"username": username, "password": password.reveal(), "code": code or ""}
    filled: dict[str, None] = {}
    start = len(visit.asked)
    after = before
    for _ in range(STEPS):
        found = {
            what: field
            for what in ("username", "password", "code")
            if what not in filled and values[what] and (field := await _field(visit, what, names)) is not None
        }
        if "password" not in found and "username" not in found and "code" not in found:
            break
        if "code" in found and "password" not in {*found, *filled}:
            found.pop("code")
        if not found:
            break
        for what, field in found.items():
            await _type(field, values[what])
            filled[what] = None
        await _send(visit, list(found.values())[-1])
        after = await visit.settled()
    sent = tuple(one.exchange for one in visit.asked[start:] if one.exchange is not None)
    opening = tuple(one.exchange for one in visit.asked[:start] if one.exchange is not None)
    session = await visit.session()
    posted = [exchange for exchange in sent if exchange.request.method == "POST"]
    why: dict[str, JsonValue] = {
        "driver": "browser",
        "filled": [*filled],
        "landing": redact_url(after.url)[:200],
        "status": posted[-1].status if posted else None,
        "requests": len(sent),
    }
    asking = await _field(visit, "password", names) is not None
    return BrowserSignIn(session, before, after, tuple(filled), sent, why, asking, opening)


async def _drawn(visit: Visit, names: Mapping[str, str]) -> Landing | None:
    """Wait until the page has a field to fill: a large script may be read long after it was loaded. None when there is
    none."""
    for _ in range(DRAWING_LOOKS):
        if await _asks(visit, names):
            return await visit.look()
        await asyncio.sleep(DRAWING_SECONDS / DRAWING_LOOKS)
    return None


async def _asks(visit: Visit, names: Mapping[str, str]) -> bool:
    """Whether the window shows a field for a password or a user name."""
    return any([await _field(visit, what, names) is not None for what in ("password", "username")])


async def _led(visit: Visit, names: Mapping[str, str]) -> Landing | None:
    """Where the application leads who wants to sign in: by what its page offers, else by a usual route of its scripts.
    None when that shows no field."""
    from playwright.async_api import Error

    tried: list[str] = []
    for _ in range(MAX_LEADING):
        try:
            found: Any = await visit._within(
                visit.window.evaluate_handle(script("find_sign_in"), tried), TYPING_SECONDS
            )
            control = found.as_element()
            if control is None:
                break
            tried.append(" ".join(str(await control.evaluate(SAID)).split()))
            await _press(visit, control)
        except Error:
            break
        landing = await visit.settled()
        if await _asks(visit, names):
            return landing
    for url in _routes(str(await visit.tell("location.href") or "")):
        await visit.open(url)
        if await _asks(visit, names):
            return await visit.look()
    return None


def _routes(here: str) -> list[str]:
    """Addresses of the usual routes, for an application that keeps its routes in the fragment. Others would be asked
    of the server, where the search of the sign-in looked already."""
    page, sign, fragment = here.partition("#")
    return [f"{page}#/{route}" for route in ROUTES] if sign and fragment.startswith("/") else []


async def _field(visit: Visit, what: str, names: Mapping[str, str]) -> ElementHandle | None:
    """The field of the window that takes `what`, waited for a little: scripts may be drawing it."""
    from playwright.async_api import Error

    for frame in visit.window.frames[:6]:
        try:
            handle: Any = await visit._within(
                frame.evaluate_handle(script("find_field"), [what, dict(names)]), TYPING_SECONDS
            )
        except Error:
            continue
        element = handle.as_element()
        if element is not None:
            return element  # type: ignore[no-any-return]
    return None


async def _type(field: ElementHandle, value: str) -> None:
    """Filled, or typed key by key where that fails. What Playwright says of a failure holds the value: dropped."""
    from playwright.async_api import Error

    try:
        await field.fill(value, timeout=TYPING_SECONDS * 1000)
    except Error:
        try:
            await field.type(value, timeout=TYPING_SECONDS * 1000)
        except Error:
            return


async def _send(visit: Visit, field: ElementHandle) -> None:
    from playwright.async_api import Error

    await asyncio.sleep(0.1)  # scripts enable the button once something is typed
    try:
        button = (await visit._within(field.evaluate_handle(script("find_button")), TYPING_SECONDS)).as_element()
        if button is not None and await _press(visit, button):
            return
        await field.press("Enter", timeout=TYPING_SECONDS * 1000, no_wait_after=True)
    except Error:
        try:
            await field.press("Enter", timeout=TYPING_SECONDS * 1000, no_wait_after=True)
        except Error:
            return


async def _press(visit: Visit, control: ElementHandle) -> bool:
    """Press a control as a person does, who first closes what lies over it."""
    from playwright.async_api import Error

    for _ in range(MAX_CLOSED + 1):
        try:
            await control.scroll_into_view_if_needed(timeout=PRESS_SECONDS * 1000)
            found: Any = await visit._within(control.evaluate_handle(script("find_closing")), TYPING_SECONDS)
            closing = found.as_element()
            if closing is None:
                await control.click(timeout=PRESS_SECONDS * 1000, no_wait_after=True)
                return True
            await closing.evaluate("(e) => e.click()")
            await asyncio.sleep(CLOSING_SECONDS)
        except Error:
            return False
    return False
