"""One question as bytes, and which bytes answer it (RFC 5452, 9.1)."""

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Edns, Message
from firstbyte.protocols.dns.writer import opt_record
from firstbyte.resolver.machine.values import Ask
from firstbyte.resolver.upstream.cookies import OPTION, CookieJar

Verdict = Literal["ignore", "malformed", "case"]
_HEADER = struct.Struct("!5H")
_TYPE_AND_CLASS = struct.Struct("!HH")
_CASE_BIT = 0x20
_CASES = bytes(_CASE_BIT if 0x61 <= octet <= 0x7A else 0 for octet in range(256))
"""For each octet the bit that makes it a capital; length octets are no letters."""


class Exchange:
    """A question with fresh entropy, and the check of what comes back."""

    __slots__ = ("_cookies", "_qname", "_question", "ask", "data")

    def __init__(
        self,
        ask: Ask,
        edns_buffer_bytes: int,
        cookies: CookieJar | None,
        entropy: Callable[[int], bytes],
    ) -> None:
        self.ask = ask
        self._cookies = cookies if ask.edns else None
        name = ask.name
        random = entropy(2 + len(name))
        self._qname = mixed_case(name, random[2:]) if ask.mix_case else name
        flags = dns.RD | dns.CD if ask.recursive else dns.CD if ask.edns else 0
        opt = b""
        if ask.edns:
            cookie = b"" if self._cookies is None else self._cookies.option(ask.server)
            opt = _opt(edns_buffer_bytes, cookie)
        header = _HEADER.pack(flags, 1, 0, 0, 1 if opt else 0)
        self._question = self._qname + _TYPE_AND_CLASS.pack(ask.rdtype, dns.IN)
        self.data = random[:2] + header + self._question + opt

    def read(self, data: bytes) -> Message | Verdict:
        """The message that answers, or what to think of ``data`` instead."""
        if len(data) < 12 or data[:2] != self.data[:2] or not data[2] & 0x80:
            return "ignore"
        try:
            message = walker.decode(data, self._question)
        except DecodeError:
            if not data[2] & 0x02:
                return "malformed"
            flags = data[2] << 8 | data[3]  # cut off anywhere: TC says to ask again by TCP
            return Message(0, flags, self._qname, self.ask.rdtype, dns.IN)
        if message.qname is None or not data.startswith(self._question, 12):
            verdict = self._other_question(message)
            if verdict is not None:
                return verdict
        if self._cookies is not None and message.edns is not None:
            option = message.edns.option(OPTION)
            if not self._cookies.accepts(self.ask.server, option):
                return "ignore"
        return message

    def _other_question(self, message: Message) -> Verdict | None:
        """What to think of a message that does not repeat the question to the letter."""
        if message.qname is None:
            refusal = message.rcode not in (dns.NOERROR, dns.NXDOMAIN)
            return None if refusal else "malformed"
        if message.qtype != self.ask.rdtype or message.qclass != dns.IN:
            return "ignore"
        if message.qname == self._qname:
            return None
        if message.qname.lower() != self._qname.lower():
            return "ignore"
        return "case" if self.ask.mix_case else None  # names have no case (RFC 4343, 3)


@lru_cache(maxsize=1024)
def _opt(edns_buffer_bytes: int, cookie: bytes) -> bytes:
    """Our OPT record; most servers are asked more than once."""
    options = ((OPTION, cookie),) if cookie else ()
    return opt_record(Edns(edns_buffer_bytes, dnssec_ok=True, options=options))


def mixed_case(name: bytes, random: bytes) -> bytes:
    """``name`` with the case of each letter by a random bit (0x20; draft-vixie-dnsext-dns0x20).

    ``name`` is a key (lower case); ``random`` has at least one octet for each of its octets.
    """
    size = len(name)
    flips = int.from_bytes(name.translate(_CASES), "big") & int.from_bytes(random[:size], "big")
    return (int.from_bytes(name, "big") ^ flips).to_bytes(size, "big")
