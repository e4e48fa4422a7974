"""Forging a request on a form that the operator declared harmless: the only write of this check.

A value is written rightly and must show; another is then written as a page of another site would have the browser
write it. Whether it shows is the verdict, and the first value of all is put back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

from pgssi_checks.csrf.forms import ActingForm, acting_forms, token_fields
from pgssi_checks.session.ground import Ground, Lost
from pgssi_probe.check import Exchange, Reason, Request
from pgssi_probe.discovery.parse import decoded, parse_page
from pgssi_probe.identity import Session

ELSEWHERE: Final = "https://pgssi-probe.invalid"
"""Another site: a name that cannot exist (RFC 6761)."""
FOREIGN: Final = (
    ("Origin", ELSEWHERE),
    ("Referer", ELSEWHERE + "/"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
)
How = Literal["without", "of-another-account"]


@dataclass(frozen=True)
class Filled:
    """The declared form as it stands in the page: where it goes, its fields, and which of them are tokens."""

    action: str
    pairs: tuple[tuple[str, str], ...]
    tokens: frozenset[str]

    def value(self, name: str) -> str | None:
        return next((value for key, value in self.pairs if key == name), None)

    def body(self, changed: dict[str, str], left_out: Iterable[str] = ()) -> bytes:
        out = frozenset(left_out)
        kept = [(name, changed.get(name, value)) for name, value in self.pairs if name not in out]
        return urlencode(kept).encode("ascii")


@dataclass
class Proof:
    """`accepted` are the ways in which a forged request was taken, twice; `tried` all that were tried."""

    ground: Ground
    page: str
    field: str
    values: tuple[str, str]
    own: Session
    other: Session | None
    written: Exchange | None = None

    async def run(self) -> tuple[list[How], list[How]]:
        """(accepted, tried). Raises Lost when a right write does not show: nothing can be told then."""
        first = (await self._form(self.own)).value(self.field)
        right, wrong = self.values
        ways: list[How] = ["without"]
        if self.other is not None:
            ways.append("of-another-account")
        try:
            await self._shows_what_is_written(right)
            accepted = [how for how in ways if await self._twice(how, wrong, right)]
        finally:
            if first is not None:
                await self._write(first)
        return accepted, ways

    async def _twice(self, how: How, wrong: str, right: str) -> bool:
        return await self._takes(how, wrong, right) and await self._takes(how, wrong, right)

    async def _takes(self, how: How, wrong: str, right: str) -> bool:
        """A forged write, then a right one, which must show: what was refused was not refused for another cause."""
        form = await self._form(self.own)
        changed, left_out = {self.field: wrong}, frozenset[str]()
        if how == "without":
            left_out = form.tokens
        elif self.other is not None:
            theirs = await self._form(self.other)
            changed |= {name: theirs.value(name) or "" for name in form.tokens}
        headers = (("Content-Type", "application/x-www-form-urlencoded"), *FOREIGN)
        self.written = await self.own.send(Request("POST", form.action, headers, form.body(changed, left_out)))
        taken = (await self._form(self.own)).value(self.field) == wrong
        await self._shows_what_is_written(right)
        return taken

    async def _shows_what_is_written(self, value: str) -> None:
        await self._write(value)
        if (await self._form(self.own)).value(self.field) != value:
            raise Lost(Reason.NO_SAMPLE)

    async def _write(self, value: str) -> None:
        """As a browser does it, from the page of the form."""
        form = await self._form(self.own)
        headers = (
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", self.ground.ctx.target.origin),
            ("Referer", self.page),
        )
        await self.own.follow(Request("POST", form.action, headers, form.body({self.field: value})))

    async def _form(self, session: Session) -> Filled:
        """The form of the page that holds the field. Raises Lost without it."""
        exchange = (await session.follow(Request("GET", self.page)))[-1]
        page = await parse_page(exchange)
        if page is not None and exchange.response is not None:
            found = next((one for one in acting_forms(self.page, page.document) if self._holds(one)), None)
            pairs = _pairs(decoded(exchange.response), self.field)
            if found is not None and pairs:
                return Filled(found.form.action, pairs, token_fields(found.form))
        raise Lost(Reason.NO_SAMPLE)

    def _holds(self, acting: ActingForm) -> bool:
        names = {field.name for field in acting.form.fields}
        return self.field in names and self.ground.ctx.network.in_scope(acting.form.action)


def _pairs(html: str, field: str) -> tuple[tuple[str, str], ...]:
    """What a browser would send of the form that has this field, buttons aside; () when none has it. Typed values are
    read here and nowhere else: they go back to the same form."""
    from lxml import etree
    from lxml import html as lxml_html

    try:
        forms: list[Any] = lxml_html.document_fromstring(
            html.encode(), parser=lxml_html.HTMLParser(encoding="utf-8")
        ).forms
    except (etree.LxmlError, ValueError, AssertionError):
        return ()
    for form in forms:
        pairs = tuple((str(name), str(value)) for name, value in form.form_values())
        if any(name == field for name, _ in pairs):
            return pairs
    return ()
