"""Write what is generated: reference pages (guide data, declarations of checks), schema of the report, help pages.

`python -m docs.generate` writes them; `python -m docs.generate --check` only says which are stale and exits 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pgssi_probe import yaml_text
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.cli.help_pages import files as help_pages
from pgssi_probe.collectors import declared
from pgssi_probe.guide import Edge, Part, PlannedCheck, Rule, guide
from pgssi_probe.guide.view import label
from pgssi_probe.model.schema import report_schema
from pgssi_probe.model.text import LANGS, Bilingual, Lang, both_numbers
from pgssi_probe.registry import checks
from pgssi_probe.words import say

DOCS = Path(__file__).resolve().parent
RULES_PAGE = {"fr": "regles.md", "en": "rules.md"}
CHECKS_PAGE = {"fr": "controles.md", "en": "checks.md"}
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", "*": r"\*", "`": r"\`"})


def text(words: str) -> str:
    """A sentence, with its named fields, as Markdown that shows it as it is."""
    return both_numbers(words).replace("{{", "{").replace("}}", "}").translate(ENTITIES)


def cell(words: str) -> str:
    """The same inside of a table."""
    return text(words).replace("|", r"\|").replace("\n", " ")


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(DOCS / "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (Markdown, escaped by the filters above)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"text": text, "cell": cell}
    return made


@cache
def words(lang: Lang) -> Mapping[str, str]:
    raw = yaml_text.read(DOCS / "templates" / "words.yaml")
    return {key: Bilingual.model_validate(value).in_(lang) for key, value in raw.items()}


def render(template: str, lang: Lang, **values: Any) -> str:
    page = environment().get_template(template).render(lang=lang, w=words(lang), **values)
    lines = [line.rstrip() for line in page.splitlines()]
    # Loops leave empty lines behind: one is enough between two blocks.
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip() + "\n"


def rules_page(lang: Lang) -> str:
    """Every rule with its parts, what evaluates them, and how to read it."""
    book = guide()
    w = words(lang)

    def edge(item: Edge) -> str:
        remarks = [label("weight", item.weight, lang)]
        if item.check in book.planned_ids:
            remarks.append(w["to_come"])
        if item.outcomes:
            remarks.append(w["only"].format(slugs=", ".join(f"`{slug}`" for slug in item.outcomes)))
        return f"[`{item.check}`]({CHECKS_PAGE[lang]}#{item.check}) ({w['semicolon'].join(remarks)})"

    def edges(part: Part) -> str:
        return "<br>".join(edge(item) for item in part.edges)

    def actors(rule: Rule) -> str:
        return ", ".join(label("addressed_to", actor, lang) for actor in rule.addressed_to)

    def stakes(rule: Rule) -> str:
        return ", ".join(label("dicp", letter, lang) for letter in rule.dicp)

    def documents(rule: Rule) -> str:
        return w["semicolon"].join(text(document.in_(lang)) for document in rule.documents)

    return render(
        "rules.md.j2",
        lang,
        book=book.book,
        families=book.families,
        rules={family.id: [rule for rule in book.rules if rule.family == family.id] for family in book.families},
        counts=Counter(rule.rule_class.value for rule in book.rules),
        label=lambda kind, code: label(kind, code, lang),
        edges=edges,
        actors=actors,
        stakes=stakes,
        documents=documents,
    )


def checks_page(lang: Lang) -> str:
    """Every shipped check as its declaration has it, then the announced ones."""
    book = guide()
    w = words(lang)

    def rule_links(check: str) -> str:
        links = [f"[{rule}]({RULES_PAGE[lang]}#{rule.lower()})" for rule in book.rules_of(check)]
        return ", ".join(links) or w["none"]

    def references(check: CheckMetadata | PlannedCheck) -> str:
        named = check.references
        return ", ".join((*named.anssi, *named.wstg, *named.asvs, *named.cwe, *named.owasp, *named.other))

    def sends(check: CheckMetadata) -> str:
        if not check.sends.requests and not check.sends.connections:
            return w["sends_nothing"]
        return w["sends_text"].format(
            requests=check.sends.requests,
            connections=check.sends.connections,
            methods=", ".join(check.sends.methods) or "—",
        )

    def collection(check: CheckMetadata, name: str) -> str:
        """The name, with the level where a run of the check's own level leaves it alone."""
        from_level = declared()[name].level
        if from_level.rank <= check.level.rank:
            return f"`{name}`"
        return w["collection_from"].format(name=f"`{name}`", level=say(lang, f"level.{from_level}"))

    return render(
        "checks.md.j2",
        lang,
        checks=[check.metadata for check in checks().values()],
        planned=book.planned,
        say=lambda key: say(lang, key),
        rule_links=rule_links,
        references=references,
        needs=lambda check: ", ".join(say(lang, f"need.{need}") for need in check.needs),
        sends=sends,
        collections=lambda check: ", ".join(collection(check, name) for name in check.collects),
        value=lambda value: json.dumps(value, ensure_ascii=False),
    )


def pages() -> dict[Path, str]:
    """Path and contents of every generated page."""
    makers: tuple[tuple[Mapping[str, str], Callable[[Lang], str]], ...] = (
        (RULES_PAGE, rules_page),
        (CHECKS_PAGE, checks_page),
    )
    reference = {DOCS / "reference" / names[lang]: make(lang) for names, make in makers for lang in LANGS}
    schema = json.dumps(report_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return {**reference, DOCS / "reference" / "report.schema.json": schema, **help_pages()}


def stale(wanted: Mapping[Path, str]) -> list[Path]:
    """The pages that are missing or differ from what they should be."""
    return [path for path, page in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != page]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    wanted = pages()
    old = stale(wanted)
    if parser.parse_args(arguments).check:
        for path in old:
            sys.stderr.write(f"stale: {path.relative_to(DOCS.parent)} (run: python -m docs.generate)\n")
        return 1 if old else 0
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
        sys.stdout.write(f"written: {path.relative_to(DOCS.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
