"""How a client wants its answers: what its flags, its OPT record and its channel say.

Most clients ask everything on the same few terms, so that they are thought over once.
"""

from functools import lru_cache

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Edns, Message
from firstbyte.resolver.daemon.channel import UDP, Channel
from firstbyte.resolver.daemon.cookies import is_well_formed

NSID_OPTION = 3
COOKIE_OPTION = 10
KEEPALIVE_OPTION = 11
PADDING_OPTION = 12
MAX_MESSAGE_BYTES = 65535
MIN_UDP_BYTES = 512
MAX_KEPT_BYTES = 512
"""So long a question's options may be to be remembered."""


class Terms:
    """Of one question or of many."""

    __slots__ = (
        "acceptable",
        "checking_disabled",
        "cookie",
        "dnssec_ok",
        "edns",
        "flags",
        "max_bytes",
        "reads_compact_denials",
        "recursion_desired",
        "udp",
        "wants_identity",
        "wants_keepalive",
        "wants_options",
        "wants_padding",
    )

    def __init__(self, flags: int, edns: Edns | None, channel: Channel) -> None:
        self.flags = flags
        self.edns = edns
        self.udp = channel is UDP
        self.checking_disabled = bool(flags & dns.CD)
        self.recursion_desired = bool(flags & dns.RD)
        self.dnssec_ok = edns is not None and edns.dnssec_ok
        """The client wants DNSSEC records (RFC 3225)."""
        self.cookie = None if edns is None else edns.option(COOKIE_OPTION)
        """The DNS cookie that it sent (RFC 7873)."""
        self.wants_identity = _has(edns, NSID_OPTION)
        """It wants to know which server answers (RFC 5001, 2.1)."""
        self.wants_keepalive = channel.kept_open and _has(edns, KEEPALIVE_OPTION)
        """It is to be told how long its connection stays open (RFC 7828, 3.3.2)."""
        self.wants_options = self.wants_identity or self.wants_keepalive
        self.wants_padding = channel.encrypted and _has(edns, PADDING_OPTION)
        """The length of the answer is to tell less (RFC 7830, 4)."""
        self.reads_compact_denials = self.dnssec_ok and edns is not None and not edns.compact_ok
        """The client finds in NSEC records that a name is not there (RFC 9824, 5)."""
        self.max_bytes = MAX_MESSAGE_BYTES
        """How long an answer the client takes."""
        if self.udp:
            payload_bytes = 0 if edns is None else edns.payload_bytes
            self.max_bytes = max(MIN_UDP_BYTES, payload_bytes)
        well_formed = self.cookie is None or is_well_formed(self.cookie)
        current = edns is None or edns.version == 0
        self.acceptable = not flags >> 11 & 15 and well_formed and current
        """Nothing in them stands against an answer."""


def _has(edns: Edns | None, option: int) -> bool:
    return edns is not None and edns.option(option) is not None


def terms_of(message: Message, channel: Channel) -> Terms:
    """The terms of a question; those of a long one, or on a stream, are thought over each time."""
    if channel is not UDP or message.size_bytes > MAX_KEPT_BYTES:
        return Terms(message.flags, message.edns, channel)
    return _known(message.flags, message.edns)


@lru_cache(maxsize=1024)
def _known(flags: int, edns: Edns | None) -> Terms:
    return Terms(flags, edns, UDP)
