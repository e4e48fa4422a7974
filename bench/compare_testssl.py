"""What testssl.sh and `tls.config` say of the same servers, question by question.

    python -m bench.compare_testssl [--results FOLDER] [--write]

Starts the servers of `bench/_tls_fixtures.py` one after the other, looks at each with testssl.sh (Debian package
`testssl.sh`, about a minute and a half each) and with our two collections, and compares the answers. Every difference
must have its reason in `bench/testssl_differences.yaml`, and every reason must serve; `--write` then writes
`docs/comparison-testssl.md`. `--results` keeps the answers of testssl.sh, and reads those that are already there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from bench._tls_fixtures import Fixture, fixtures
from pgssi_probe.tls import passive, sslyze_pass
from pgssi_probe.tls.facts import EndpointFacts, Unknown
from pgssi_probe.tls.merge import merge
from pgssi_probe.tls.names import Version
from pgssi_probe.tls.sslyze_pass import SslyzeLimits
from pgssi_probe.tls.suites import suite_of

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "comparison-testssl.md"
OPTIONS = ("--quiet", "--color", "0", "--warnings", "off", "-E", "-p", "-s", "-f", "-P", "-S", "-U")
PROTOCOLS = {
    "SSLv2": Version.SSL_2,
    "SSLv3": Version.SSL_3,
    "TLS1": Version.TLS_1_0,
    "TLS1_1": Version.TLS_1_1,
    "TLS1_2": Version.TLS_1_2,
    "TLS1_3": Version.TLS_1_3,
}
CIPHER_IDS = {"ssl3": "SSLv3", "tls1": "TLS1", "tls1_1": "TLS1_1", "tls1_2": "TLS1_2", "tls1_3": "TLS1_3"}
CURVES = {"prime256v1": "secp256r1", "X25519": "x25519", "X448": "x448"}
Answers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    fixture: str
    question: str
    theirs: str
    ours: str


def ask_testssl(port: int, kept: Path | None) -> list[dict[str, str]]:
    """The findings of testssl.sh on a port of the loopback."""
    if kept is not None and kept.exists():
        return list(json.loads(kept.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "findings.json"
        command = ["testssl", "--jsonfile", str(target), *OPTIONS, "--ip", "127.0.0.1", f"localhost:{port}"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=1200)
        findings = json.loads(target.read_text(encoding="utf-8"))
    if kept is not None:
        kept.write_text(json.dumps(findings, indent=1), encoding="utf-8")
    return list(findings)


def yes(value: bool) -> str:
    return "yes" if value else "no"


def theirs(findings: Sequence[Mapping[str, str]]) -> Answers:
    """testssl.sh's findings as answers to our questions; what it does not say is absent."""
    # A finding marked WARN says that the question could not be answered; the versions alone keep theirs.
    said = {f["id"]: f["finding"] for f in findings if f["severity"] != "WARN" or f["id"] in PROTOCOLS}
    interrupted = any(finding["finding"] == "Scan interrupted" for finding in findings)
    answers: Answers = {"finished": yes(not interrupted)}
    suites: dict[str, set[str]] = {}
    for identifier, text in said.items():
        match = re.fullmatch(r"cipher-(\w+?)_x([0-9a-f]+)", identifier)
        if match and match[1] in CIPHER_IDS:
            suites.setdefault(CIPHER_IDS[match[1]], set()).add(suite_of(int(match[2], 16)).name)
        elif identifier in PROTOCOLS:
            answers[f"version {identifier}"] = yes(text.startswith("offered"))
    for protocol, names in suites.items():
        answers[f"suites {protocol}"] = " ".join(sorted(names))
    if "PFS_ECDHE_curves" in said:
        answers["curves"] = " ".join(sorted(CURVES.get(name, name) for name in said["PFS_ECDHE_curves"].split()))
    if "cipher_order" in said:
        answers["server order"] = yes(not said["cipher_order"].startswith("NOT"))
    extensions = said.get("TLS_extensions", "")
    for name, question in (
        ("extended master secret", "extended_master_secret"),
        ("encrypt-then-mac", "encrypt_then_mac"),
        ("heartbeat", "heartbeat"),
    ):
        if extensions:
            answers[question] = yes(f"'{name}/" in extensions)
    for identifier, question, bad in (
        ("CRIME_TLS", "compression", "VULNERABLE"),
        ("heartbleed", "heartbleed", "VULNERABLE"),
        ("CCS", "ccs_injection", "VULNERABLE"),
        ("ROBOT", "robot", "VULNERABLE"),
        ("secure_client_renego", "client_renegotiation", "VULNERABLE"),
    ):
        if identifier in said:
            answers[question] = yes(said[identifier].startswith(bad))
    if "secure_renego" in said:
        answers["secure_renegotiation"] = yes(said["secure_renego"].startswith("supported"))
    if "fallback_SCSV" in said:
        text = said["fallback_SCSV"]
        answers["fallback_scsv"] = "no question" if text.startswith("no protocol below") else yes("supported" in text)
    if "TLS_timestamp" in said:
        answers["random follows clock"] = yes(not said["TLS_timestamp"].startswith("random"))
    if "TLS_session_ticket" in said:
        match = re.search(r"valid for (\d+) seconds", said["TLS_session_ticket"])
        answers["ticket seconds"] = match[1] if match else "none"
    if "LOGJAM-common_primes" in said or "LOGJAM" in said:
        group = said.get("LOGJAM-common_primes", "")
        bits = re.search(r"\((\d+) bits\)|ffdhe(\d+)", group)
        found = (bits[1] or bits[2]) if bits else "1024" if "Oakley Group 2" in group else "none"
        answers["dh bits"] = found
    if "certs_countServer" in said or "cert_numbers" in said:
        answers["key"] = said.get("cert_keySize", "").removesuffix(" bits").replace("EC ", "ec ").lower().split(" (")[0]
        answers["chain of trust"] = said.get("cert_chain_of_trust", "").split("(")[-1].rstrip(").")
    return answers


def ours(facts: EndpointFacts) -> Answers:
    """Our facts as answers to the same questions; what is unknown or does not arise is absent."""
    from cryptography import x509

    answers: Answers = {"finished": "yes"}
    for protocol, version in PROTOCOLS.items():
        known = facts.of(version)
        if not isinstance(known.accepted, Unknown):
            answers[f"version {protocol}"] = yes(known.accepted)
        if known.accepted is True and version is not Version.SSL_2:
            answers[f"suites {protocol}"] = " ".join(sorted(suite.name for suite in known.suites))
    groups = {group for item in facts.groups for group in item.groups}
    if groups:
        answers["curves"] = " ".join(sorted(group.name for group in groups if not 256 <= group.id <= 260))
    orders = [v.server_order for v in facts.versions if isinstance(v.server_order, bool) and v.accepted is True]
    if orders:
        answers["server order"] = yes(all(orders))
    behaviour = facts.behaviour
    for name in ("extended_master_secret", "encrypt_then_mac", "secure_renegotiation", "fallback_scsv", "compression"):
        value = getattr(behaviour, name)
        if isinstance(value, bool):
            answers[name] = yes(value)
    answers["heartbeat"] = yes("heartbeat" in behaviour.extensions)
    if isinstance(behaviour.random_follows_clock, bool):
        answers["random follows clock"] = yes(behaviour.random_follows_clock)
    if not isinstance(behaviour.tickets, Unknown):
        old = [ticket.lifetime_s for ticket in behaviour.tickets if ticket.version <= Version.TLS_1_2]
        answers["ticket seconds"] = str(max(old)) if old else "none"
    if not isinstance(facts.dh_primes, Unknown):
        answers["dh bits"] = str(facts.dh_primes[0].bits) if facts.dh_primes else "none"
    for item in facts.vulnerabilities:
        if isinstance(item.present, bool):
            answers[item.name] = yes(item.present)
    if facts.chains:
        from pgssi_probe.tls.certificate import facts_of

        leaf = facts_of(x509.load_der_x509_certificate(facts.chains[0].der[0]))
        answers["key"] = f"{leaf.key_type} {leaf.key_bits}"
        codes = {18: "self signed", 20: "chain incomplete", 0: "ok"}
        system = next((trust.code for trust in facts.trust if trust.store == "system"), None)
        if system is not None:
            answers["chain of trust"] = codes.get(system, f"code {system}")
    return answers


async def look(port: int, ca_file: Path) -> EndpointFacts:
    """Our two collections, merged."""

    async def connect(_host: str, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", number)

    hello = await passive.collect(connect, "localhost", port, server_name="localhost", ca_file=ca_file)
    full = await sslyze_pass.collect(
        connect,
        "localhost",
        "127.0.0.1",
        port,
        server_name="localhost",
        speaks=hello.accepted_versions(),
        limits=SslyzeLimits(rate=None),
    )
    return merge(hello, full).facts


def compared(fixture: str, found: Answers, known: Answers) -> tuple[list[Difference], int]:
    """Differences, and how many questions both answered. Suites are compared one by one."""
    differences: list[Difference] = []
    count = 0
    for question in sorted(set(found) & set(known)):
        if not question.startswith(("suites", "curves")):
            count += 1
            if found[question] != known[question]:
                differences.append(Difference(fixture, question, found[question], known[question]))
            continue
        one, other = set(found[question].split()), set(known[question].split())
        count += len(one | other)
        differences += [Difference(fixture, f"{question} {name}", "yes", "no") for name in sorted(one - other)]
        differences += [Difference(fixture, f"{question} {name}", "no", "yes") for name in sorted(other - one)]
    return differences, count


def explain(difference: Difference, reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of the reasons that fit: every `fixture/question=theirs/ours` pattern of a reason is tried."""
    text = f"{difference.fixture}/{difference.question}={difference.theirs}/{difference.ours}"
    return [reason["id"] for reason in reasons if any(fnmatchcase(text, pattern) for pattern in reason["fits"])]


def page(
    known: Sequence[Fixture],
    count: int,
    fitting: Mapping[Difference, str],
    reasons: Sequence[Mapping[str, Any]],
    version: str,
) -> str:
    """The Markdown page."""
    head = yaml.safe_load((HERE / "testssl_differences.yaml").read_text(encoding="utf-8"))["introduction"]
    lines = [
        "# Comparison with testssl.sh",
        "",
        (
            "This page is written by `bench/compare_testssl.py`: do not edit it. The words are in"
            " `bench/testssl_differences.yaml`."
        ),
        "",
        *head.format(
            version=version, servers=len(known), count=count, same=count - len(fitting), different=len(fitting)
        )
        .strip()
        .splitlines(),
        "",
        "| server | what it is | differences |",
        "|---|---|---|",
    ]
    for fixture in known:
        here = sum(difference.fixture == fixture.name for difference in fitting)
        lines.append(f"| {fixture.name} | {fixture.what} | {here} |")
    for reason in reasons:
        listed = [difference for difference, identifier in fitting.items() if identifier == reason["id"]]
        lines += ["", f"## {reason['title']}", "", reason["text"].strip(), ""]
        lines += ["| server | question | testssl.sh | pgssi-probe |", "|---|---|---|---|"]
        lines += [f"| {d.fixture} | {d.question} | {d.theirs} | {d.ours} |" for d in listed]
    return "\n".join(lines) + "\n"


def testssl_version() -> str:
    """As the program says it."""
    said = subprocess.run(["testssl", "--version"], check=False, capture_output=True, text=True, timeout=60).stdout
    match = re.search(r"testssl +(\d\S*)", said)
    return match[1] if match else "of this machine"


def compare(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, help="folder that keeps the answers of testssl.sh")
    parser.add_argument("--write", action="store_true", help="write docs/comparison-testssl.md")
    options = parser.parse_args(arguments)
    if options.results is not None:
        options.results.mkdir(parents=True, exist_ok=True)
    reasons = yaml.safe_load((HERE / "testssl_differences.yaml").read_text(encoding="utf-8"))["reasons"]
    differences: list[Difference] = []
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        known, ca_file = fixtures(Path(folder))
        for fixture in known:
            with fixture.start() as port:
                facts = asyncio.run(look(port, ca_file))
                kept = options.results / f"{fixture.name}.json" if options.results is not None else None
                found = theirs(ask_testssl(port, kept))
            more, asked = compared(fixture.name, found, ours(facts))
            print(f"{fixture.name}: {asked} answers, {len(more)} differences", flush=True)
            differences += more
            count += asked
    fitting = {difference: explain(difference, reasons) for difference in differences}
    used = {identifier for ids in fitting.values() for identifier in ids}
    wrong = [f"{len(ids)} reasons for {difference}" for difference, ids in fitting.items() if len(ids) != 1]
    wrong += [f"a reason without a difference: {reason['id']}" for reason in reasons if reason["id"] not in used]
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        return 1
    if options.write:
        explained = {difference: ids[0] for difference, ids in fitting.items()}
        PAGE.write_text(page(known, count, explained, reasons, testssl_version()), encoding="utf-8")
    print(f"{count} answers of both, {len(differences)} differences, all explained")
    return 0


if __name__ == "__main__":
    raise SystemExit(compare())
