"""TLS: configuration, certificate, readiness for post-quantum key exchange."""
