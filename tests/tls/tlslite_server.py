"""A tlslite-ng server: ``tlslite_server.py PORT CERTIFICATE KEY SETTINGS`` (JSON).

SETTINGS: attributes of tlslite's HandshakeSettings (versions as [3, 1]), and ``anon``, ``dh_prime`` (bits).
"""

import json
import socket
import sys
import threading
from pathlib import Path

from tls_pki import OAKLEY_2
from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey


def main() -> None:
    port, pem, key, text = sys.argv[1:]
    options = json.loads(text)
    chain = X509CertChain()
    chain.parsePemList(Path(pem).read_text())
    private = parsePEMKey(Path(key).read_text(), private=True, implementations=["python"])
    settings = HandshakeSettings()
    settings.minKeySize = 512
    anon = options.pop("anon", False)
    if options.pop("dh_prime", None) == 1024:
        settings.dhParams = (2, OAKLEY_2)
    for attribute, value in options.items():
        setattr(settings, attribute, tuple(value) if attribute.endswith("Version") else value)
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=128)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, chain, private, settings, anon), daemon=True).start()


def serve(client, chain, private, settings, anon) -> None:
    client.settimeout(5)
    connection = TLSConnection(client)
    try:
        connection.handshakeServer(certChain=chain, privateKey=private, settings=settings, anon=anon)
        connection.read(1)
        connection.close()
    except Exception:  # noqa: BLE001 - whatever a scanner does to it
        client.close()


if __name__ == "__main__":
    main()
