"""A server on the OpenSSL that cryptography bundles: ``modern_server.py PORT CERTIFICATE KEY SETTINGS``.

Python's own ssl module has neither the hybrid groups nor early data nor stapling here. SETTINGS (JSON): ``groups``
(OpenSSL names, colon-separated), ``min`` and ``max`` versions as numbers, ``early_data`` bytes, ``staple`` (path of a
DER response), ``ciphers``, ``sigalgs``.
"""

import json
import socket
import sys
import threading
from pathlib import Path

from cryptography.hazmat.bindings.openssl.binding import Binding

lib, ffi = Binding.lib or Binding().lib, Binding.ffi


def context(pem: str, key: str, options: dict):
    made = lib.SSL_CTX_new(lib.TLS_server_method())
    assert lib.SSL_CTX_use_certificate_chain_file(made, pem.encode()) == 1
    assert lib.SSL_CTX_use_PrivateKey_file(made, key.encode(), lib.SSL_FILETYPE_PEM) == 1
    if "groups" in options:
        assert lib.SSL_CTX_set1_curves_list(made, options["groups"].encode()) == 1
    if "ciphers" in options:
        assert lib.SSL_CTX_set_cipher_list(made, options["ciphers"].encode()) == 1
    if "sigalgs" in options:
        assert lib.SSL_CTX_set1_sigalgs_list(made, options["sigalgs"].encode()) == 1
    if "min" in options:
        lib.SSL_CTX_set_min_proto_version(made, options["min"])
    if "max" in options:
        lib.SSL_CTX_set_max_proto_version(made, options["max"])
    if "early_data" in options:
        lib.SSL_CTX_set_max_early_data(made, options["early_data"])
    return made


def staple_callback(path: str):
    response = Path(path).read_bytes()
    allocate = lib.OPENSSL_malloc if hasattr(lib, "OPENSSL_malloc") else lib.CRYPTO_malloc

    @ffi.callback("int(SSL *, void *)")
    def answer(connection, _argument):
        memory = ffi.cast("unsigned char *", allocate(len(response)) if allocate is not None else 0)
        ffi.memmove(memory, response, len(response))
        lib.SSL_set_tlsext_status_ocsp_resp(connection, memory, len(response))
        return lib.SSL_TLSEXT_ERR_OK

    return answer


def main() -> None:
    port, pem, key, text = sys.argv[1:]
    options = json.loads(text)
    made = context(pem, key, options)
    kept = None
    if "staple" in options:
        kept = staple_callback(options["staple"])
        lib.SSL_CTX_set_tlsext_status_cb(made, kept)
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=128)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, made), daemon=True).start()


def serve(client: socket.socket, made) -> None:
    client.settimeout(None)
    connection = lib.SSL_new(made)
    lib.SSL_set_fd(connection, client.fileno())
    lib.SSL_set_accept_state(connection)
    if lib.SSL_do_handshake(connection) == 1:
        buffer = ffi.new("char[]", 256)
        lib.SSL_read(connection, buffer, 256)
        lib.SSL_shutdown(connection)
    lib.SSL_free(connection)
    client.close()


if __name__ == "__main__":
    main()
