"""A DNS server over UDP that knows the site's names, and takes its time."""

import asyncio
from typing import cast

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from firstbyte.lab.loopback.delays import early, spin_until

TTL_S = 300


class NameServer(asyncio.DatagramProtocol):
    """Answers A with ``address``; other types with no data.

    Names below the known ones that begin with an underscore (``_443._https``) exist without data.
    """

    def __init__(self, names: tuple[str, ...], address: str, delay_s: float) -> None:
        self._names = tuple(f"{name.lower().rstrip('.')}." for name in names)
        self._address = address
        self._delay_s = delay_s
        self._transport: asyncio.DatagramTransport | None = None
        self._ready: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket to answer on."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer later what can be read; drop the rest, as a name server does."""
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._delay_s
        # Made once for each question: making it must not add to the delay that is promised.
        rest = self._ready.get(data[2:])
        if rest is None:
            try:
                rest = self._answer(dns.message.from_wire(data)).to_wire()[2:]
            except dns.exception.DNSException:
                return
            self._ready[data[2:]] = rest
        loop.call_at(early(due_s), self._send, data[:2] + rest, addr, due_s)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name.to_text().lower()
        if name in self._names:
            if question.rdtype == dns.rdatatype.A:
                rrset = dns.rrset.from_text(question.name, TTL_S, "IN", "A", self._address)
                answer.answer.append(rrset)
        elif not (name.startswith("_") and name.endswith(self._names)):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    def _send(self, wire: bytes, address: tuple[str, int], due_s: float) -> None:
        spin_until(due_s)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(wire, address)
