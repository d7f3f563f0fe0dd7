"""Who this server is, where the configuration tells: class CH (RFC 4892), NSID (RFC 5001)."""

from msgspec import Struct

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.resolver.machine.values import Response

CHAOS = 3
MAX_TEXT_BYTES = 255
"""Of a character-string (RFC 1035, 3.3)."""
_NAME_AT = {from_text("id.server."), from_text("hostname.bind.")}
_VERSION_AT = {from_text("version.server."), from_text("version.bind.")}


class Identity(Struct, frozen=True):
    """What is told: of many servers behind one address which one it is, and what it runs."""

    name: str | None = None
    version: str | None = None

    @property
    def nsid(self) -> bytes | None:
        """The name server identifier; None where there is none."""
        return None if self.name is None else self.name.encode()[:MAX_TEXT_BYTES]

    def answer(self, message: Message) -> Response | None:
        """The answer to a question of class CH; None where nothing is to be told."""
        if message.qclass != CHAOS or message.qtype not in (dns.TXT, dns.ANY):
            return None
        owner = (message.qname or b"\0").lower()
        text = None
        if owner in _NAME_AT:
            text = self.name
        elif owner in _VERSION_AT:
            text = self.version
        if text is None:
            return None
        content = text.encode()[:MAX_TEXT_BYTES]
        rdata = bytes((len(content),)) + content
        return Response(dns.NOERROR, [RRset(owner, dns.TXT, 0, [rdata])])


NOBODY = Identity()
