"""The SSL contexts of a run: one that verifies, one that lets any server in; each may show a client certificate."""

from __future__ import annotations

import ssl
import tempfile
import warnings

from pgssi_probe.model.account import ClientCertificate


class TlsContexts:
    """The few SSLContexts of a run, shared by all its connections: making one costs 40 ms."""

    def __init__(self, ca_file: str | None = None) -> None:
        self._ca_file = ca_file
        self._made: dict[tuple[bool, bool, ClientCertificate | None], ssl.SSLContext] = {}

    def get(self, *, verify: bool, http2: bool, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
        """The context that shows `certificate`, as no other does. Raises OSError when the declared authority, or the
        certificate, cannot be read."""
        context = self._made.get((verify, http2, certificate))
        if context is None:
            context = self._verifying() if verify else _tolerant()
            context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
            if certificate is not None:
                _show(context, certificate)
            self._made[verify, http2, certificate] = context
        return context

    def _verifying(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
        if self._ca_file is not None:
            context.load_verify_locations(self._ca_file)
        return context


def _show(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """OpenSSL takes files only: two that nobody else may read, the key encrypted, gone at once."""
    with tempfile.NamedTemporaryFile() as chain, tempfile.NamedTemporaryFile() as key:
        chain.write(certificate.chain)
        key.write(certificate.key)
        chain.flush()
        key.flush()
        context.load_cert_chain(chain.name, key.name, certificate.passphrase.reveal)


def _tolerant() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:COMPLEMENTOFALL:!eNULL:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)  # the name came with Python 3.12
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what we are here to meet
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context
