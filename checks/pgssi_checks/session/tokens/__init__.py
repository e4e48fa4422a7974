"""What carries a session: found, taken apart, forged, renewed."""
