"""What is kept of sslyze's result objects: plain JSON-able values. Runs in the worker and imports nothing of ours.

For each command: ``{"status": "COMPLETED", "result": {...}}``, or the status and reason of a failure. A suite that
sslyze counts as rejected because nobody answered is counted under ``timed_out``.
"""

import base64
from typing import Any


def raw_command(name: str, attempt: Any) -> dict[str, Any]:
    """One attempt."""
    if attempt.result is None:
        reason = attempt.error_reason.value if attempt.error_reason is not None else ""
        return {"status": attempt.status.value, "reason": reason.lower()}
    read = _suites if name.endswith("_cipher_suites") else _READERS.get(name, _plain)
    return {"status": attempt.status.value, "result": read(attempt.result)}


def is_incomplete(command: dict[str, Any]) -> bool:
    """Worth a second attempt: it failed, or had time-outs among its rejections."""
    if command["status"] == "NOT_SCHEDULED":
        return False
    return "result" not in command or bool(command["result"].get("timed_out"))


def _suites(result: Any) -> dict[str, Any]:
    messages = [suite.error_message for suite in result.rejected_cipher_suites]
    return {
        "accepted": [[one.cipher_suite.name, _prime(one.ephemeral_key)] for one in result.accepted_cipher_suites],
        "rejected": [one.cipher_suite.name for one in result.rejected_cipher_suites],
        "timed_out": sum("timed out" in message for message in messages),
        "closed": any("closed" in message or "interrupted" in message for message in messages),
    }


def _prime(key: Any) -> str | None:
    prime = getattr(key, "prime", None)
    return bytes(prime).hex() if prime else None


def _certificates(result: Any) -> dict[str, Any]:
    from cryptography.hazmat.primitives.serialization import Encoding

    def text(part: Any) -> str:
        return base64.b64encode(part.public_bytes(Encoding.DER)).decode("ascii")

    deployments = result.certificate_deployments
    staples = [one.ocsp_response for one in deployments if one.ocsp_response is not None]
    paths = deployments[0].path_validation_results if deployments else []
    declared = [path.was_validation_successful for path in paths if path.trust_store.name == "Supplied CA file"]
    return {
        "chains": [[text(certificate) for certificate in one.received_certificate_chain] for one in deployments],
        "staple": text(staples[0]) if staples else None,
        "declared": declared[0] if declared else None,
    }


def _curves(result: Any) -> dict[str, Any]:
    from nassl.ephemeral_key_info import OpenSslEcNidEnum

    if result.supported_curves is None:
        return {"supported": None}
    return {"supported": [OpenSslEcNidEnum(curve.openssl_nid).name for curve in result.supported_curves]}


def _plain(result: Any) -> dict[str, Any]:
    """Results whose fields are booleans, numbers and enumerations of text."""
    return {name: getattr(value, "value", value) for name, value in vars(result).items()}


_READERS = {"certificate_info": _certificates, "elliptic_curves": _curves}
