"""The 65 rules of the guide and the reference profiles, as versioned data read once."""

from pgssi_probe.guide.load import GuideError, tls_profile
from pgssi_probe.guide.tls import Grade, TlsProfile

__all__ = ["Grade", "GuideError", "TlsProfile", "tls_profile"]
