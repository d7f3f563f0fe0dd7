"""NOTIFY: telling secondaries that a zone has changed (RFC 1996)."""

import asyncio
import secrets
from typing import Any

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.writer import Parts, render

OPCODE = 4
FIRST_WAIT_S = 1.0
TRIES = 5
"""Each waits twice as long as the one before (3.6)."""


def message(soa: RRset, number: int) -> bytes:
    """The octets: the zone's SOA as question, and as a hint in the answer (3.7)."""
    parts = Parts(
        id=number,
        flags=OPCODE << 11 | dns.AA,
        qname=soa.key,
        qtype=dns.SOA,
        answer=[RRset(soa.key, dns.SOA, soa.ttl_s, soa.rdatas)],
    )
    return render(parts).data


def confirms(data: bytes, number: int) -> bool:
    """Whether ``data`` is the answer to the notification of that ID."""
    return (
        len(data) >= 12
        and data[:2] == number.to_bytes(2, "big")
        and bool(data[2] & 0x80)
        and data[2] >> 3 & 15 == OPCODE
    )


async def notify(
    soa: RRset, server: tuple[str, int], *, first_wait_s: float = FIRST_WAIT_S
) -> bool:
    """Tell ``server`` of the zone's new version; whether it said that it heard."""
    number = secrets.randbits(16)
    loop = asyncio.get_running_loop()
    try:
        transport, heard = await loop.create_datagram_endpoint(
            lambda: _Answers(number), remote_addr=server
        )
    except OSError:
        return False
    try:
        for attempt in range(TRIES):
            transport.sendto(message(soa, number))
            try:
                async with asyncio.timeout(first_wait_s * 2**attempt):
                    await heard.came.wait()
            except TimeoutError:
                continue
            return True
    finally:
        transport.close()
    return False


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, number: int) -> None:
        self._number = number
        self.came = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # noqa: ARG002
        if confirms(data, self._number):
            self.came.set()
