"""The closed lists of what a seal may say. Each member has a sentence in `text/`, in both languages."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pgssi_probe.model.rendering import SealError


class Refusal(StrEnum):
    """Why sealing or verifying could not start."""

    CONTENT_MISSING = "content_missing"
    CONTENT_UNREADABLE = "content_unreadable"
    SIGNATURE_UNWRITABLE = "signature_unwritable"
    PATH_MISSING = "path_missing"
    LOCAL_KEY_UNWRITABLE = "local_key_unwritable"
    LOCAL_KEY_UNREADABLE = "local_key_unreadable"
    LOCAL_KEY_EXPOSED = "local_key_exposed"
    KEY_MISSING = "key_missing"
    KEY_UNREADABLE = "key_unreadable"
    KEY_MALFORMED = "key_malformed"
    KEY_ENCRYPTION_UNSUPPORTED = "key_encryption_unsupported"
    KEY_INCOMPLETE = "key_incomplete"
    KEY_MISMATCH = "key_mismatch"
    PASSWORD_MISSING = "password_missing"  # noqa: S105
    PASSWORD_WRONG = "password_wrong"  # noqa: S105
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    KEY_USAGE_MISSING = "key_usage_missing"
    KEY_USAGE_CONTRARY = "key_usage_contrary"
    KEY_TOO_SHORT = "key_too_short"
    KEY_CURVE_REFUSED = "key_curve_refused"
    KEY_TYPE_REFUSED = "key_type_refused"
    CERTIFICATE_IS_AUTHORITY = "certificate_is_authority"
    PKCS11_MISSING = "pkcs11_missing"
    PKCS11_ADDRESS = "pkcs11_address"
    PKCS11_PIN_SHOWN = "pkcs11_pin_shown"
    PKCS11_MODULE = "pkcs11_module"
    PKCS11_TOKEN = "pkcs11_token"  # noqa: S105
    PKCS11_OBJECT = "pkcs11_object"
    PKCS11_FAILED = "pkcs11_failed"
    PIN_MISSING = "pin_missing"
    PIN_WRONG = "pin_wrong"
    PDF_UNREADABLE = "pdf_unreadable"
    PDF_SEALED_ALREADY = "pdf_sealed_already"
    PDF_ENCRYPTED = "pdf_encrypted"
    MEMBER_NAME = "member_name"
    DOSSIER_TOO_LARGE = "dossier_too_large"
    CONTENT_CHANGING = "content_changing"
    TSA_ADDRESS = "tsa_address"
    TSA_UNREACHABLE = "tsa_unreachable"
    TSA_SLOW = "tsa_slow"
    TSA_HTTP = "tsa_http"
    TSA_REFUSED = "tsa_refused"
    TSA_MALFORMED = "tsa_malformed"
    TSA_OTHER_QUESTION = "tsa_other_question"
    TSA_SIGNATURE = "tsa_signature"
    TSA_CERTIFICATE = "tsa_certificate"
    TSA_EXPIRED = "tsa_expired"
    REVOCATION_NO_ADDRESS = "revocation_no_address"
    REVOCATION_UNAVAILABLE = "revocation_unavailable"
    CERTIFICATE_REVOKED = "certificate_revoked"
    TRUST_MISSING = "trust_missing"
    TRUST_UNREADABLE = "trust_unreadable"


class Why(StrEnum):
    """What is wrong with one file, or with the whole."""

    CONTENT_MISSING = "content_missing"
    CONTENT_UNREADABLE = "content_unreadable"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_UNREADABLE = "signature_unreadable"
    SIGNATURE_MALFORMED = "signature_malformed"
    SIGNATURE_UNEXPECTED = "signature_unexpected"
    CONTENT_CHANGED = "content_changed"
    SIGNATURE_INVALID = "signature_invalid"
    ALGORITHM_REFUSED = "algorithm_refused"
    SIGNED_OUTSIDE_VALIDITY = "signed_outside_validity"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_USAGE = "certificate_usage"
    CHAIN_MISSING = "chain_missing"
    CHAIN_INVALID = "chain_invalid"
    INCOMPLETE = "incomplete"
    RENAMED = "renamed"
    NOT_SEALED_TOGETHER = "not_sealed_together"
    CERTIFICATE_REVOKED = "certificate_revoked"
    TIME_STAMP_INVALID = "time_stamp_invalid"
    LIST_MALFORMED = "list_malformed"
    MEMBERS = "members"
    MEMBER_ALTERED = "member_altered"
    MEMBER_MISSING = "member_missing"
    MEMBER_UNLISTED = "member_unlisted"
    MEMBER_DUPLICATE = "member_duplicate"
    MEMBER_NAME = "member_name"
    MEMBER_ORDER = "member_order"
    MEMBER_DIFFERS = "member_differs"
    MEMBER_RETURNED = "member_returned"
    RECORD_MALFORMED = "record_malformed"
    DESTRUCTION_BEGUN = "destruction_begun"
    ARCHIVE_UNREADABLE = "archive_unreadable"
    ARCHIVE_SHAPE = "archive_shape"
    ARCHIVE_COMPRESSED = "archive_compressed"
    ARCHIVE_ENCRYPTED = "archive_encrypted"
    ARCHIVE_DAMAGED = "archive_damaged"
    ARCHIVE_MORE = "archive_more"
    PDF_MALFORMED = "pdf_malformed"
    PDF_UNSIGNED = "pdf_unsigned"
    PDF_NOT_COVERED = "pdf_not_covered"


SUFFIX: Final = ".p7s"


def refuse(code: Refusal, **fields: str) -> SealError:
    """The error to raise for a refusal; never given a secret."""
    return SealError(code.value, fields)
