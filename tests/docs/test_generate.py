"""The reference pages: generated, complete, and refused when stale."""

from pathlib import Path

import pytest

from docs import generate
from pgssi_probe.guide import guide
from pgssi_probe.registry import checks

WRITTEN = generate.pages()
PAGES = {path.name: page for path, page in WRITTEN.items() if path.suffix == ".md"}


def test_what_is_written_stays_in_the_project() -> None:
    assert {"checks.md", "controles.md", "regles.md", "rules.md"} <= set(PAGES)
    assert all(path.is_relative_to(generate.DOCS.parent) for path in WRITTEN)
    assert generate.pages() == WRITTEN


@pytest.mark.parametrize("name", ["regles.md", "rules.md"])
def test_every_rule_and_part_is_on_the_rules_page(name: str) -> None:
    for rule in guide().rules:
        assert f'<a id="{rule.id.lower()}"></a>' in PAGES[name]
        assert all(f"| {part.id} |" in PAGES[name] for part in rule.parts)


@pytest.mark.parametrize("name", ["controles.md", "checks.md"])
def test_every_check_and_outcome_is_on_the_checks_page(name: str) -> None:
    for identifier, check in checks().items():
        assert f'<a id="{identifier}"></a>' in PAGES[name]
        assert all(f"| `{slug}` |" in PAGES[name] for slug in check.metadata.outcomes)
    for planned in guide().planned:
        assert f'<a id="{planned.id}"></a>' in PAGES[name]


@pytest.mark.parametrize(("name", "other"), [("regles.md", "controles.md"), ("rules.md", "checks.md")])
def test_links_between_the_pages_lead_somewhere(name: str, other: str) -> None:
    for here, there in ((name, other), (other, name)):
        for link in PAGES[here].split(f"]({there}#")[1:]:
            assert f'<a id="{link.partition(")")[0]}"></a>' in PAGES[there]


def test_pages_are_markdown_without_traces_of_their_making() -> None:
    for page in PAGES.values():
        assert "{{" not in page
        assert "{%" not in page
        assert "\n\n\n" not in page
        assert all(line == line.rstrip() for line in page.splitlines())


def test_texts_of_checks_cannot_break_a_table() -> None:
    assert generate.cell("a | b\n<base> *c*") == r"a \| b &lt;base> \*c\*"


def test_braces_that_are_not_fields_are_shown_once() -> None:
    assert generate.text("{count} in location / {{ deny all; }}") == "{count} in location / { deny all; }"


def test_check_writes_nothing_and_names_the_stale_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = {tmp_path / "reference" / "a.md": "A\n", tmp_path / "reference" / "b.md": "B\n"}
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    monkeypatch.setattr(generate, "pages", lambda: wanted)
    assert generate.main(["--check"]) == 1
    assert not (tmp_path / "reference").exists()
    assert generate.main([]) == 0
    assert (tmp_path / "reference" / "a.md").read_text() == "A\n"
    assert generate.main(["--check"]) == 0
    (tmp_path / "reference" / "b.md").write_text("edited by hand\n")
    capsys.readouterr()
    assert generate.main(["--check"]) == 1
    error = capsys.readouterr().err
    assert "b.md" in error
    assert "a.md" not in error
