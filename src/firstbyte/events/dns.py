"""Names: what was looked up, asked, answered, retried (RFC 1035, RFC 9460)."""

from typing import Literal

from msgspec import Struct

from firstbyte.events.body import Body

Transport = Literal["udp", "tcp", "dot", "doh", "doq"]


class Record(Struct, frozen=True):
    """A resource record as text: owner, TTL in seconds, type mnemonic and presentation data."""

    name: str
    ttl_s: int
    type: str
    data: str


class LookupStarted(Body, frozen=True, tag="dns.lookup_started"):
    """The client wants the addresses (and the HTTPS record) of ``name``."""

    name: str
    types: tuple[str, ...]


class HostsHit(Body, frozen=True, tag="dns.hosts_hit"):
    """The name was answered without the network; ``origin`` is the hosts file or an option."""

    name: str
    addresses: tuple[str, ...]
    origin: str


class Question(Body, frozen=True, tag="dns.question"):
    """A question went to a server. ``query`` pairs it with its answer, and is unique in a trace."""

    query: int
    name: str
    type: str
    server: str
    transport: Transport
    attempt: int
    bytes: int
    zone: str | None = None
    """The zone whose server is asked, when resolving from the root; null for a stub."""


class Answer(Body, frozen=True, tag="dns.answer"):
    """A server answered question ``query``. ``flags`` are dig's words (qr, aa, tc, rd, ra, ad, cd).

    ``kind`` says what the answer means: "answer", "referral", "nodata", "nxdomain", "error", and
    "lame" for a zone's server that speaks without authority.
    """

    query: int
    rcode: str
    flags: tuple[str, ...]
    kind: str
    answers: tuple[Record, ...]
    bytes: int
    authorities: tuple[Record, ...] = ()
    additionals: tuple[Record, ...] = ()
    extended_error: str | None = None


class Ignored(Body, frozen=True, tag="dns.ignored"):
    """A datagram came that is no answer to an open question, or that cannot be decoded."""

    server: str
    reason: str
    bytes: int


class TimedOut(Body, frozen=True, tag="dns.timed_out"):
    """No answer to ``query`` came within ``waited_s``; that is all that is known."""

    query: int
    waited_s: float


class QueryFailed(Body, frozen=True, tag="dns.query_failed"):
    """``query`` could not be asked or read: a refused port, a reset, a TLS or HTTP failure."""

    query: int
    error: str


class Fallback(Body, frozen=True, tag="dns.fallback"):
    """The resolver changed its way: ``kind`` is "tcp", "no_edns", "server", "search", "port"."""

    kind: str
    detail: str


class LookupFinished(Body, frozen=True, tag="dns.lookup_finished"):
    """The lookup is over. ``error`` is null, or an error id such as ``dns.nxdomain``."""

    name: str
    addresses: tuple[str, ...]
    canonical_name: str | None = None
    error: str | None = None
    security: str | None = None
    """DNSSEC verdict when it was asked for: secure, insecure, bogus, indeterminate."""


DnsEvent = (
    LookupStarted
    | HostsHit
    | Question
    | Answer
    | Ignored
    | TimedOut
    | QueryFailed
    | Fallback
    | LookupFinished
)
