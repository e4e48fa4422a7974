"""What a report costs to render: 65 verdicts and three hundred findings, in both languages.

Goals: under 2 s of CPU (user and system) in a process of its own, imports and reading of report.json included, and
under 3 MB of HTML. The findings are those of a scan of the demonstration portal with its telling weaknesses, repeated
on other addresses until there are three hundred.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path

from bench._commands import Cost, cost, installed, middle
from pgssi_probe.model.outcome import Outcome
from pgssi_probe.model.result import RunResult

FINDINGS = 300
ROUNDS = 5
CPU_GOAL = 2.0
SIZE_GOAL = 3_000_000
RENDER = """
import sys
from pathlib import Path
from pgssi_probe.model.result import RunResult
from pgssi_reports.html import HtmlReporter
result = RunResult.model_validate_json(Path(sys.argv[1]).read_bytes())
Path(sys.argv[3]).write_bytes(HtmlReporter().render(result, sys.argv[2]))
"""


def repeated(result: RunResult, wanted: int) -> RunResult:
    """The result with its failures repeated on addresses of their own, in the rules they accuse as well."""
    failed = [outcome for outcome in result.outcomes if outcome.failed]
    copies: dict[str, list[str]] = {}
    added: list[Outcome] = []
    for number, outcome in zip(range(max(0, wanted - len(failed))), itertools.cycle(failed), strict=False):
        subject = outcome.subject.model_copy(update={"name": f"{outcome.subject.name}?{number}"})
        copy = outcome.model_copy(update={"id": f"{outcome.id}-{number}", "subject": subject})
        added.append(copy)
        copies.setdefault(outcome.id, []).append(copy.id)

    def also(ids: tuple[str, ...]) -> tuple[str, ...]:
        return (*ids, *(copy for identifier in ids for copy in copies.get(identifier, ())))

    verdicts = tuple(
        rule.model_copy(
            update={
                "outcomes": also(rule.outcomes),
                "parts": tuple(part.model_copy(update={"outcomes": also(part.outcomes)}) for part in rule.parts),
            }
        )
        for rule in result.verdicts
    )
    return result.model_copy(update={"outcomes": (*result.outcomes, *added), "verdicts": verdicts})


def scanned(folder: Path) -> RunResult:
    """The demonstration portal, scanned."""
    cost([Path(sys.executable).with_name("pgssi-probe"), "demo", "-o", folder / "demo"])
    return RunResult.model_validate_json((folder / "demo" / "report.json").read_bytes())


def main() -> bool:
    with tempfile.TemporaryDirectory(prefix="pgssi-bench-") as name:
        folder = Path(name)
        result = repeated(scanned(folder), FINDINGS)
        data = folder / "report.json"
        data.write_text(result.model_dump_json(), encoding="utf-8")
        held, environment = True, installed(os.environ)
        for lang in ("fr", "en"):
            page = folder / f"{lang}.html"
            rounds: list[Cost] = [
                cost([sys.executable, "-c", RENDER, data, lang, page], env=environment) for _ in range(ROUNDS)
            ]
            cpu, size = middle(rounds).cpu, page.stat().st_size
            print(f"{lang}: {sum(o.failed for o in result.outcomes)} findings, {cpu:.2f} s CPU, {size / 1e6:.2f} MB")
            held = held and cpu < CPU_GOAL and size < SIZE_GOAL
    return held
