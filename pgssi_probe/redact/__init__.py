"""Nothing personal and nothing secret reaches a disk, a log or a report: redaction happens before storage."""

from pgssi_probe.redact.headers import redact_headers
from pgssi_probe.redact.people import People
from pgssi_probe.redact.text import UNLINKED, Redactor, redact_text
from pgssi_probe.redact.url import redact_url, without_secrets

__all__ = ["UNLINKED", "People", "Redactor", "redact_headers", "redact_text", "redact_url", "without_secrets"]
