"""Pages sent all the same with a redirect that refuses them: the program went on after it had written the header.

Browsers follow the redirect and show nothing of it; whoever asks with another tool reads the page (CWE-698).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from pgssi_checks.authz.comparing import SHARE
from pgssi_checks.authz.lines import lines_of
from pgssi_checks.authz.viewers import Stage, Viewer
from pgssi_probe.check import Exchange, Observation, Subject
from pgssi_probe.discovery.collect import REDIRECTS
from pgssi_probe.identity import Oracle, State, sign_in
from pgssi_probe.inventory.model import ANONYMOUS

SENT: Final = "sent-with-redirect"
MAX_REQUESTS: Final = 20
MAX_EVIDENCE: Final = 6
ENOUGH: Final = 2
"""Lines of the owner's page that make a proof in the body of a redirect [ours]."""


async def sent_all_the_same(stage: Stage, owner: Viewer, asker: Viewer, original: Exchange, answer: Exchange) -> int:
    """How many lines of the page that `owner` was shown stand in the body of a redirect that `asker` got, none of which
    the asker was shown elsewhere; 0 for less than half of them, since an error says a line too."""
    if answer.status not in REDIRECTS or answer.response is None or not answer.response.body:
        return 0
    reserved = await stage.reserved(owner, asker, original)
    told = await lines_of(answer) & reserved
    return len(told) if len(told) >= max(ENOUGH, SHARE * len(reserved)) else 0


def told_once(found: Sequence[Observation], site: Subject) -> list[Observation]:
    """Those of other slugs as they are, and all pages that are sent with their redirect in one: the flaw is that of the
    application, and one guard mends it. Its facts are those of the first, with `count` and `requests`."""
    sent = [one for one in found if one.slug == SENT]
    if not sent:
        return list(found)
    requests: list[JsonValue] = [str(one.facts["request"]) for one in sent[:MAX_REQUESTS]]
    facts = {**sent[0].facts, "count": len(sent), "requests": requests}
    kept = tuple(evidence for one in sent for evidence in one.evidence)[:MAX_EVIDENCE]
    return [one for one in found if one.slug != SENT] + [
        Observation(slug=SENT, subject=site, facts=facts, evidence=kept)
    ]


async def own_witnesses(stage: Stage) -> None:
    """Give up the witness of the run for accounts that it refuses even in a fresh session: where each role has pages of
    its own behind one sign-in, a page of one says nothing of the session of another."""
    for viewer in stage.viewers.values():
        if viewer.label == ANONYMOUS or await viewer.oracle.state(viewer.session) is not State.OUT:
            continue
        again = await sign_in(stage.ctx, viewer.label)
        if not again.signed_in:
            continue
        viewer.session = again.session
        if await viewer.oracle.state(viewer.session) is State.OUT:
            viewer.oracle = Oracle()
