"""A wrong data file is refused with its name and the place of the mistake."""

import subprocess
import sys
from importlib.resources import files

import pytest
import yaml

from pgssi_probe import yaml_text
from pgssi_probe.guide import GuideError, guide
from pgssi_probe.guide.load import parse, read
from pgssi_probe.guide.model import PlannedChecks, RuleBook
from pgssi_probe.guide.tls import TlsProfile

DATA = files("pgssi_probe.guide").joinpath("data")
RULES = DATA.joinpath("rules.yaml").read_text(encoding="utf-8")
TLS = DATA.joinpath("recotls.yaml").read_text(encoding="utf-8")


def refused(text: str, model: type = RuleBook, file: str = "rules.yaml") -> GuideError:
    with pytest.raises(GuideError) as caught:
        parse(text, model, file)
    assert caught.value.file == file
    assert str(caught.value).startswith(f"{file}: ")
    return caught.value


def changed(old: str, new: str, text: str = RULES) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_the_shipped_files_are_accepted() -> None:
    assert parse(RULES, RuleBook, "rules.yaml").rules == guide().rules


def test_broken_yaml_names_the_line() -> None:
    error = refused("title: [one\nrules: {")
    assert error.place.startswith("line 2")


def test_a_wrong_value_names_the_rule_and_the_part() -> None:
    error = refused(changed("- id: AA7.2\n    class: partial", "- id: AA7.2\n    class: hopeful"))
    assert error.place == "rules[AA7].parts[AA7.2].class"


def test_a_missing_language_is_seen() -> None:
    error = refused(changed("    en: Slow down repeated sign-in attempts\n", ""))
    assert error.place == "rules[AA7].title.en"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("- id: GA2\n", "- id: GA1\n", "numbered"),
        ("- id: AA7.2\n", "- id: AA7.4\n", "numbered"),
        ("refers_to: [DT7]", "refers_to: [DT70]", "unknown rules"),
        ("{check: disclosure.banners, weight: hint,", "{check: disclosure.banners, weight: verdict,", "declarative"),
        ("{check: disclosure.banners, weight: hint,", "{check: exposure.ports, weight: hint,", "two edges"),
        ("check: tls.config,", "check: TLS config,", "pattern"),
        ("dicp: DCP", "dicp: PCD", "pattern"),
        ("schema_version: 1", "schema_version: 2", "Input should be 1"),
        ("  evidence: weak", "  evidense: weak", "Field required"),
    ],
)  # fmt: skip
def test_mistakes_in_the_rules(old: str, new: str, problem: str) -> None:
    assert problem in str(refused(changed(old, new)))


def test_a_rule_without_a_path_to_a_verdict_is_refused() -> None:
    book = yaml_text.load(RULES)
    parts = next(rule for rule in book["rules"] if rule["id"] == "DT12")["parts"]
    parts[1]["class"] = "partial"
    assert "no path to a verdict" in str(refused(yaml.safe_dump(book)))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("id: 0xC02C,", "id: 0xC02B,", "twice"),
        ("id: 24, name: secp384r1", "id: 23, name: secp384r1", "twice"),
        ("against: [R6, R9, R11]", "against: [R6, R99]", "R99"),
        ("grade: recommended, tls", "grade: excellent, tls", "excellent"),
    ],
)
def test_mistakes_in_the_tls_profile(old: str, new: str, problem: str) -> None:
    error = refused(changed(old, new, TLS), TlsProfile, "recotls.yaml")
    assert problem in str(error) or problem == "excellent"


def test_a_missing_file_is_an_error_of_the_guide() -> None:
    with pytest.raises(GuideError, match=r"nowhere\.yaml: cannot be read"):
        read("nowhere.yaml", PlannedChecks)


def test_reading_the_guide_imports_nothing_heavy() -> None:
    code = "import sys, pgssi_probe.guide.view as v; v.find('AA7'); print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    heavy = {
        "httpx",
        "httpcore",
        "sslyze",
        "nassl",
        "cryptography",
        "bs4",
        "lxml",
        "jinja2",
        "typer",
        "rich",
        "pyhanko",
    }
    assert heavy.isdisjoint(loaded)
    assert not any(name.startswith(("pgssi_checks", "pgssi_reports")) for name in loaded)
