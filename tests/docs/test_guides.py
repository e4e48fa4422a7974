"""The guides for users: what they tell people to type exists, and both languages tell the same."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pgssi_probe.cli.app import build
from pgssi_probe.cli.exits import Exit
from pgssi_probe.engagement import Engagement, load_engagement
from pgssi_probe.model.outcome import Level
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.verdict import Verdict

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = {"fr": DOCS / "fr" / "guide.md", "en": DOCS / "en" / "guide.md"}
VERDICTS = {"fr": DOCS / "fr" / "verdicts.md", "en": DOCS / "en" / "verdicts.md"}
TEXT = {lang: path.read_text(encoding="utf-8") for lang, path in GUIDES.items()}


def commands(text: str) -> list[list[str]]:
    """Every command line of pgssi-probe, in a block or in the run of the text."""
    shell = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    blocks = re.findall(r"^(?:\.venv/bin/)?pgssi-probe (.*)$", shell, re.MULTILINE)
    inline = re.findall(r"`pgssi-probe ([^`]+)`", text)
    return [line.split() for line in (*blocks, *inline)]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_command_and_option_exists(lang) -> None:
    root = build(lang)
    assert len(commands(TEXT[lang])) > 10
    for words in commands(TEXT[lang]):
        command, rest = root, list(words)
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, " ".join(words)
            command = command.commands[rest.pop(0)]
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in rest if word.startswith("-")} <= known, " ".join(words)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_options_of_the_table_belong_to_scan(lang) -> None:
    scan = build(lang).commands["scan"]
    known = {name for parameter in scan.params for name in parameter.opts}
    named = re.findall(r"^\| `(--[a-z-]+)", TEXT[lang], re.MULTILINE)
    assert len(named) >= 8
    assert set(named) <= known


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_example_engagement_is_accepted_and_complete(lang, tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", TEXT[lang], re.DOTALL)
    assert example
    path = tmp_path / "engagement.toml"
    path.write_text(example[1], encoding="utf-8")
    engagement = load_engagement(path)
    assert isinstance(engagement, Engagement)
    assert engagement.mandate is not None
    assert engagement.mandate.refusal(Level.ACTIVE, datetime(2026, 11, 20, 10, 0, tzinfo=UTC)) is None
    assert tomllib.loads(example[1])["scope"]["target"].startswith("https://")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_exit_codes_severities_and_verdicts_are_all_told(lang) -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d) \|", TEXT[lang], re.MULTILINE)]
    assert codes == sorted(Exit)
    assert all(f"`{severity}`" in TEXT[lang] for severity in Severity)
    verdicts = VERDICTS[lang].read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+)` \|", verdicts, re.MULTILINE)) == set(Verdict)


@pytest.mark.parametrize(
    "path", [*GUIDES.values(), *VERDICTS.values()], ids=lambda path: path.relative_to(DOCS).as_posix()
)
def test_links_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (path.parent / link).resolve().is_file(), link


def test_both_languages_have_the_same_shape() -> None:
    for pair in (GUIDES, VERDICTS):
        texts = [path.read_text(encoding="utf-8") for path in pair.values()]
        shapes = [
            (
                [line.count("#") for line in text.splitlines() if line.startswith("#")],
                text.count("\n- "),
                text.count("\n| "),
                [words[0] for words in commands(text)],
            )
            for text in texts
        ]
        assert shapes[0] == shapes[1]
