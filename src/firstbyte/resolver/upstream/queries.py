"""One question as bytes, and which bytes answer it (RFC 5452, 9.1)."""

import secrets
from collections.abc import Callable
from typing import Literal

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker, writer
from firstbyte.protocols.dns.message import Edns, Message
from firstbyte.resolver.machine.values import Ask
from firstbyte.resolver.upstream.cookies import OPTION, CookieJar

Verdict = Literal["ignore", "malformed", "case"]
_UPPER = 0x20


class Exchange:
    """A question with fresh entropy, and the check of what comes back."""

    __slots__ = ("_cookies", "_entropy", "_qname", "ask", "data", "retried")

    def __init__(
        self,
        ask: Ask,
        edns_buffer_bytes: int,
        cookies: CookieJar | None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.ask = ask
        self._entropy = entropy
        self._cookies = cookies if ask.edns else None
        self.retried = False
        self._qname = b""
        self.data = b""
        self._render(edns_buffer_bytes)

    def _render(self, edns_buffer_bytes: int) -> None:
        ask = self.ask
        random = self._entropy(2 + len(ask.name) // 8 + 1)
        self._qname = mixed_case(ask.name, random[2:]) if ask.mix_case else ask.name
        edns = None
        if ask.edns:
            options: tuple[tuple[int, bytes], ...] = ()
            if self._cookies is not None:
                options = ((OPTION, self._cookies.option(ask.server)),)
            edns = Edns(edns_buffer_bytes, dnssec_ok=True, options=options)
        flags = dns.RD | dns.CD if ask.recursive else dns.CD if ask.edns else 0
        ident = random[0] << 8 | random[1]
        self.data = writer.query(ident, flags, self._qname, ask.rdtype, edns)

    def read(self, data: bytes) -> Message | Verdict:
        """The message that answers, or what to think of ``data`` instead."""
        if len(data) < 12 or data[:2] != self.data[:2] or not data[2] & 0x80:
            return "ignore"
        try:
            message = walker.decode(data)
        except DecodeError:
            if not data[2] & 0x02:
                return "malformed"
            flags = data[2] << 8 | data[3]  # cut off anywhere: TC says to ask again by TCP
            return Message(0, flags, self._qname, self.ask.rdtype, dns.IN)
        verdict = self._question(message)
        if verdict is not None:
            return verdict
        if self._cookies is not None and message.edns is not None:
            option = message.edns.option(OPTION)
            if not self._cookies.accepts(self.ask.server, option):
                return "ignore"
        return message

    def _question(self, message: Message) -> Verdict | None:
        if message.qname is None:
            refusal = message.rcode not in (dns.NOERROR, dns.NXDOMAIN)
            return None if refusal else "malformed"
        if message.qtype != self.ask.rdtype or message.qclass != dns.IN:
            return "ignore"
        if message.qname == self._qname:
            return None
        return "case" if message.qname.lower() == self._qname.lower() else "ignore"


def mixed_case(name: bytes, random: bytes) -> bytes:
    """``name`` with the case of each letter by a random bit (0x20; draft-vixie-dnsext-dns0x20).

    ``random`` has at least one bit for each octet of the name. Length octets are no letters.
    """
    out = bytearray(name)
    for at, octet in enumerate(out):
        if 0x61 <= octet <= 0x7A and random[at >> 3] >> (at & 7) & 1:
            out[at] = octet - _UPPER
    return bytes(out)
