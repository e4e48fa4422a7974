"""`engagement check`: what a file allows now, and the line that is missing for what it does not allow."""

from __future__ import annotations

from pathlib import Path

from pgssi_probe.cli.showing import line, write_json
from pgssi_probe.clock import SystemClock
from pgssi_probe.engagement import load_engagement
from pgssi_probe.model.outcome import Level
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say


def explain(file: Path, lang: Lang, *, json: bool) -> None:
    engagement = load_engagement(file)
    now = SystemClock().now()
    target = engagement.scope.target
    refusals = {
        level: engagement.refusal_for(target, level, now) if target else engagement.refusal(level, now)
        for level in Level
    }
    if json:
        write_json(
            {
                "target": engagement.scope.target,
                "levels": {
                    level: {"allowed": refusal is None, "line": refusal.line if refusal else None}
                    for level, refusal in refusals.items()
                },
            }
        )
        return
    if engagement.scope.target:
        line(say(lang, "engagement.target", target=engagement.scope.target))
    mandate = engagement.mandate
    if mandate is not None:
        line(
            say(
                lang,
                "engagement.mandate",
                reference=mandate.reference or "—",
                organisation=mandate.organisation or "—",
                start=mandate.valid_from or "—",
                end=mandate.valid_until or "—",
            )
        )
    for level, refusal in refusals.items():
        name = say(lang, f"level.{level}")
        if refusal is None:
            line(say(lang, "engagement.allowed", level=name), "green")
        else:
            why = say(lang, f"engagement.refusal.{refusal.cause}", line=refusal.line)
            line(say(lang, "engagement.refused", level=name, why=why), "yellow")
