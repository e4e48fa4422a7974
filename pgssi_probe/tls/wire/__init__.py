"""Bytes of the TLS handshake to values and back: pure, capped, and never surprised by what a server sends."""
