"""A tlslite-ng server: ``tlslite_server.py PORT CERTIFICATE KEY SETTINGS`` (JSON).

SETTINGS: attributes of tlslite's HandshakeSettings (versions as [3, 1]), and ``anon``, ``dh_prime`` (bits).
"""

import json
import socket
import sys
import threading
from pathlib import Path

from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey

# RFC 2409, second Oakley group: the 1024-bit prime of old servers.
OAKLEY_2 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)


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
    except Exception:  # whatever a scanner does to it
        client.close()


if __name__ == "__main__":
    main()
