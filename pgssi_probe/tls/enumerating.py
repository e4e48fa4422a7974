"""Finding what a server accepts by taking away, each time, what it chose."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pgssi_probe.tls.asking import Asker
from pgssi_probe.tls.conversation import Answer, NoAnswer, Refusal, Result
from pgssi_probe.tls.facts import Coverage, Group, Unknown
from pgssi_probe.tls.names import Version, group_name
from pgssi_probe.tls.suites import Suite, offers, parts, suite_of, weaknesses
from pgssi_probe.tls.wire.client_hello import ClientHello, only

MOST_GROUPS = 24  # a server that takes anything is known to after this many


@dataclass(frozen=True, slots=True)
class Enumerated:
    """``how`` is the last refusal; ``concluded_at`` its place in the asker's log, by which a late doubt is cast."""

    suites: tuple[Suite, ...]
    coverage: Coverage
    how: str
    why: Unknown | None
    concluded_at: int


Pruned = Callable[[list[Suite], list[Suite]], list[Suite]]


def without_chosen(left: list[Suite], found: list[Suite]) -> list[Suite]:
    """Take away the suite chosen last: every suite gets its question."""
    return [suite for suite in left if suite != found[-1]]


def without_known_weaknesses(left: list[Suite], found: list[Suite]) -> list[Suite]:
    """Take away the suites that would teach nothing about this version beyond what is already seen."""
    seen = frozenset[str]().union(*(weaknesses(suite) for suite in found))
    return [suite for suite in left if not weaknesses(suite) <= seen]


async def enumerate_suites(asker: Asker, template: ClientHello, first: Result, *, every: bool) -> Enumerated:
    """All suites of the template's version, or one of each weakness. ``first`` answered the first list of offers."""
    prune: Pruned = without_chosen if every else without_known_weaknesses
    found: list[Suite] = []
    how = ""
    result: Result | None = first
    for offer in offers(template.version):
        left = list(offer)
        while left:
            if result is None:
                result = await asker.ask(only(template, tuple(suite.id for suite in left)))
            if isinstance(result, NoAnswer):
                return Enumerated(tuple(found), "partial" if found else "none", how, result.why, len(asker.log))
            if isinstance(result, Refusal):
                how = result.how
                result = None
                break
            found.append(suite_of(result.hello.suite))
            left = prune(left, found)
            result = None
        if how in ("protocol_version", "other_version") and not found:
            break  # no list of suites will change that
    return Enumerated(tuple(found), "every_suite" if every else "every_weakness", how, None, len(asker.log))


async def server_order(asker: Asker, template: ClientHello, found: tuple[Suite, ...]) -> bool | Unknown | None:
    """Offer what was found in the opposite order: does the server stay with its choice?

    ChaCha20 is left out when it can be: many servers let the client's preference for it win on purpose.
    """
    kept = tuple(suite for suite in found if parts(suite).cipher != "CHACHA20")
    kept = kept if len(kept) >= 2 else found
    if len(kept) < 2:
        return None
    result = await asker.ask(only(template, tuple(suite.id for suite in reversed(kept))))
    match result:
        case Answer():
            return result.hello.suite != kept[-1].id
        case Refusal():
            return Unknown("inconsistent", "accepted suites were refused")
        case NoAnswer():
            return result.why


@dataclass(frozen=True, slots=True)
class EnumeratedGroups:
    groups: tuple[Group, ...]
    complete: bool
    why: Unknown | None
    server_order: bool | Unknown | None


async def enumerate_groups(asker: Asker, template: ClientHello, candidates: tuple[int, ...]) -> EnumeratedGroups:
    """Groups accepted with the suites of the template, which must all need a group."""
    found: list[int] = []
    left = list(candidates)
    why: Unknown | None = None
    while left and len(found) < MOST_GROUPS:
        chosen = await _chosen_group(asker, replace(template, groups=tuple(left)))
        if isinstance(chosen, Unknown):
            why = chosen
            break
        if chosen is None:
            break
        if chosen not in left:
            why = Unknown("inconsistent", "a group that was not offered")
            break
        found.append(chosen)
        left.remove(chosen)
    order: bool | Unknown | None = None
    if len(found) >= 2 and why is None:
        again = await _chosen_group(asker, replace(template, groups=tuple(reversed(found))))
        order = again if isinstance(again, Unknown) else again != found[-1]
    complete = why is None and len(found) < MOST_GROUPS
    return EnumeratedGroups(tuple(Group(number, group_name(number)) for number in found), complete, why, order)


async def _chosen_group(asker: Asker, hello: ClientHello) -> int | Unknown | None:
    """The group that the server picks, ``None`` when it refuses all of them."""
    result = await asker.ask(only(hello, hello.suites))
    if isinstance(result, Refusal):
        return None
    if isinstance(result, NoAnswer):
        return result.why
    if hello.version is Version.TLS_1_3:
        return result.hello.group if result.hello.group is not None else Unknown("malformed", "no group")
    if result.key_exchange is None or result.key_exchange.group is None:
        return Unknown("malformed", "no key exchange")
    return result.key_exchange.group
