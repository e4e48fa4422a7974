"""The file of declarations: what an organisation answers for what cannot be seen, and how it enters the verdicts."""

from pgssi_probe.declarations.expected import Expected, expected
from pgssi_probe.declarations.file import DeclarationsError, load_declarations

__all__ = ["DeclarationsError", "Expected", "expected", "load_declarations"]
