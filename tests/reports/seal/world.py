"""A PKI with its time-stamping authorities, OCSP responder and revocation lists, served on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import cms, tsp
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, KeyLabel
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

PASSWORD = "mot de passe éprouvé"
NAMES = ("root", "organisations", "seal", "revoked", "responder", "stamp", "stamp-expired", "stamp-other")


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        pass


class Whole(Animator):
    """Answers with whole seconds, as RFC 5280 wants."""

    def at_time(self, request: Request) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)


@dataclass
class World:
    """Addresses and files. `asked` holds the path of each request that came in."""

    folder: Path
    url: str
    architecture: Any = None
    asked: list[str] = field(default_factory=list)

    def tsa(self, name: str = "good") -> str:
        """`good`, `rsa`, `expired`, `other`, or one of the liars below."""
        return f"{self.url}/essai/tsa/{name}" if name in ("good", "rsa", "expired", "other") else f"{self.url}/{name}"

    def certificate(self, name: str) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.architecture.get_cert(CertLabel(name)).dump())

    def private(self, name: str) -> Any:
        info = self.architecture.key_set.get_private_key(KeyLabel(name))
        return load_der_private_key(info.dump(), None)

    @property
    def trust(self) -> Path:
        path = self.folder / "racine.pem"
        path.write_bytes(self.certificate("root").public_bytes(Encoding.PEM))
        return path

    def p12(self, name: str = "seal") -> Path:
        path = self.folder / f"{name}.p12"
        extra = [self.certificate("organisations"), self.certificate("root")]
        encryption = BestAvailableEncryption(PASSWORD.encode())
        certificate = self.certificate(name)
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"cachet", self.private(name), certificate, extra, encryption)
        )
        return path


def _refused(_: bytes, __: Callable[[bytes], bytes]) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {"bad_alg"}})
    return b"\x30" + bytes([len(status.dump())]) + status.dump()  # RFC 3161: no token with a refusal


def _other_nonce(body: bytes, good: Callable[[bytes], bytes]) -> bytes:
    request = tsp.TimeStampReq.load(body)
    request["nonce"] = 7
    return good(request.dump(force=True))


def _other_content(body: bytes, good: Callable[[bytes], bytes]) -> bytes:
    request = tsp.TimeStampReq.load(body)
    imprint = request["message_imprint"]
    imprint["hashed_message"] = bytes(len(imprint["hashed_message"].native))
    return good(request.dump(force=True))


def _false_signature(body: bytes, good: Callable[[bytes], bytes]) -> bytes:
    response = tsp.TimeStampResp.load(good(body))
    data = bytearray(response.dump())
    signature = response["time_stamp_token"]["content"]["signer_infos"][0]["signature"].native
    data[data.index(signature) + len(signature) - 1] ^= 1
    return bytes(data)


def _without_certificate(body: bytes, good: Callable[[bytes], bytes]) -> bytes:
    response = tsp.TimeStampResp.load(good(body))
    response["time_stamp_token"]["content"]["certificates"] = cms.CertificateSet([])
    return response.dump(force=True)


LIARS = {
    "refused": _refused,
    "other-nonce": _other_nonce,
    "other-content": _other_content,
    "false-signature": _false_signature,
    "without-certificate": _without_certificate,
    "garbage": lambda *_: b"<html>Bienvenue</html>",
    "endless": lambda *_: bytes(1 << 20),
}


@contextmanager
def served(folder: Path) -> Iterator[World]:
    keys = folder / "keys"
    keys.mkdir()
    for name in (*NAMES, "stamp-rsa"):
        key = rsa.generate_private_key(65537, 2048) if name == "stamp-rsa" else ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (keys / f"{name}.pem").write_bytes(pem)
    world = World(folder, "")
    animator: Any = None

    @Request.application
    def app(request: Request) -> Response:
        world.asked.append(request.path)
        name = request.path.strip("/")
        if name == "broken":
            return Response("panne", 503)
        if name in LIARS:
            tsa = world.architecture.service_registry.summon_timestamper(_label("good"))
            good = lambda body: tsa.request_tsa_response(tsp.TimeStampReq.load(body)).dump()  # noqa: E731
            return Response(LIARS[name](request.get_data(), good), mimetype="application/timestamp-reply")
        return Response.from_app(animator, request.environ)

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    world.url = f"http://127.0.0.1:{server.port}"
    text = (Path(__file__).parent / "certomancer.yml").read_text()
    config = CertomancerConfig.from_yaml(text, key_search_dir=str(folder), external_url_prefix=world.url)
    world.architecture = config.get_pki_arch(ArchLabel("essai"))
    animator = Whole(AnimatorArchStore({ArchLabel("essai"): world.architecture}), with_web_ui=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _label(name: str) -> Any:
    from certomancer.registry import ServiceLabel

    return ServiceLabel(name)
