"""What goes into the machine and what comes out."""

from enum import IntEnum
from typing import Final, Literal, NamedTuple

from msgspec import Struct, field

from firstbyte.protocols.dns.message import Message, RRset

Server = tuple[str, int]
"""An address and a port, as the zone's data give them (before any ``address_map``)."""


class Moment(NamedTuple):
    """Now, on both clocks: timers run on ``timer_s`` (monotonic), the cache on ``unix_s``."""

    timer_s: float
    unix_s: float


class Security(IntEnum):
    """RFC 4033, 5; ``UNCHECKED`` is data that nobody has validated yet."""

    UNCHECKED = 0
    BOGUS = 1
    INDETERMINATE = 2
    INSECURE = 3
    SECURE = 4


SECURE: Final = Security.SECURE
BOGUS: Final = Security.BOGUS
"""What every question passes: Python 3.11 finds members on their class at a tenth of a µs each."""


class Ede(IntEnum):
    """Extended DNS Errors that the resolver gives (RFC 8914, 4, and its registry)."""

    OTHER = 0
    UNSUPPORTED_DNSKEY_ALGORITHM = 1
    UNSUPPORTED_DS_DIGEST = 2
    STALE_ANSWER = 3
    INDETERMINATE = 5
    BOGUS = 6
    SIGNATURE_EXPIRED = 7
    SIGNATURE_NOT_YET_VALID = 8
    DNSKEY_MISSING = 9
    RRSIGS_MISSING = 10
    NO_ZONE_KEY_BIT = 11
    NSEC_MISSING = 12
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    PROHIBITED = 18
    STALE_NXDOMAIN = 19
    NOT_AUTHORITATIVE = 20
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23
    EXPIRED_BEFORE_VALID = 25
    UNSUPPORTED_NSEC3_ITERATIONS = 27
    INVALID_QUERY_TYPE = 30


class Error(NamedTuple):
    """An Extended DNS Error: its code and its text."""

    code: Ede
    text: str = ""


class Ask(Struct, frozen=True, gc=False):
    """A question that is to be sent to a server. ``number`` comes back with its outcome."""

    number: int
    server: Server
    zone: bytes
    name: bytes
    rdtype: int
    recursive: bool
    """Sent to a forwarder: recursion is desired."""
    edns: bool
    tcp: bool
    mix_case: bool
    timeout_s: float
    attempt: int


FailureKind = Literal["timeout", "unreachable", "refused", "malformed", "closed", "case"]
"""Why an exchange gave no message; ``case``: the answer did not repeat the question's letters."""


class Outcome(Struct, gc=False):
    """How an exchange ended: with a message, or with a failure; ``rtt_s`` is the scheduler's."""

    message: Message | None
    failure: FailureKind | None = None
    rtt_s: float = 0.0


class Question(Struct, frozen=True, gc=False):
    """What a client wants. ``name`` is a key (lower case)."""

    name: bytes
    rdtype: int
    checking_disabled: bool = False
    recursion_desired: bool = True


class Response(Struct, gc=False):
    """What the resolver says, before it becomes a message for a certain client."""

    rcode: int
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)
    security: Security = Security.UNCHECKED
    errors: list[Error] = field(default_factory=list)
    stale: bool = False
    compact: bool = False
    """The name does not exist, and it was said as RFC 9824 does: with NOERROR and NXNAME."""
    asked: bool = False
    """Servers were asked for it: it was not at hand."""
    ttl_s: int = 0
    """How long this very response may be given again; 0: not at all."""
