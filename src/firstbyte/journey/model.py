"""The journey: what happened during one trace, as a value.

It is built from events (``journey.builder``), serialised to JSON and back without loss, and
everything that is shown is a pure function of it. Times in ``*_ms`` count from the start of the
trace and are whole microseconds written as milliseconds; what was not measured is null, never 0.
The field-by-field reference is docs/reference/journey.md; the JSON Schema is generated from here.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from firstbyte.events import Event
from firstbyte.events.dns import Record, Transport
from firstbyte.events.http import Headers
from firstbyte.events.tcp import TcpInfo
from firstbyte.events.tls import Certificate, Staple, VerifyError

SCHEMA_VERSION = 1

Severity = Literal["critical", "error", "warning", "info"]
PHASES = ("dns", "tcp", "tls", "quic", "send", "wait", "receive")


class Tool(Struct, frozen=True):
    """Who wrote the journey."""

    name: str
    version: str


class Error(Struct, frozen=True):
    """Why the trace failed: a stable id, the phase, one sentence, and what to do next."""

    id: str
    phase: str
    message: str
    hint: str | None = None


class Outcome(Struct, frozen=True):
    """``ok`` when a whole response was read; ``exit_code`` is curl's for the same outcome."""

    ok: bool
    exit_code: int
    error: Error | None = None


class Phase(Struct, frozen=True):
    """One row of the waterfall."""

    start_ms: float
    duration_ms: float
    why: str
    round_trips: float | None = None


class Phases(Struct, frozen=True):
    """The phases of a hop; null for one that did not happen."""

    dns: Phase | None = None
    tcp: Phase | None = None
    tls: Phase | None = None
    quic: Phase | None = None
    send: Phase | None = None
    wait: Phase | None = None
    receive: Phase | None = None


class DnsQuestion(Struct, frozen=True, kw_only=True):
    """One question as it was sent, and what became of it."""

    name: str
    type: str
    server: str
    transport: Transport
    attempt: int
    start_ms: float
    duration_ms: float | None
    """Until its answer; null when none came."""
    rcode: str | None
    kind: str | None
    flags: tuple[str, ...]
    answers: tuple[Record, ...]
    query_bytes: int
    answer_bytes: int | None
    zone: str | None = None
    error: str | None = None
    extended_error: str | None = None


class Dns(Struct, frozen=True, kw_only=True):
    """How the name was resolved."""

    name: str | None
    questions: tuple[DnsQuestion, ...]
    answers: tuple[Record, ...]
    """The records that the addresses and the HTTPS parameters were taken from."""
    addresses: tuple[str, ...]
    origin: str | None
    """The hosts file or option that answered without the network."""
    canonical_name: str | None = None
    security: str | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One connection attempt of the race (TCP or QUIC)."""

    transport: Literal["tcp", "quic"]
    address: str
    port: int
    start_ms: float
    duration_ms: float | None
    outcome: Literal["connected", "failed", "cancelled", "pending"]
    error: str | None = None
    errno: str | None = None


class WindowScale(Struct, frozen=True):
    """Window scale shifts (RFC 7323): what we announced to the peer, and what it announced."""

    ours: int | None
    peers: int | None


class TcpOptions(Struct, frozen=True):
    """What the two ends agreed on in the handshake; null where it is not known."""

    mss: int | None
    """The peer's MSS option when the handshake was seen, otherwise the MSS in force."""
    sack: bool | None
    timestamps: bool | None
    window_scale: WindowScale | None


class Tcp(Struct, frozen=True, kw_only=True):
    """The TCP connection that carried the hop, and the attempts that led to it."""

    rtt_ms: float | None
    rtt_source: str | None
    attempts: tuple[Attempt, ...]
    options: TcpOptions | None
    info: dict[str, TcpInfo]
    """TCP_INFO by moment: "connected", "first_byte", "end"."""
    closed: str | None = None
    loaded_rtt_ms: float | None = None
    """The usual RTT during a long transfer, queues included; null: short, or not known."""
    loaded_rtt_source: str | None = None
    """segments or tcp_info."""
    probe: Literal["answered", "silent", "reset"] | None = None
    """What came of a keepalive probe, sent after a long silence; null when none was sent."""
    silent_ms: float | None = None
    """How long nothing had come before that probe."""
    missed_bytes: int | None = None
    """What the peer had sent meanwhile and never came, by the number of its answer."""


class TlsMessage(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One TLS message: who sent it, when, what it is."""

    at_ms: float
    from_: Literal["client", "server"]
    type: str
    bytes: int
    encrypted: bool
    detail: dict[str, Any] = {}


class Verify(Struct, frozen=True):
    """The verdict on the chain and the name."""

    ok: bool
    errors: tuple[VerifyError, ...]
    name_checked: str | None = None


class Tls(Struct, frozen=True, kw_only=True):
    """The keys that were agreed and the peer's identity, over TCP or inside QUIC."""

    version: str | None
    cipher: str | None
    group: str | None
    signature_algorithm: str | None
    alpn: str | None
    alpn_offered: tuple[str, ...]
    server_name: str | None
    resumed: bool | None
    early_data: bool | None
    messages: tuple[TlsMessage, ...]
    certificates: tuple[Certificate, ...]
    """The chain as sent, leaf first."""
    chain: tuple[Certificate, ...]
    """The chain as verification built it, leaf first."""
    verify: Verify | None
    staple: Staple | None = None
    compute_ms: float | None = None


class Quic(Struct, frozen=True, kw_only=True):
    """The QUIC connection that carried the hop."""

    version: str | None
    retry: bool
    early_data: bool
    rtt_ms: float | None
    min_rtt_ms: float | None
    cwnd_bytes: int | None
    lost_packets: int | None
    packets_sent: int
    packets_received: int
    attempts: tuple[Attempt, ...] = ()
    """The QUIC attempts of the race, this one among them."""


class Interim(Struct, frozen=True):
    """A 1xx response."""

    at_ms: float
    status: int
    headers: Headers


class Http(Struct, frozen=True, kw_only=True):
    """The exchange. Sensitive field values are replaced by "[redacted]" unless asked for."""

    request_headers: Headers
    response_headers: Headers
    body_bytes: int | None
    """Content as transferred, without chunk framing."""
    decoded_bytes: int | None
    encoding: str | None
    reason: str = ""
    request_head_bytes: int | None = None
    request_body_bytes: int | None = None
    response_head_bytes: int | None = None
    """Status line and header section as HTTP/1 writes them, whatever the version."""
    interim: tuple[Interim, ...] = ()
    trailers: Headers = ()
    truncated: bool = False


class Hop(Struct, frozen=True, kw_only=True):
    """One request and its response."""

    url: str
    method: str
    status: int | None
    http_version: str | None
    remote_ip: str | None
    remote_port: int | None
    local_ip: str | None
    local_port: int | None
    reused: bool
    phases: Phases
    first_byte_ms: float | None
    last_byte_ms: float | None
    start_ms: float
    dns: Dns | None
    tcp: Tcp | None
    tls: Tls | None
    quic: Quic | None
    http: Http | None
    proxy: str | None = None
    redirect_url: str | None = None


class Interval(Struct, frozen=True):
    """One cause in the ledger; consecutive intervals cover the trace without gap or overlap."""

    cause: str
    start_ms: float
    duration_ms: float
    round_trips: float | None
    evidence: str


class Totals(Struct, frozen=True, kw_only=True):
    """The ledger line. ``last_byte_ms`` is also the sum of the ledger's intervals."""

    first_byte_ms: float | None
    last_byte_ms: float
    rtt_ms: float | None
    round_trips: float | None
    minimum_round_trips: float | None
    server_ms: float | None
    unaccounted_ms: float


class Finding(Struct, frozen=True, kw_only=True):
    """Something worth saying about the connection, with its evidence and its cure."""

    id: str
    layer: str
    severity: Severity
    finding: str
    evidence: str
    fix: str
    reference: str


class Journey(Struct, frozen=True, kw_only=True):
    """One trace, whole."""

    schema_version: int = SCHEMA_VERSION
    tool: Tool
    url: str
    started_at: str
    """RFC 3339 with microseconds, UTC."""
    network: Literal["kernel", "simulated"]
    outcome: Outcome
    hops: tuple[Hop, ...]
    ledger: tuple[Interval, ...]
    totals: Totals
    events: tuple[Event, ...]
    findings: tuple[Finding, ...]

    def to_json(self) -> bytes:
        """The journey as compact UTF-8 JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> "Journey":
        """Read a saved journey.

        Raises:
            msgspec.DecodeError: it is not JSON; its subclass msgspec.ValidationError: it is no
                journey.

        """
        return msgspec.json.decode(data, type=cls)


def ms(us: int) -> float:
    """Whole microseconds as milliseconds."""
    return us / 1000


def us(ms_value: float) -> int:
    """Back from ``ms`` without loss."""
    return round(ms_value * 1000)
