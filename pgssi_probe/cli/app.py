# The annotations below hold texts chosen at run time: they are evaluated, so no `from __future__ import annotations`.
"""The commands, in the language of the person."""

import errno
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from pgssi_probe import __version__
from pgssi_probe.cli.exits import Exit, Stop, close_names, explained, stop, system_words
from pgssi_probe.cli.streams import err, out
from pgssi_probe.model.text import LANGS, Lang
from pgssi_probe.words import language, say

HELP = Path(__file__).parent / "help"


def build(lang: Lang, command: tuple[str, ...] = ()) -> typer.Typer:
    """The application with its help in one language. `command` is the command line as the report shows it."""

    def t(key: str) -> str:
        return say(lang, f"help.{key}")

    app = typer.Typer(
        name="pgssi-probe",
        help=t("app"),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    LangOption = Annotated[str, typer.Option("--lang", help=t("lang"))]
    KeyOption = Annotated[str | None, typer.Option("--key", help=t("key"))]
    SecretOption = Annotated[str | None, typer.Option("--key-secret", help=t("key_secret"))]
    TsaOption = Annotated[str | None, typer.Option("--tsa", help=t("tsa"))]
    RevocationOption = Annotated[bool, typer.Option("--revocation", help=t("revocation"))]
    JsonOption = Annotated[bool, typer.Option("--json", help=t("json"))]
    DeclarationsOption = Annotated[Path | None, typer.Option("--declarations", help=t("declarations_file"))]

    @app.callback(invoke_without_command=True)
    def top(
        context: typer.Context,
        version: Annotated[bool, typer.Option("--version", help=t("version"))] = False,
        lang_: LangOption = lang,
    ) -> None:
        if version:
            out(f"pgssi-probe {__version__}\n")
            raise typer.Exit
        if context.invoked_subcommand is None:
            show_help("index", lang)

    @app.command(help=t("scan"), epilog=t("exits"))
    def scan(
        url: Annotated[str, typer.Argument(help=t("url"))] = "",
        engagement: Annotated[Path | None, typer.Option("--engagement", "-e", help=t("engagement_file"))] = None,
        level: Annotated[str | None, typer.Option("--level", help=t("level"))] = None,
        only: Annotated[str | None, typer.Option("--only", help=t("only"))] = None,
        skip: Annotated[str | None, typer.Option("--skip", help=t("skip"))] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=t("dry_run"))] = False,
        resume: Annotated[Path | None, typer.Option("--resume", help=t("resume"))] = None,
        folder: Annotated[Path | None, typer.Option("--out", "-o", help=t("out"))] = None,
        ca: Annotated[Path | None, typer.Option("--ca", help=t("ca"))] = None,
        http_url: Annotated[str | None, typer.Option("--http-url", help=t("http_url"))] = None,
        rate: Annotated[float | None, typer.Option("--rate", help=t("rate"))] = None,
        contact: Annotated[str | None, typer.Option("--contact", help=t("contact"))] = None,
        declarations: DeclarationsOption = None,
        key: KeyOption = None,
        key_secret: SecretOption = None,
        tsa: TsaOption = None,
        revocation: RevocationOption = False,
        no_seal: Annotated[bool, typer.Option("--no-seal", help=t("no_seal"))] = False,
        formats: Annotated[str, typer.Option("--format", "-f", help=t("format"))] = "html",
        fail_on: Annotated[str, typer.Option("--fail-on", help=t("fail_on"))] = "minor",
        strict: Annotated[bool, typer.Option("--strict", help=t("strict"))] = False,
        json: JsonOption = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help=t("quiet"))] = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.formats import reporters
        from pgssi_probe.cli.scanning import finish, make_scan, resume_now, scan_now
        from pgssi_probe.cli.sealing import SealChoice
        from pgssi_probe.model.severity import Severity

        if not url and resume is None:
            stop(lang, "error.url_missing")
        if fail_on not in {*Severity, "never"}:
            choices = ", ".join([*Severity, "never"])
            stop(lang, "error.bad_choice", value=fail_on, option="--fail-on", choices=choices)
        wanted = reporters(lang, formats)
        declared = declarations_of(declarations, lang)
        unsealed = no_seal or dry_run
        choice = None if unsealed else SealChoice.of(lang, key, key_secret, tsa, revocation=revocation)
        if resume is not None:
            given = {
                "URL": url,
                "--engagement": engagement,
                "--level": level,
                "--only": only,
                "--skip": skip,
                "--dry-run": dry_run,
                "--out": folder,
                "--ca": ca,
                "--http-url": http_url,
                "--rate": rate,
                "--contact": contact,
            }
            scanned = resume_now(resume, lang, given=given, command_line=command, json=json, quiet=quiet)
        else:
            asked = make_scan(
                lang,
                url,
                engagement_file=engagement,
                level=level,
                only=only,
                skip=skip,
                ca=ca,
                http_url=http_url,
                rate=rate,
                contact=contact,
                command_line=command,
            )
            if dry_run:
                show_plan_of(asked, lang, json=json)
                return
            scanned = scan_now(asked, lang, out=folder, json=json, quiet=quiet)
        raise typer.Exit(
            finish(
                scanned,
                lang,
                reporters=wanted,
                choice=choice,
                json=json,
                fail_on=fail_on,
                strict=strict,
                declared=declared,
            )
        )

    @app.command(help=t("init"), epilog=t("init_exits"))
    def init(
        url: Annotated[str, typer.Argument(help=t("url"), show_default=False)],
        file: Annotated[Path, typer.Option("--out", "-o", help=t("init_out"))] = Path("engagement.toml"),
        ca: Annotated[Path | None, typer.Option("--ca", help=t("ca"))] = None,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.draft import init as run_init

        raise typer.Exit(run_init(url, file, lang, ca=ca, as_json=json))

    rules = typer.Typer(help=t("rules"), no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(rules, name="rules")

    @rules.command("list", help=t("rules_list"))
    def rules_list(json: JsonOption = False, lang_: LangOption = lang) -> None:
        from pgssi_probe.cli.catalogue import list_rules

        with explained(lang):
            list_rules(lang, json=json)

    @rules.command("show", help=t("rules_show"))
    def rules_show(
        rule: Annotated[str, typer.Argument(help=t("rule_id"))],
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.catalogue import show_rule

        with explained(lang):
            show_rule(rule, lang, json=json)

    checks = typer.Typer(help=t("checks"), no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(checks, name="checks")

    @checks.command("list", help=t("checks_list"))
    def checks_list(json: JsonOption = False, lang_: LangOption = lang) -> None:
        from pgssi_probe.cli.catalogue import list_checks

        with explained(lang):
            list_checks(lang, json=json)

    @checks.command("show", help=t("checks_show"))
    def checks_show(
        check: Annotated[str, typer.Argument(help=t("check_id"))],
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.catalogue import show_check

        with explained(lang):
            show_check(check, lang, json=json)

    engagement_app = typer.Typer(help=t("engagement"), no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(engagement_app, name="engagement")

    @engagement_app.command("check", help=t("engagement_check"))
    def engagement_check(
        file: Annotated[Path, typer.Argument(help=t("engagement_file"))],
        url: Annotated[str, typer.Argument(help=t("engagement_url"), show_default=False)] = "",
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.mandate import explain

        with explained(lang):
            explain(file, url, lang, json=json)

    declarations_app = typer.Typer(help=t("declarations"), no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(declarations_app, name="declarations")

    @declarations_app.command("new", help=t("declarations_new"))
    def declarations_new(
        run: Annotated[Path | None, typer.Argument(help=t("declarations_run"), show_default=False)] = None,
        engagement: Annotated[Path | None, typer.Option("--engagement", "-e", help=t("engagement_file"))] = None,
        file: Annotated[Path, typer.Option("--out", "-o", help=t("declarations_out"))] = Path("declarations.toml"),
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.declaring import new

        raise typer.Exit(new(run, engagement, file, lang))

    @declarations_app.command("check", help=t("declarations_check"), epilog=t("declarations_exits"))
    def declarations_check(
        file: Annotated[Path, typer.Argument(help=t("declarations_file"))],
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.declaring import check

        raise typer.Exit(check(file, lang, json=json))

    @declarations_app.command("status", help=t("declarations_status"))
    def declarations_status(
        file: Annotated[Path, typer.Argument(help=t("declarations_file"))],
        run: Annotated[Path | None, typer.Argument(help=t("declarations_run"), show_default=False)] = None,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.declaring import status

        raise typer.Exit(status(file, run, lang, json=json))

    traces_app = typer.Typer(help=t("traces"), no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(traces_app, name="traces")

    @traces_app.command("expected", help=t("traces_expected"))
    def traces_expected(
        run: Annotated[Path, typer.Argument(help=t("folder"))],
        file: Annotated[Path | None, typer.Option("--out", "-o", help=t("traces_out"))] = None,
        key: KeyOption = None,
        key_secret: SecretOption = None,
        tsa: TsaOption = None,
        revocation: RevocationOption = False,
        no_seal: Annotated[bool, typer.Option("--no-seal", help=t("no_seal"))] = False,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.sealing import SealChoice
        from pgssi_probe.cli.tracing import expected

        choice = None if no_seal else SealChoice.of(lang, key, key_secret, tsa, revocation=revocation)
        raise typer.Exit(expected(run, file, lang, choice, json=json))

    @traces_app.command("match", help=t("traces_match"), epilog=t("traces_exits"))
    def traces_match(
        run: Annotated[Path, typer.Argument(help=t("folder"))],
        logs: Annotated[list[Path], typer.Argument(help=t("traces_logs"))],
        form: Annotated[str, typer.Option("--format", help=t("traces_format"))] = "auto",
        alerts: Annotated[list[Path] | None, typer.Option("--alerts", help=t("traces_alerts"))] = None,
        engagement: Annotated[Path | None, typer.Option("--engagement", "-e", help=t("traces_engagement"))] = None,
        report_formats: Annotated[str, typer.Option("--report-format", "-f", help=t("format"))] = "html",
        key: KeyOption = None,
        key_secret: SecretOption = None,
        tsa: TsaOption = None,
        revocation: RevocationOption = False,
        no_seal: Annotated[bool, typer.Option("--no-seal", help=t("no_seal"))] = False,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.sealing import SealChoice
        from pgssi_probe.cli.tracing import match

        choice = None if no_seal else SealChoice.of(lang, key, key_secret, tsa, revocation=revocation)
        raise typer.Exit(
            match(
                run,
                logs,
                lang,
                form=form,
                alerts=alerts or [],
                engagement=engagement,
                formats=report_formats,
                choice=choice,
                json=json,
            )
        )

    @app.command("login-test", help=t("login_test"), epilog=t("login_test_exits"))
    def login_test(
        engagement: Annotated[Path, typer.Option("--engagement", "-e", help=t("engagement_file"))],
        account: Annotated[str, typer.Option("--account", "-a", help=t("account"), show_default=False)] = "a",
        ca: Annotated[Path | None, typer.Option("--ca", help=t("ca"))] = None,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.login_test import try_login

        raise typer.Exit(try_login(engagement, account, lang, ca=ca, json=json))

    @app.command(help=t("verify"), epilog=t("verify_exits"))
    def verify(
        path: Annotated[Path, typer.Argument(help=t("path"))],
        trust: Annotated[Path | None, typer.Option("--trust", help=t("trust"))] = None,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.sealing import verify as run_verify

        raise typer.Exit(run_verify(path, trust, lang, json=json))

    @app.command(help=t("report"))
    def report(
        folder: Annotated[Path, typer.Argument(help=t("folder"))],
        formats: Annotated[str, typer.Option("--format", "-f", help=t("format"))] = "html",
        declarations: DeclarationsOption = None,
        key: KeyOption = None,
        key_secret: SecretOption = None,
        tsa: TsaOption = None,
        revocation: RevocationOption = False,
        no_seal: Annotated[bool, typer.Option("--no-seal", help=t("no_seal"))] = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.scanning import render_again
        from pgssi_probe.cli.sealing import SealChoice

        choice = None if no_seal else SealChoice.of(lang, key, key_secret, tsa, revocation=revocation)
        declared = declarations_of(declarations, lang)
        raise typer.Exit(render_again(folder, lang, formats=formats, choice=choice, declared=declared))

    @app.command(help=t("seal"), epilog=t("seal_exits"))
    def seal(
        folder: Annotated[Path, typer.Argument(help=t("folder"))],
        key: KeyOption = None,
        key_secret: SecretOption = None,
        tsa: TsaOption = None,
        revocation: RevocationOption = False,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.sealing import SealChoice, seal_again

        choice = SealChoice.of(lang, key, key_secret, tsa, revocation=revocation)
        raise typer.Exit(seal_again(folder, lang, choice, json=json))

    @app.command(help=t("purge"), epilog=t("purge_exits"))
    def purge(
        folder: Annotated[Path, typer.Argument(help=t("purge_run"), show_default=False)],
        yes: Annotated[bool, typer.Option("--yes", "-y", help=t("purge_yes"))] = False,
        reason: Annotated[str, typer.Option("--reason", help=t("purge_reason"), show_default=False)] = "",
        by: Annotated[str | None, typer.Option("--by", help=t("purge_by"))] = None,
        key: KeyOption = None,
        key_secret: SecretOption = None,
        tsa: TsaOption = None,
        revocation: RevocationOption = False,
        no_seal: Annotated[bool, typer.Option("--no-seal", help=t("purge_no_seal"))] = False,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.purging import purge_run
        from pgssi_probe.cli.sealing import SealChoice

        choice = None if no_seal else SealChoice.of(lang, key, key_secret, tsa, revocation=revocation)
        raise typer.Exit(purge_run(folder, lang, choice, yes=yes, reason=reason, by=by, json=json))

    @app.command(help=t("diff"), epilog=t("diff_exits"))
    def diff(
        old: Annotated[Path, typer.Argument(help=t("diff_old"))],
        new: Annotated[Path, typer.Argument(help=t("diff_new"))],
        strict: Annotated[bool, typer.Option("--strict", help=t("diff_strict"))] = False,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.comparing import compare

        with explained(lang):
            raise typer.Exit(compare(old, new, lang, strict=strict, json=json))

    @app.command(help=t("lab"))
    def lab(
        list_: Annotated[bool, typer.Option("--list", help=t("list"))] = False,
        weak: Annotated[str, typer.Option("--weak", help=t("weak"))] = "none",
        port: Annotated[int, typer.Option("--port", help=t("port"))] = 8443,
        http_port: Annotated[int, typer.Option("--http-port", help=t("http_port"))] = 8080,
        json: JsonOption = False,
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.demonstration import list_weaknesses, serve_lab

        with explained(lang):
            if list_:
                list_weaknesses(lang, json=json)
            else:
                serve_lab(weak, port, http_port, lang)

    @app.command(help=t("demo"))
    def demo(
        folder: Annotated[Path, typer.Option("--out", "-o", help=t("demo_out"))] = Path("demo"),
        lang_: LangOption = lang,
    ) -> None:
        from pgssi_probe.cli.demonstration import demo as run_demo

        raise typer.Exit(run_demo(folder, lang))

    @app.command(help=t("doctor"))
    def doctor(json: JsonOption = False, lang_: LangOption = lang) -> None:
        from pgssi_probe.cli.doctor import doctor as run_doctor

        raise typer.Exit(run_doctor(lang, json=json))

    @app.command(help=t("schema"))
    def schema(lang_: LangOption = lang) -> None:
        from pgssi_probe.cli.showing import write_json
        from pgssi_probe.model.schema import report_schema

        write_json(report_schema())

    return app


def declarations_of(path: Path | None, lang: Lang) -> Any:
    """What `--declarations` names, read before anything is sent."""
    if path is None:
        return None
    from pgssi_probe.cli.declaring import load

    return load(path, lang)


def show_plan_of(scan: Any, lang: Lang, *, json: bool) -> None:
    from pgssi_probe.cli.showing import show_plan, write_json
    from pgssi_probe.clock import SystemClock
    from pgssi_probe.engine.plan import allowed_level
    from pgssi_probe.engine.scan import plan_of

    with explained(lang):
        plan = plan_of(scan)
    if json:
        write_json(plan.model_dump(mode="json"))
        return
    level = allowed_level(scan.target, scan.engagement, scan.selection, SystemClock().now())
    show_plan(plan, scan.target.url, level, lang)


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
        result = build(lang, command_line(arguments))(rest, prog_name="pgssi-probe", standalone_mode=False)
        out("")  # a full disk behind standard output is told now, not after the end
        return int(result or 0)
    except Stop as end:
        return _said(end.sentence, end.code)
    except KeyboardInterrupt:
        return _said(say(lang, "error.interrupted"), Exit.UNREACHABLE)
    except Exception as error:  # noqa: BLE001 (the last resort: a sentence, not a traceback)
        return _unforeseen(error, lang)


def _said(sentence: str, code: Exit) -> int:
    err(f"pgssi-probe: {sentence}\n")
    return int(code)


def _unforeseen(error: Exception, lang: Lang) -> int:
    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, typer.Abort):
        return _said(say(lang, "error.interrupted"), Exit.UNREACHABLE)
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


STREAM_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
QUOTED = re.compile(r"'([^']*)'|\(([^()]*)\)$")


def usage(error: Any, lang: Lang) -> str:
    """A usage error in the language of the person: the library speaks English only, so its kind is what counts."""
    said = error.format_message()
    quoted = QUOTED.search(said)
    name = next((text for text in quoted.groups() if text), "") if quoted else ""
    match type(error).__name__:
        case "NoSuchOption":
            return say(lang, "usage.no_option", name=error.option_name, close=close_names(lang, close_to(error)))
        case "BadOptionUsage":
            return say(lang, "usage.value", name=error.option_name)
        case "MissingParameter":
            return say(lang, "usage.missing", name=name)
        case "BadParameter":
            return say(lang, "usage.bad_value", name=name)
        case "UsageError" if said.startswith("No such command"):
            return say(lang, "usage.no_command", name=name)
        case "UsageError" if "extra argument" in said:
            return say(lang, "usage.extra", name=name)
    return str(said)


def close_to(error: Any) -> tuple[str, ...]:
    return tuple(sorted(error.possibilities or ()))


__all__ = ["build", "run"]
