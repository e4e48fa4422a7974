"""What a seal says, in sentences for a terminal."""

from __future__ import annotations

from typing import Any

from pgssi_probe.model.dates import said_moment
from pgssi_probe.model.rendering import (
    DestroyedRun,
    FileVerification,
    Revocation,
    SealError,
    SealSummary,
    Signer,
    Trust,
    VerificationReport,
)
from pgssi_probe.model.text import Lang
from pgssi_reports.visible import visible
from pgssi_reports.words import Words, words

NAME_MAX = 200


def explain(error: SealError, lang: Lang) -> str:
    """The sentence of a SealError. Unknown codes give the general sentence."""
    catalogue = words(lang)
    sentence = catalogue.get(f"seal.refusal.{error.code}", catalogue["seal.refusal.other"])
    return _filled(sentence, {name: visible(value, 500) for name, value in error.fields.items()})


def describe_summary(summary: SealSummary, lang: Lang) -> list[str]:
    """What was sealed: the key first, then each file, then why the level is lower than asked for."""
    say = words(lang)
    lines = [
        _filled(
            say[f"seal.sealed.{summary.key_origin}"],
            {"time": said_moment(summary.signing_time, lang), "algorithm": summary.algorithm},
        ),
        *_signer_lines(summary.signer, lang),
    ]
    if summary.key_created:
        lines.insert(0, say["seal.sealed.created"])
    for file in summary.files:
        fields = {"file": visible(file.name, NAME_MAX), "seal": visible(file.signature, NAME_MAX)}
        lines.append(_filled(say["seal.sealed.each"], {**fields, "format": file.format, "level": file.level}))
    if summary.trouble is not None:
        why = explain(SealError(summary.trouble.code, summary.trouble.fields), lang)
        lines.append(_filled(say["seal.sealed.trouble"], {"why": why}))
    return lines


def describe_report(report: VerificationReport, lang: Lang) -> list[str]:
    """The conclusion first, then each file with what is wrong, then the signer and the limits."""
    say = words(lang)
    lines = [_filled(say[f"seal.conclusion.{_conclusion(report)}"], {"indication": report.indication.value})]
    if report.destroyed is not None:
        lines += _destroyed_lines(report.destroyed, lang)
    if report.why:
        lines.append(say[f"seal.whole.{report.why}"])
    for problem in report.problems:
        fields = {"name": visible(problem.name, NAME_MAX), "why": say[f"seal.why.{problem.why}"]}
        lines.append(_filled(say["seal.problem"], fields))
    for file in report.files:
        lines += _file_lines(file, lang)
    if report.covered:
        lines.append(Words(lang).count("seal.covered", report.covered))
    for signer, trust in _signers(report):
        lines += _signer_lines(signer, lang)
        lines.append(say[f"seal.trust.{trust.value}"])
    if any(file.trust for file in report.files):
        stamped = all(file.time_stamp for file in report.files if file.signer)
        lines += [say[f"seal.limits.{'stamped' if stamped else 'claimed'}"]]
        lines += [say["seal.limits.offline"], say["seal.limits.simple"]]
    return lines


def _destroyed_lines(run: DestroyedRun, lang: Lang) -> list[str]:
    say = words(lang)
    fields = {
        "run": visible(run.run_id, NAME_MAX),
        "time": said_moment(run.begun, lang),
        "by": visible(run.by, NAME_MAX) or "—",
        "reason": visible(run.reason, 500),
    }
    lines = [_filled(say["seal.destroyed.run"], fields), Words(lang).count("seal.destroyed.gone", run.gone)]
    if run.left:
        lines.append(Words(lang).count("seal.destroyed.left", run.left))
    if run.reason:
        lines.append(_filled(say["seal.destroyed.reason"], fields))
    return lines


def _conclusion(report: VerificationReport) -> str:
    if not report.intact or any(file.revocation is Revocation.REVOKED for file in report.files):
        return "refused"
    if not report.trust_given:
        return "intact"
    return "accepted" if report.accepted else "untrusted"


def _file_lines(file: FileVerification, lang: Lang) -> list[str]:
    say = words(lang)
    name = visible(file.name, NAME_MAX)
    indication = file.indication.value + (f"/{file.sub_indication}" if file.sub_indication else "")
    fields = {"file": name, "state": say[f"seal.state.{file.state.value}"], "indication": indication}
    lines = [_filled(say["seal.file"], fields)]
    if file.why:
        lines.append("  " + say[f"seal.why.{file.why}"])
    if file.sealed_name is not None and file.sealed_name != file.name:
        lines.append("  " + _filled(say["seal.sealed_name"], {"name": visible(file.sealed_name, NAME_MAX)}))
    if file.signer is not None:
        fields = {"algorithm": file.algorithm or "—", "format": file.format, "level": file.level or "—"}
        if file.signing_time is not None:
            fields["time"] = said_moment(file.signing_time, lang)
        lines.append("  " + _filled(say["seal.signed" if file.signing_time else "seal.unsigned_time"], fields))
    if file.time_stamp is not None:
        fields = {
            "time": said_moment(file.time_stamp.time, lang),
            "authority": visible(file.time_stamp.authority.subject, NAME_MAX),
            "trust": say[f"seal.stamp_trust.{file.time_stamp.trust.value}"],
        }
        lines.append("  " + _filled(say["seal.stamped"], fields))
    if file.revocation is not Revocation.NOT_EMBEDDED:
        lines.append("  " + say[f"seal.revocation.{file.revocation.value}"])
    return lines


def _signers(report: VerificationReport) -> list[tuple[Signer, Trust]]:
    """Each signer once, with the trust it was given; only those whose signature holds."""
    found = {
        (file.signer.fingerprint, file.trust): (file.signer, file.trust)
        for file in report.files
        if file.signer is not None and file.trust is not None
    }
    return list(found.values())


def _signer_lines(signer: Signer, lang: Lang) -> list[str]:
    say = words(lang)
    issuer = say["seal.self_issued"] if signer.self_signed else visible(signer.issuer, NAME_MAX)
    fields = {
        "subject": visible(signer.subject, NAME_MAX),
        "issuer": issuer,
        "serial": signer.serial,
        "fingerprint": " ".join(signer.fingerprint[i : i + 8] for i in range(0, 64, 8)),
        "until": said_moment(signer.not_after, lang),
    }
    return [_filled(line, fields) for line in say["seal.signer"]]


def _filled(sentence: str, fields: dict[str, Any]) -> str:
    """A field that is missing shows as a dash: an explanation must never fail in its turn."""
    return sentence.format_map(_Fields(fields))


class _Fields(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"
