"""The visitors of a comparison: each with its live session and what it was shown; and what one alone was shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from pgssi_checks.authz.comparing import Marks, Shows, held, is_refused, judged, marks, text_of
from pgssi_probe.check import CheckContext, Exchange, Failure, Observation, Reason, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import SIGN_IN, Session, sign_in
from pgssi_probe.inventory.collect import INVENTORY
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Place, Visit
from pgssi_probe.inventory.references import Form, Reference, references
from pgssi_probe.inventory.requests import request_of

MAX_BODY = 400_000
SHORTEST_LINE = 6
AROUND = 60
"""Characters shown on each side of what proves."""


class Lost(Exception):
    """Nothing can be concluded. `reason` is of the closed list."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass
class Viewer:
    """One visitor; the label is "" for nobody."""

    ctx: CheckContext
    visit: Visit
    session: Session
    sign_in_path: str

    @property
    def label(self) -> str:
        return self.visit.label

    async def ask(self, endpoint: Endpoint) -> Exchange:
        """The request as it was met, with the session of this visitor."""
        return await self.session.send(replace(request_of(endpoint), max_body=MAX_BODY))

    async def is_in(self) -> bool:
        """Whether the session still opens the first page that it opened: always true for nobody."""
        if self.label == ANONYMOUS or not self.visit.pages:
            return self.label == ANONYMOUS
        answer = await self.session.get(self.visit.pages[0].url)
        if answer.response is None or answer.status == 429 or (answer.status or 0) >= 500:
            raise Lost(why_not(answer))
        return not is_refused(answer, self.sign_in_path, location(answer))

    async def stand(self) -> None:
        """Make sure that the session is in; sign in once more when it is not. Raises Lost when that does not help."""
        if await self.is_in():
            return
        again = await sign_in(self.ctx, self.label)
        if not again.signed_in:
            raise Lost(Reason.SESSION_LOST)
        self.session = again.session
        if not await self.is_in():
            raise Lost(Reason.SESSION_LOST)


def why_not(answer: Exchange) -> Reason:
    """Why an answer says nothing."""
    if answer.status == 429:
        return Reason.RATE_LIMITED
    if answer.response is not None:
        return Reason.SERVER_ERROR
    ends = {Failure.BUDGET: Reason.BUDGET_EXHAUSTED, Failure.STOPPED: Reason.RUN_ABORTED}
    return ends.get(answer.failure, Reason.CONNECTION_FAILED) if answer.failure else Reason.CONNECTION_FAILED


@dataclass(frozen=True)
class Stage:
    """The inventory and the visitors of one check."""

    ctx: CheckContext
    inventory: Inventory
    viewers: dict[str, Viewer]
    texts: dict[str, str] = field(repr=False)
    """What each visitor was shown, by label."""

    @classmethod
    async def of(cls, ctx: CheckContext, *labels: str) -> Stage:
        """Raises Lost when an account is not there or could not sign in."""
        missing = [label for label in labels if label not in ctx.accounts]
        if missing:
            raise Lost(Reason.ACCOUNT_MISSING)
        inventory = await ctx.collect(INVENTORY)
        plan = await ctx.collect(SIGN_IN)
        path = plan.path if plan.path != "/" else ""
        texts = {label: "\n".join(map(text_of, visit.answers)) for label, visit in inventory.visits.items()}
        viewers: dict[str, Viewer] = {}
        for label in labels:
            visit = inventory.visits[label]
            if visit.session is None:
                raise Lost(Reason.BLOCKED if visit.why == "refused" else Reason.SESSION_LOST)
            viewers[label] = Viewer(ctx, visit, visit.session.on(ctx.network), path)
        nobody = Session(ctx.network, ctx.clock)
        viewers[ANONYMOUS] = Viewer(ctx, inventory.visits[ANONYMOUS], nobody, path)
        return cls(ctx, inventory, viewers, texts)

    def marks(self, owner: Viewer, against: Viewer) -> Marks:
        """Values that the owner was shown, and neither the other visitor nor nobody. Staff may see them both."""
        if owner.label == ANONYMOUS:
            return Marks()
        declared = [one.reveal() for one in self.ctx.accounts[owner.label].canaries]
        return marks(declared, self.texts[owner.label], self.texts[against.label], self.texts[ANONYMOUS])

    async def shows(
        self, asker: Viewer, owner: Viewer, answer: Exchange, original: Exchange, again: Exchange | None = None
    ) -> Shows:
        """What an answer to the asker shows of what the owner was shown, once or twice."""
        control = await self.ctx.collect(ABSENCE)
        return judged(
            answer,
            original,
            self.marks(owner, asker),
            self.marks(asker, owner),
            await control.classify(answer),
            again=again,
            sign_in_path=owner.sign_in_path,
            lands=location(answer),
        )


def candidates(
    endpoints: Iterable[Endpoint], visit: Visit, most: int, per_template: int
) -> list[tuple[Endpoint, tuple[Reference, ...]]]:
    """Requests that read and that the visitor was answered, a few of each template, those with identifiers first."""
    kept: dict[str, int] = {}
    chosen = []
    ranked = [(endpoint, references(endpoint)) for endpoint in endpoints if endpoint.reads and endpoint.held is None]
    ranked.sort(key=lambda pair: not pair[1])
    for endpoint, found in ranked:
        answered = visit.answer_to(endpoint.url) if endpoint.method == "GET" else None
        if endpoint.method == "GET" and (answered is None or answered.status != 200):
            continue
        name = template(endpoint, found)
        if kept.get(name, 0) >= per_template:
            continue
        kept[name] = kept.get(name, 0) + 1
        chosen.append((endpoint, found))
    return chosen[:most]


def template(endpoint: Endpoint, found: Sequence[Reference]) -> str:
    """The request without its identifiers: `GET /documents/{id}`, `GET /dossier?id={id}`, `POST /api (/patient)`."""
    parts = urlsplit(endpoint.url)
    written = parts.path.split("/")
    lead = len(parts.path) - len(parts.path.lstrip("/"))
    for each in found:
        if each.parameter.place is Place.PATH and each.form is not Form.SLUG:
            written[int(each.parameter.name) + lead] = "{id}"
    names = {each.parameter.name for each in found if each.parameter.place is Place.QUERY}
    query = "&".join(f"{one.name}={{id}}" if one.name in names else one.name for one in endpoint.at(Place.QUERY))
    inside = [each.parameter.name for each in found if each.parameter.place not in {Place.PATH, Place.QUERY}]
    told = f" ({', '.join(inside)})" if inside else ""
    return f"{endpoint.method} {'/'.join(written)}{'?' + query if query else ''}{told}"[:300]


async def lines(answers: Iterable[Exchange]) -> frozenset[str]:
    """Lines that people read in answers, long enough to mean something; of data, its strings."""
    found: set[str] = set()
    for answer in answers:
        page = await parse_page(answer)
        said = page.document.text if page is not None else text_of(answer).replace('"', "\n")
        found.update(line for one in said.splitlines() if len(line := " ".join(one.split())) >= SHORTEST_LINE)
    return frozenset(line for line in found if any(char.isalpha() for char in line))


def excerpt(values: Iterable[str], exchange: Exchange) -> str | None:
    """The place in an answer where a value stands; the store redacts it."""
    said = text_of(exchange)
    for value in sorted(held(values, exchange)):
        at = said.find(value)
        return said[max(0, at - AROUND) : at + len(value) + AROUND]
    return None


def curl(endpoint: Endpoint, who: str) -> str:
    """A command line that repeats the request; the session is left for the reader to put in."""
    body = " --data @corps.json" if endpoint.body else ""
    session = f" -H 'Cookie: <session {who}>'" if who else ""
    return f"curl -X {endpoint.method}{session}{body} '{endpoint.url}'"


def nothing(ctx: CheckContext, reason: Reason) -> list[Observation]:
    return [inconclusive(ctx.target.site, reason)]
