"""Compare the header checks with MDN HTTP Observatory on recorded header sets, without any network.

    npm install --ignore-scripts @mdn/mdn-http-observatory@1.4.8     # in a scratch folder
    python -m bench.compare_observatory SCRATCH/node_modules/@mdn/mdn-http-observatory [--write]

Both see the same headers, page, redirects and CORS answer. A test of theirs that does not pass is set against a failing
outcome of the matching check of ours. Every difference must be explained by exactly one entry of
observatory_differences.yaml, and every entry must serve: the exit status is 1 otherwise. `--write` writes the page
docs/comparison-observatory.md; without it the page must already be what would be written.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from pgssi_probe.check.harness import Answer, page, redirect, run_check
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Failure, Request

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "comparison-observatory.md"
FOREIGN = "https://foreign.example"

CHECKS: dict[str, tuple[str, frozenset[str]]] = {
    "content-security-policy": ("headers.csp", frozenset()),
    "cookies": ("cookie.flags", frozenset()),
    "cross-origin-resource-sharing": ("headers.cors", frozenset()),
    "redirection": ("https.enforcement", frozenset()),
    "referrer-policy": ("headers.referrer", frozenset()),
    "strict-transport-security": ("https.hsts", frozenset()),
    "subresource-integrity": ("browser.sri", frozenset()),
    "x-content-type-options": ("headers.security", frozenset({"nosniff-missing", "nosniff-missing-on-files"})),
    "x-frame-options": ("headers.clickjacking", frozenset()),
}
"""Their test -> our check, and its outcomes that matter when the check looks at more than theirs."""


@dataclass(frozen=True)
class Case:
    name: str
    origin: str
    url: str
    headers: tuple[tuple[str, str], ...]
    html: str = ""
    status: int = 200
    plain: tuple[tuple[str, int], ...] = ()
    cors: dict[str, Any] | None = None

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Case:
        headers = tuple((name, value) for pair in raw.pop("headers") for name, value in pair.items())
        plain = tuple((url, status) for url, status in raw.pop("plain", ()))
        if raw["url"].startswith("http:") and not plain:
            plain = ((raw["url"], 200),)
        return cls(headers=headers, plain=plain, **raw)

    def granted(self, origin: str) -> tuple[tuple[str, str], ...]:
        """CORS headers of the answer to a foreign origin."""
        if not self.cors or not origin:
            return ()
        allowed = origin if self.cors["allow"] == "reflect" else self.cors["allow"]
        credentials = (("Access-Control-Allow-Credentials", "true"),) if self.cors["credentials"] else ()
        return (("Access-Control-Allow-Origin", allowed), *credentials)

    def answer(self, request: Request) -> Answer:
        """The site that our checks see: one page, one answer for the rest, and the recorded plain HTTP hops."""
        if request.parts.scheme == "http" and self.url.startswith("https:"):
            return self._plain(request.url)
        if request.parts.path != urlsplit(self.url).path:
            kept = tuple((name, value) for name, value in self.headers if name != "set-cookie")
            return page(self.html or "<h1>Absent</h1>", status=404, headers=kept, content_type=None)
        headers = (*self.headers, *self.granted(dict(request.headers).get("Origin", "")))
        return page(self.html or "<h1>Portail</h1>", status=self.status, headers=headers, content_type=None)

    def _plain(self, url: str) -> Answer:
        for (here, status), following in zip_longest(self.plain, self.plain[1:]):
            if here == url and following is not None:
                return redirect(following[0], status=status)
            if here == url:
                return page("<h1>Portail</h1>", status=status)
        return page("", status=404) if self.plain else Failure.REFUSED


@dataclass(frozen=True)
class Difference:
    case: str
    test: str
    theirs: str
    passed: bool
    ours: tuple[str, ...]


def read_cases() -> list[Case]:
    return [Case.read(raw) for raw in yaml.safe_load((HERE / "observatory_cases.yaml").read_text(encoding="utf-8"))]


async def ours(case: Case) -> dict[str, tuple[str, ...]]:
    """Their test -> our failing outcomes on a case, sorted."""
    found = {}
    for test, (check, wanted) in CHECKS.items():
        outcomes = await run_check(check, case.answer, url=case.url, level=Level.PASSIVE)
        failed = {outcome.slug for outcome in outcomes if outcome.failed}
        found[test] = tuple(sorted(failed & wanted if wanted else failed))
    return found


def theirs(package: Path, cases: Sequence[Case]) -> tuple[str, dict[str, dict[str, dict[str, Any]]]]:
    """The version of the package, and case -> test -> pass and result."""
    sent = [
        {
            "name": case.name,
            "url": case.url,
            "status": case.status,
            "headers": case.headers,
            "html": case.html,
            "plain": case.plain,
            "cors": case.granted(FOREIGN),
        }
        for case in cases
    ]
    command = ["node", str(HERE / "observatory.mjs"), str(package.resolve())]
    done = subprocess.run(command, input=json.dumps(sent).encode(), capture_output=True, check=True, timeout=120)
    answer = json.loads(done.stdout)
    return answer["version"], answer["results"]


def explain(difference: Difference, explanations: Sequence[dict[str, Any]]) -> list[str]:
    """Ids of the explanations that fit: same test, same result of theirs, and all our slugs among those named."""
    return [
        entry["id"]
        for entry in explanations
        if entry["test"] == difference.test
        and difference.theirs in entry["theirs"]
        and bool(entry["ours"]) == bool(difference.ours)
        and set(difference.ours) <= set(entry["ours"])
    ]


def written(
    version: str, cases: Sequence[Case], differences: Sequence[Difference], found: dict[Difference, str]
) -> str:
    texts = yaml.safe_load((HERE / "observatory_differences.yaml").read_text(encoding="utf-8"))
    compared = len(cases) * len(CHECKS)
    origins = Counter(case.origin for case in cases)
    lines = [
        *texts["introduction"]
        .format(
            version=version,
            cases=len(cases),
            captured=origins["captured"],
            written=origins["written"],
            compared=compared,
            same=compared - len(differences),
            differences=len(differences),
        )
        .splitlines(),
        "",
        "| test | same verdict | we find more | they find more |",
        "|---|---|---|---|",
    ]
    for test, (check, _) in CHECKS.items():
        here = [difference for difference in differences if difference.test == test]
        more = sum(difference.passed for difference in here)
        lines.append(f"| {test} / `{check}` | {len(cases) - len(here)} | {more} | {len(here) - more} |")
    for entry in texts["explanations"]:
        concerned = [difference for difference in differences if found[difference] == entry["id"]]
        lines += [
            "",
            f"## {entry['title']}",
            "",
            entry["text"].strip(),
            "",
            "| header set | theirs | ours |",
            "|---|---|---|",
        ]
        for one in concerned:
            verdict = "passes" if one.passed else "fails"
            lines.append(f"| {one.case} | {one.theirs} ({verdict}) | {', '.join(one.ours) or 'nothing found'} |")
    return "\n".join([*lines, *asked_of_a_browser(texts["browser"])]) + "\n"


def asked_of_a_browser(text: str) -> list[str]:
    """What observatory_browser.py kept of a real browser's answers."""
    kept = yaml.safe_load((HERE / "observatory_browser.yaml").read_text(encoding="utf-8"))
    rows = [f"| {one['question']} | {one['answer']} |" for one in kept["answers"]]
    return ["", *text.format(version=kept["chromium"]).splitlines(), "", "| question | Chromium |", "|---|---|", *rows]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder of @mdn/mdn-http-observatory")
    parser.add_argument("--write", action="store_true", help="write docs/comparison-observatory.md")
    parser.add_argument("--list", action="store_true", help="print every verdict of both")
    options = parser.parse_args(arguments)
    cases = read_cases()
    version, answers = theirs(options.package, cases)
    explanations = yaml.safe_load((HERE / "observatory_differences.yaml").read_text(encoding="utf-8"))["explanations"]
    differences: list[Difference] = []
    for case in cases:
        for test, failed in asyncio.run(ours(case)).items():
            verdict = answers[case.name][test]
            if options.list:
                print(f"{case.name:45} {test:30} {verdict['result']:60} {', '.join(failed)}")
            if verdict["pass"] is bool(failed):
                differences.append(Difference(case.name, test, verdict["result"], verdict["pass"], failed))
    fitting = {difference: explain(difference, explanations) for difference in differences}
    wrong = [f"{len(ids)} explanations for {difference}" for difference, ids in fitting.items() if len(ids) != 1]
    used = {identifier for ids in fitting.values() for identifier in ids}
    wrong += [f"explanation without a difference: {entry['id']}" for entry in explanations if entry["id"] not in used]
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        return 1
    text = written(version, cases, differences, {difference: ids[0] for difference, ids in fitting.items()})
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.name} is not up to date: run again with --write", file=sys.stderr)
        return 1
    print(f"{len(cases)} header sets, {len(differences)} differences, all explained")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
