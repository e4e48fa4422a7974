"""What the tool knows: `rules`, `checks`, `schema`."""

from typing import Annotated

import typer

from pgssi_probe.cli.commands.options import Json, Language
from pgssi_probe.cli.exits import explained

commands = typer.Typer(rich_markup_mode=None)
rules = typer.Typer(help="rules", no_args_is_help=True, rich_markup_mode=None)
checks = typer.Typer(help="checks", no_args_is_help=True, rich_markup_mode=None)


@rules.command("list", help="rules_list")
def rules_list(json: Json = False, lang: Language = "fr") -> None:
    from pgssi_probe.cli.catalogue import list_rules

    with explained(lang):
        list_rules(lang, json=json)


@rules.command("show", help="rules_show")
def rules_show(rule: Annotated[str, typer.Argument(help="rule_id")], json: Json = False, lang: Language = "fr") -> None:
    from pgssi_probe.cli.catalogue import show_rule

    with explained(lang):
        show_rule(rule, lang, json=json)


@checks.command("list", help="checks_list")
def checks_list(json: Json = False, lang: Language = "fr") -> None:
    from pgssi_probe.cli.catalogue import list_checks

    with explained(lang):
        list_checks(lang, json=json)


@checks.command("show", help="checks_show")
def checks_show(
    check: Annotated[str, typer.Argument(help="check_id")], json: Json = False, lang: Language = "fr"
) -> None:
    from pgssi_probe.cli.catalogue import show_check

    with explained(lang):
        show_check(check, lang, json=json)


@commands.command("schema", help="schema")
def schema(lang: Language = "fr") -> None:  # noqa: ARG001 (taken by every command)
    from pgssi_probe.cli.page import write_json
    from pgssi_probe.model.schema import report_schema

    write_json(report_schema())
