"""The command line: the commands in the language of the person, and how each of them ends."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Annotated, Any

import typer

from pgssi_probe import __version__
from pgssi_probe.cli.commands import catalogue, declarations, dossier, lab, scan, traces
from pgssi_probe.cli.commands.options import Language
from pgssi_probe.cli.exits import Exit, Stop, stop, system_words
from pgssi_probe.cli.streams import err, out
from pgssi_probe.cli.usage import usage
from pgssi_probe.model.text import LANGS, Lang
from pgssi_probe.words import language, say

CTRL_C = 130
"""What shells expect of a command that was interrupted from the keyboard before it left anything."""
HELP = Path(__file__).parent / "help"
STREAM_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def build(lang: Lang) -> Any:
    """The commands, with their help in one language: a group of the command-line library."""
    app = typer.Typer(
        name="pgssi-probe",
        help="app",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        invoke_without_command=True,
        callback=top,
    )
    for module in (scan, dossier, lab, catalogue):
        app.add_typer(module.commands)
    for name, group in (
        ("rules", catalogue.rules),
        ("checks", catalogue.checks),
        ("engagement", scan.engagement_commands),
        ("declarations", declarations.commands),
        ("traces", traces.commands),
    ):
        app.add_typer(group, name=name)
    return in_words(typer.main.get_command(app), lang)


def top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="version")] = False,
    lang: Language = "fr",
) -> None:
    if version:
        out(f"pgssi-probe {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        show_help("index", lang)


def in_words(command: Any, lang: Lang) -> Any:
    """The same command with the words of a language in the place of their keys, and that language as its `lang`."""
    for part in ("help", "epilog"):
        if key := getattr(command, part, None):
            setattr(command, part, say(lang, f"help.{key}"))
    command.short_help = command.help  # whole: the library would cut it
    if hasattr(command, "subcommand_metavar"):
        command.subcommand_metavar = say(lang, "help.metavar.command")
    for parameter in command.params:
        if parameter.name == "lang":
            parameter.default = lang
        if key := getattr(parameter, "help", None):
            parameter.help = say(lang, f"help.{key}")
    for inner in getattr(command, "commands", {}).values():
        in_words(inner, lang)
    return command


def show_help(page: str, lang: Lang) -> None:
    out((HELP / lang / f"{page}.txt").read_text(encoding="utf-8"))


def command_line(arguments: list[str]) -> tuple[str, ...]:
    """The arguments as the report shows them: addresses redacted. No option takes a secret."""
    from pgssi_probe.redact import redact_url

    return ("pgssi-probe", *(redact_url(argument) for argument in arguments))


def asked_language(arguments: list[str]) -> tuple[Lang, list[str]]:
    """`--lang` is read before anything else, since the help itself depends on it; and what remains."""
    for place, argument in enumerate(arguments):
        value, taken = (argument.partition("=")[2], 1) if argument.startswith("--lang=") else (None, 0)
        if argument == "--lang" and place + 1 < len(arguments):
            value, taken = arguments[place + 1], 2
        if value is not None:
            if value not in LANGS:
                choices = ", ".join(LANGS)
                stop(language(None), "error.bad_choice", value=value, option="--lang", choices=choices)
            return language(value), arguments[:place] + arguments[place + taken :]
    return language(None), arguments


def run(arguments: list[str]) -> int:
    """The exit code of a command line. Every foreseeable error is one sentence on standard error."""
    lang: Lang = "fr"
    try:
        lang, rest = asked_language(arguments)
        if any("\udc80" <= char <= "\udcff" for argument in arguments for char in argument):
            stop(lang, "error.not_utf8")
        result = build(lang)(rest, prog_name="pgssi-probe", standalone_mode=False, obj=command_line(arguments))
        if result == CTRL_C:  # as the library of the command line says it, before a run began
            return _said(say(lang, "error.interrupted"), CTRL_C)
        out("")  # a full disk behind standard output is told now, not after the end
        return int(result or 0)
    except Stop as end:
        return _said(end.sentence, end.code)
    except KeyboardInterrupt:
        return _said(say(lang, "error.interrupted"), CTRL_C)
    except Exception as error:  # noqa: BLE001 (the last resort: a sentence, not a traceback)
        return _unforeseen(error, lang)


def _said(sentence: str, code: int) -> int:
    err(f"pgssi-probe: {sentence}\n")
    return int(code)


def _unforeseen(error: Exception, lang: Lang) -> int:
    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, typer.Abort):
        return _said(say(lang, "error.interrupted"), CTRL_C)
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        words = error.ctx.command_path.split()[1:]  # type: ignore[attr-defined]
        show_help("-".join(words) or "index", lang)
        return int(Exit.OK)
    if hasattr(error, "format_message"):  # how the command-line library says a usage error
        return _said(say(lang, "error.usage", detail=usage(error, lang)), Exit.USAGE)
    if isinstance(error, OSError) and error.errno in STREAM_TROUBLE and error.filename is None:
        symbol = errno.errorcode[error.errno]
        return _said(say(lang, "error.output", detail=system_words(lang, symbol)), Exit.INTERNAL)
    from pgssi_probe.engine.fault import diagnostics

    return _said(say(lang, "error.internal", kind=kind, detail=diagnostics(error)), Exit.INTERNAL)
