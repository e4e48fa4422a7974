"""The visitors of a comparison: each with its live session and what it was shown; and what one alone was shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pgssi_checks.authz.choosing import OF_CARE, is_each_ones_own
from pgssi_checks.authz.comparing import (
    Shows,
    is_file,
    is_refused,
    is_same_file,
    judged,
    judged_at_once,
)
from pgssi_checks.authz.dependence import Beside, name_words, untold
from pgssi_checks.authz.lines import OF_FRAME, chrome, lines, lines_of
from pgssi_probe.check import CheckContext, Exchange, Failure, Observation, Reason, Request, inconclusive
from pgssi_probe.check.through import Through
from pgssi_probe.compare.absence import Absence, AbsenceControl
from pgssi_probe.compare.marks import Marks, marks, passwords_shown, text_of
from pgssi_probe.discovery.collect import location
from pgssi_probe.identity import Oracle, Session, State, oracle_of, sign_in, sign_in_paths
from pgssi_probe.inventory.collect import INVENTORY
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Visit
from pgssi_probe.inventory.requests import request_of
from pgssi_probe.inventory.templates import template as template  # checks of inputs name requests as these do

MAX_BODY = 400_000
MAX_CONTROLS = 16
"""Pairs of invented siblings that one visitor asks for."""
BATCH = 6
"""Requests after which the sessions are looked at: what was answered to a dead one is not believed."""
MAX_RENEWALS = 3
WHY_OUT = {"refused": Reason.BLOCKED, "throttled": Reason.RATE_LIMITED}
"""State of a sign-in -> why nothing is concluded."""
T = TypeVar("T")
Item = TypeVar("Item")


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
    sign_in_paths: tuple[str, ...]
    oracle: Oracle = field(default_factory=Oracle, repr=False)
    _control: AbsenceControl | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        return self.visit.label

    async def ask(self, endpoint: Endpoint) -> Exchange:
        """The request as it was met, with the session of this visitor."""
        return await self.session.send(replace(request_of(endpoint), max_body=MAX_BODY))

    async def absence(self, answer: Exchange, endpoint: Endpoint) -> Absence:
        """How an answer to this visitor compares with what it gets about nothing, by the same session."""
        if self._control is None:
            self._control = AbsenceControl(_BySession(self), MAX_CONTROLS)
        bare = replace(answer.request, headers=endpoint.headers)
        return await self._control.classify(replace(answer, request=bare))

    async def is_in(self) -> bool:
        """Whether the session is in, by the witness of the run; where that cannot tell, whether the session still opens
        the first page that it opened. Always true for nobody."""
        if self.label == ANONYMOUS:
            return True
        state = await self.oracle.state(self.session)
        if state is not State.UNKNOWN:
            return state is State.IN
        if not self.visit.pages:
            raise Lost(Reason.NO_SAMPLE if not self.oracle.usable else Reason.UNSTABLE_TARGET)
        answer = await self.session.get(self.visit.pages[0].url)
        if answer.response is None or answer.status == 429 or (answer.status or 0) >= 500:
            raise Lost(why_not(answer))
        return not is_refused(answer, self.sign_in_paths, location(answer))

    async def stand(self) -> bool:
        """Make sure that the session is in; sign in once more when it is not. Whether it was in. Raises Lost when
        signing in does not help."""
        if await self.is_in():
            return True
        again = await sign_in(self.ctx, self.label)
        if not again.signed_in:
            raise Lost(Reason.SESSION_LOST)
        self.session = again.session
        if not await self.is_in():
            raise Lost(Reason.SESSION_LOST)
        return False


class _BySession(Through):
    """The network as one visitor has it, for the negative control."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__(viewer.ctx.network)
        self._viewer = viewer

    async def send(self, request: Request) -> Exchange:
        return await self._viewer.session.send(request)


def why_not(answer: Exchange) -> Reason:
    """Why an answer says nothing."""
    if answer.status == 429:
        return Reason.RATE_LIMITED
    if answer.response is not None:
        return Reason.SERVER_ERROR if (answer.status or 0) >= 500 else Reason.UNSTABLE_TARGET
    ends = {Failure.BUDGET: Reason.BUDGET_EXHAUSTED, Failure.STOPPED: Reason.RUN_ABORTED}
    return ends.get(answer.failure, Reason.CONNECTION_FAILED) if answer.failure else Reason.CONNECTION_FAILED


@dataclass(frozen=True)
class Stage:
    """The inventory and the visitors of one check."""

    ctx: CheckContext
    inventory: Inventory
    viewers: dict[str, Viewer]
    texts: dict[str, tuple[str, ...]] = field(repr=False)
    """What each visitor was shown, answer by answer, by label."""
    read: dict[str, tuple[str, ...]] = field(repr=False)
    """Of it, what people read: documents that are no text are left out."""
    _ordinary: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _chrome: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @classmethod
    async def of(cls, ctx: CheckContext, *labels: str) -> Stage:
        """Raises Lost when an account is not there or could not sign in."""
        missing = [label for label in labels if label not in ctx.accounts]
        if missing:
            raise Lost(Reason.ACCOUNT_MISSING)
        inventory = await ctx.collect(INVENTORY)
        paths = await sign_in_paths(ctx)
        texts = {label: tuple(map(text_of, visit.answers)) for label, visit in inventory.visits.items()}
        read = {
            label: tuple(text for text, one in zip(texts[label], visit.answers, strict=True) if not is_file(one))
            for label, visit in inventory.visits.items()
        }
        viewers: dict[str, Viewer] = {}
        for label in labels:
            visit = inventory.visits[label]
            if visit.session is None:
                raise Lost(WHY_OUT.get(visit.why, Reason.SESSION_LOST))
            viewers[label] = Viewer(ctx, visit, visit.session.on(ctx.network), paths, await oracle_of(ctx, label))
        nobody = Session(ctx.network, ctx.clock)
        viewers[ANONYMOUS] = Viewer(ctx, inventory.visits[ANONYMOUS], nobody, paths)
        return cls(ctx, inventory, viewers, texts, read)

    @classmethod
    async def of_those_in(cls, ctx: CheckContext, *labels: str) -> Stage:
        """Of these accounts, those that could sign in. Raises Lost when none of them could."""
        visits = (await ctx.collect(INVENTORY)).visits
        signed_in = [label for label in labels if label in visits and visits[label].session is not None]
        return await cls.of(ctx, *(signed_in or labels))

    def marks(self, owner: Viewer, against: Viewer) -> Marks:
        """Values that the owner was shown, and neither the other visitor nor nobody. Staff may see them both."""
        if owner.label == ANONYMOUS:
            return Marks()
        account = self.ctx.accounts[owner.label]
        return marks(
            [*(one.reveal() for one in account.canaries), *self.passwords(owner.label)],
            self.read[owner.label],
            others="\n".join(self.texts[against.label]),
            public="\n".join(self.texts[ANONYMOUS]),
            username=account.username,
        )

    def passwords(self, label: str) -> frozenset[str]:
        """The password of an account where an answer to it gives it as it is: as good as a declared value."""
        password = self.ctx.accounts[label].password
        return passwords_shown(password.reveal(), self.read[label]) if password is not None else frozenset()

    async def shown(self, viewer: Viewer) -> frozenset[str]:
        """The lines that a visitor was shown during its walk, and those that nobody in particular was."""
        if viewer.label not in self._ordinary:
            shown = (*viewer.visit.answers, *self.viewers[ANONYMOUS].visit.answers)
            self._ordinary[viewer.label] = await lines(shown)
        return self._ordinary[viewer.label]

    async def reserved(self, owner: Viewer, asker: Viewer, original: Exchange) -> frozenset[str]:
        """The lines of an answer to the owner that its frame does not repeat and the asker was never shown."""
        if owner.label not in self._chrome:
            self._chrome[owner.label] = await chrome(owner.visit.answers)
        return await lines_of(original) - await self.shown(asker) - self._chrome[owner.label]

    async def shows(
        self,
        asker: Viewer,
        owner: Viewer,
        endpoint: Endpoint,
        answer: Exchange,
        original: Exchange,
        again: Exchange | None = None,
        beside: Beside | None = None,
    ) -> Shows:
        """What an answer to the asker shows of what the owner was shown, once or twice; and of that, what the asker
        does not read `beside` at a record of its own."""
        theirs, lands = self.marks(owner, asker), location(answer)
        if beside is not None:
            theirs = theirs.beside(text_of(beside.answer))
        at_once = judged_at_once(answer, theirs, owner.sign_in_paths, lands)
        if at_once is not None:
            return at_once
        if again is None and is_file(original) and is_file(answer) and not is_same_file(answer, original):
            again = await owner.ask(endpoint)  # it may be made at each request
        reserved = await self.reserved(owner, asker, original)
        if beside is not None:
            reserved = untold(reserved, await lines_of(beside.answer), beside.labels)
        return judged(
            answer,
            original,
            theirs,
            self.marks(asker, owner),
            await asker.absence(answer, endpoint),
            again=again,
            reserved=reserved,
            told=await lines_of(answer) & reserved,
        )

    async def name_words(self, viewer: Viewer, other: Viewer) -> frozenset[str]:
        """The words of the name of an account, as its pages show it and those of another do not."""
        frame = await chrome(viewer.visit.answers, OF_FRAME)
        return name_words(self.ctx.accounts[viewer.label].username, frame, await self.shown(other))

    def is_each_ones_own(self, name: str, original: Exchange) -> bool:
        """Whether the documents of a template are of one account each, by what accounts of one kind were offered.

        Pages are judged so where the address speaks of care: advice that each is shown for what concerns them is public
        all the same.
        """
        people = {self.ctx.accounts[one].username: one for one in ("low", "b", "a") if one in self.viewers}
        kept = is_file(original) or bool(OF_CARE.search(name))
        return kept and is_each_ones_own(self.inventory, name, people.values())

    async def watched(
        self,
        items: Sequence[Item],
        labels: Iterable[str],
        doing: Callable[[Item], Awaitable[T]],
    ) -> list[T]:
        """What `doing` gives for each item, in batches after which every session must still be in: what a batch with a
        dead session gave is done again. Raises Lost when sessions keep dying."""
        watched = [self.viewers[label] for label in labels]
        for viewer in watched:
            await viewer.stand()
        done: list[T] = []
        renewals = 0
        for start in range(0, len(items), BATCH):
            while True:
                got = [await doing(item) for item in items[start : start + BATCH]]
                if all([await viewer.stand() for viewer in watched]):
                    break
                renewals += 1
                if renewals > MAX_RENEWALS:
                    raise Lost(Reason.SESSION_LOST)
            done += got
        return done


def nothing(ctx: CheckContext, reason: Reason) -> list[Observation]:
    return [inconclusive(ctx.target.site, reason)]
