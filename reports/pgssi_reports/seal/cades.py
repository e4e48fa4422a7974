"""Signs digests as CAdES containers, and files by a detached container beside them, as `NAME.p7s`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pgssi_probe.model.rendering import Level, SealedFile, SealError, SealSummary, Trouble
from pgssi_reports.seal.certificates import describe_certificate
from pgssi_reports.seal.codes import SUFFIX, Refusal
from pgssi_reports.seal.container import Extras, algorithm_name, assemble, signed_attributes
from pgssi_reports.seal.files import digests, write
from pgssi_reports.seal.signing_key import SigningKey


class Sealing:
    """One occasion of sealing: one key, one signing time, one time-stamping authority or none.

    The seal comes first: when the authority fails, what was asked for is told by `trouble`, nothing is lost, and
    the authority is not asked again.
    """

    def __init__(
        self, key: SigningKey, *, now: datetime | None = None, tsa: str | None = None, revocation: bool = False
    ) -> None:
        self.key = key
        self.time = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        self.trouble: Trouble | None = None
        self._tsa = tsa
        self._material: Extras | None = None
        self._wants_revocation = revocation

    @property
    def stamps(self) -> bool:
        """Whether an authority will be asked for a time-stamp."""
        return self._tsa is not None

    def sign(self, digest: bytes, name: str | None) -> tuple[bytes, Level]:
        """A container over a digest (`key.digest`) and its level. `name` is None in a PDF."""
        certificates = (self.key.certificate, *self.key.chain)
        attributes = signed_attributes(certificates, digest, self.time if name is not None else None, name)
        # Asked before signing: a revoked certificate must not seal. In a PDF it would belong elsewhere.
        material = self._revocation() if self._tsa is not None and name is not None else Extras()
        signature = self.key.sign(attributes.dump())
        token = self._token(signature)
        extras = Extras(token, material.crls, material.ocsps) if token is not None else Extras()
        level: Level = "B-B" if token is None else "B-LT" if extras.revocation else "B-T"
        return assemble(certificates, attributes, signature, extras), level

    def _token(self, signature: bytes) -> bytes | None:
        if self._tsa is None:
            return None
        from pgssi_reports.seal.authority import ask

        try:
            return ask(self._tsa, signature, digest=self.key.digest)
        except SealError as error:
            self._tsa, self.trouble = None, Trouble(code=error.code, fields=error.fields)
            return None

    def _revocation(self) -> Extras:
        """The material that says that the certificate is not revoked, asked for once."""
        if self._material is None:
            self._material = Extras()
            if self._wants_revocation:
                from pgssi_reports.seal.revocation import gather

                try:
                    self._material = gather(self.key.certificate, self.key.chain)
                except SealError as error:
                    if error.code == Refusal.CERTIFICATE_REVOKED:
                        raise
                    self.trouble = Trouble(code=error.code, fields=error.fields)
        return self._material

    def summary(self, files: Sequence[SealedFile]) -> SealSummary:
        return SealSummary(
            files=tuple(files),
            signer=describe_certificate(self.key.certificate),
            algorithm=algorithm_name(self.key.certificate),
            signing_time=self.time,
            key_origin=self.key.origin,
            key_created=self.key.created,
            trouble=self.trouble,
        )


def seal_file(path: Path, sealing: Sealing) -> SealedFile:
    """Writes a signature beside a file. SealError when either cannot be read or written."""
    found = digests(path, "sha256", sealing.key.digest)
    data, level = sealing.sign(found[sealing.key.digest], path.name)
    target = path.with_name(path.name + SUFFIX)
    write(target, data)
    return SealedFile(name=path.name, signature=target.name, sha256=found["sha256"].hex(), level=level)


def sign_files(
    files: Sequence[Path],
    key: SigningKey,
    *,
    now: datetime | None = None,
    tsa: str | None = None,
    revocation: bool = False,
) -> SealSummary:
    """Writes a signature beside each file, all with the same signing time. SealError on the first failure."""
    sealing = Sealing(key, now=now, tsa=tsa, revocation=revocation)
    return sealing.summary([seal_file(path, sealing) for path in files])
