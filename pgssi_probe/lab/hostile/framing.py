"""Headers and framing against the rules, and what is not HTTP at all."""

from __future__ import annotations

import asyncio

from pgssi_probe.lab.hostile.serving import MIB, Visit, behaviour, wait_for_ever


@behaviour("header-flood")
async def header_flood(visit: Visit) -> None:
    """Ten thousand header lines."""
    await visit.answer(b"<p>ok</p>", headers=tuple(b"X-Flot-%d: %d" % (i, i) for i in range(10_000)))


@behaviour("header-long")
async def header_long(visit: Visit) -> None:
    """One header line of a mebibyte."""
    await visit.answer(b"<p>ok</p>", headers=(b"X-Long: " + b"a" * MIB,))


@behaviour("header-endless", speaks_first=True)
async def header_endless(visit: Visit) -> None:
    await visit.raw(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        await visit.raw(b"X-Sans-Fin-%d: a\r\n" % number)


@behaviour("cookie-flood")
async def cookie_flood(visit: Visit) -> None:
    await visit.answer(b"<p>ok</p>", headers=tuple(b"Set-Cookie: c%d=%d; Path=/" % (i, i) for i in range(5_000)))


@behaviour("nul-in-header")
async def nul_in_header(visit: Visit) -> None:
    await visit.answer(b"<p>ok</p>", headers=(b"X-Nul: a\x00b",))


@behaviour("escape-in-header")
async def escape_in_header(visit: Visit) -> None:
    await visit.answer(b"<p>ok</p>", headers=(b"X-Couleur: \x1b[31mrouge",))


@behaviour("space-before-colon")
async def space_before_colon(visit: Visit) -> None:
    await visit.answer(b"<p>ok</p>", headers=(b"X-Espace : a", b" suite sans nom"))


@behaviour("conflicting-lengths")
async def conflicting_lengths(visit: Visit) -> None:
    await visit.raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\nabcdefghi"
    )


@behaviour("truncated-body")
async def truncated_body(visit: Visit) -> None:
    await visit.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<p>coupe")


@behaviour("chunk-garbage")
async def chunk_garbage(visit: Visit) -> None:
    await visit.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n\x00\x01\x02\r\n-5\r\n")


@behaviour("chunk-huge")
async def chunk_huge(visit: Visit) -> None:
    await visit.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc")
    await wait_for_ever()


@behaviour("strange-status")
async def strange_status(visit: Visit) -> None:
    await visit.raw(b"HTTP/1.1 999 \xe2\x80\xaeBizarre\r\nContent-Length: 2\r\n\r\nok")


@behaviour("endless-continue")
async def endless_continue(visit: Visit) -> None:
    """100 Continue, again and again, and no answer."""
    while True:
        await visit.raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@behaviour("ssh-banner", speaks_first=True)
async def ssh_banner(visit: Visit) -> None:
    await visit.raw(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
    await asyncio.sleep(0.05)


@behaviour("smtp-banner", speaks_first=True)
async def smtp_banner(visit: Visit) -> None:
    await visit.raw(b"220 courrier.valombre.invalid ESMTP Postfix\r\n")
    await asyncio.sleep(0.05)


@behaviour("random-bytes", speaks_first=True)
async def random_bytes(visit: Visit) -> None:
    await visit.raw(bytes(range(256)) * 16)


@behaviour("never-answers")
async def never_answers(visit: Visit) -> None:  # noqa: ARG001
    await wait_for_ever()


@behaviour("closes-at-once", speaks_first=True)
async def closes_at_once(visit: Visit) -> None:
    visit.write.transport.abort()
