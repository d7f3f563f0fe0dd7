"""Composes the events of realistic traces, step by step, without any network.

::

    story = Story("https://site.test/")
    story.lookup("192.0.2.1", took_ms=20).connect(took_ms=30).handshake(took_ms=35)
    story.exchange(wait_ms=80, body_bytes=14_000)
    journey = story.journey()

Each step advances the story's clock. Every time is exact, so tests can say what must come out.
"""

from collections.abc import Sequence
from typing import Any

from firstbyte.events import Direction, Event, Source, What, dns, http, quic, tcp, tls, trace
from firstbyte.journey.builder import build_journey
from firstbyte.journey.model import Journey

STARTED_AT = "2026-03-01T12:00:00.000000Z"
HEADERS = (("content-type", "text/html"), ("content-encoding", "gzip"))
TLS13_FLIGHTS: tuple[tuple[Direction, tuple[tuple[str, int, bool], ...]], ...] = (
    ("sent", (("client_hello", 1500, False),)),
    (
        "received",
        (
            ("server_hello", 1210, False),
            ("encrypted_extensions", 36, True),
            ("certificate", 2100, True),
            ("certificate_verify", 80, True),
            ("finished", 52, True),
        ),
    ),
    ("sent", (("finished", 52, True),)),
)
TLS12_FLIGHTS: tuple[tuple[Direction, tuple[tuple[str, int, bool], ...]], ...] = (
    ("sent", (("client_hello", 230, False),)),
    (
        "received",
        (
            ("server_hello", 90, False),
            ("certificate", 2100, False),
            ("server_key_exchange", 150, False),
            ("server_hello_done", 4, False),
        ),
    ),
    ("sent", (("client_key_exchange", 37, False), ("finished", 16, True))),
    ("received", (("new_session_ticket", 190, False), ("finished", 16, True))),
)
RETRY_FLIGHTS: tuple[tuple[Direction, tuple[tuple[str, int, bool], ...]], ...] = (
    ("sent", (("client_hello", 1500, False),)),
    ("received", (("hello_retry_request", 88, False),)),
    *TLS13_FLIGHTS,
)


def certificate(**changes: Any) -> tls.Certificate:
    """A good leaf certificate for site.test, with ``changes``."""
    fields: dict[str, Any] = {
        "depth": 0,
        "sent": True,
        "subject": "CN=site.test",
        "issuer": "CN=Test CA",
        "serial": "01",
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2026-12-31T00:00:00Z",
        "key": "EC P-256",
        "signature_algorithm": "ecdsa-with-SHA256",
        "san": ("site.test",),
        "is_ca": False,
        "self_signed": False,
        "sha256": "00" * 32,
        "bytes": 700,
    }
    return tls.Certificate(**(fields | changes))


def _record(text: str) -> dns.Record:
    name, ttl_s, kind, data = text.split(" ", 3)
    return dns.Record(name, int(ttl_s), kind, data)


class Story:
    """A growing list of events with a clock; each step returns the story."""

    def __init__(
        self, url: str = "https://site.test/", *, source: Source = "kernel", method: str = "GET"
    ) -> None:
        self.url = url
        self.source: Source = source
        self.events: list[Event] = []
        self.now_us = 0
        self.hop = 0
        self.connection: str | None = None
        self.address = "192.0.2.1"
        self.rtt_us = 0
        self._numbers: dict[str, int] = {}
        self.emit(trace.TraceStarted(url))
        self.emit(trace.HopStarted(method, url))

    # --- the base ---

    def emit(
        self,
        what: What,
        *,
        direction: Direction | None = None,
        at_us: int | None = None,
        connection: str | None = None,
        source: Source | None = None,
    ) -> "Story":
        """Record ``what`` now, or at ``at_us``."""
        at = self.now_us if at_us is None else at_us
        self.events.append(
            Event(
                at_ns=at * 1000,
                source=source or self.source,
                what=what,
                hop=self.hop,
                connection=connection,
                direction=direction,
            )
        )
        return self

    def on(self, what: What, direction: Direction | None = None, at_us: int | None = None) -> None:
        """Record on the current connection."""
        self.emit(what, direction=direction, at_us=at_us, connection=self.connection)

    def pause(self, ms: float) -> "Story":
        """Nothing happens for a while."""
        self.now_us += round(ms * 1000)
        return self

    def number(self, kind: str) -> int:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]

    def journey(self, *, secrets: bool = False) -> Journey:
        """The journey of the events so far."""
        return build_journey(
            self.events,
            url=self.url,
            started_at=STARTED_AT,
            network="simulated" if self.source == "simulated" else "kernel",
            secrets=secrets,
        )

    # --- names ---

    def hosts(self, *addresses: str, name: str = "site.test") -> "Story":
        """The hosts file answers."""
        self.emit(dns.LookupStarted(name, ("A", "AAAA")))
        self.pause(0.05)
        self.emit(dns.HostsHit(name, addresses, "hosts file"))
        self.address = addresses[0]
        return self.emit(dns.LookupFinished(name, addresses))

    def lookup(
        self,
        *addresses: str,
        took_ms: float = 20,
        name: str = "site.test",
        server: str = "192.0.2.53:53",
        types: Sequence[str] = ("A", "AAAA", "HTTPS"),
    ) -> "Story":
        """Parallel questions that are all answered after ``took_ms``."""
        addresses = addresses or ("192.0.2.1",)
        self.emit(dns.LookupStarted(name, tuple(types)))
        self.pause(0.1)
        queries = [self.ask(kind, name=name, server=server) for kind in types]
        self.pause(took_ms)
        for query, kind in zip(queries, types, strict=True):
            self.answer(query, kind, [a for a in addresses if _is_of(kind, a)], name=name)
        self.pause(0.05)
        self.address = addresses[0]
        return self.emit(dns.LookupFinished(name, addresses))

    def ask(
        self,
        kind: str = "A",
        *,
        name: str = "site.test",
        server: str = "192.0.2.53:53",
        attempt: int = 1,
        transport: dns.Transport = "udp",
    ) -> int:
        """One question; returns its number."""
        query = self.number("query")
        what = dns.Question(query, name, kind, server, transport, attempt, 40)
        self.emit(what, direction="sent")
        return query

    def answer(
        self,
        query: int,
        kind: str,
        addresses: Sequence[str] = (),
        *,
        name: str = "site.test",
        rcode: str = "NOERROR",
        flags: tuple[str, ...] = ("qr", "rd", "ra"),
    ) -> "Story":
        """An answer to ``query`` now."""
        meaning = {"NOERROR": "answer" if addresses else "nodata", "NXDOMAIN": "nxdomain"}
        records = tuple(dns.Record(name, 300, kind, address) for address in addresses)
        what = dns.Answer(query, rcode, flags, meaning.get(rcode, "error"), records, 80)
        return self.emit(what, direction="received")

    def zone_answer(
        self,
        zone: str,
        question: str,
        server: str,
        *,
        kind: str = "answer",
        rcode: str = "NOERROR",
        flags: tuple[str, ...] = ("qr", "aa"),
        answers: Sequence[str] = (),
        authorities: Sequence[str] = (),
        additionals: Sequence[str] = (),
        transport: dns.Transport = "udp",
        took_ms: float = 10,
    ) -> "Story":
        """A question to a zone's own server, answered; records are text: "a.test 60 A 192.0.2.1".

        ``question`` is "NAME TYPE".
        """
        query = self.zone_ask(zone, question, server, transport=transport)
        self.pause(took_ms)
        sections = [tuple(map(_record, texts)) for texts in (answers, authorities, additionals)]
        what = dns.Answer(query, rcode, flags, kind, sections[0], 80, sections[1], sections[2])
        return self.emit(what, direction="received")

    def zone_ask(
        self, zone: str, question: str, server: str, *, transport: dns.Transport = "udp"
    ) -> int:
        """A question to a zone's own server; returns its number."""
        name, _, kind = question.partition(" ")
        query = self.number("query")
        what = dns.Question(query, name, kind, f"{server}:53", transport, 1, 40, zone)
        self.emit(what, direction="sent")
        return query

    def lookup_fails(
        self, error: str, *, rcode: str | None = None, took_ms: float = 20, name: str = "site.test"
    ) -> "Story":
        """A lookup that ends in ``error``: by ``rcode``, or in silence without one."""
        self.emit(dns.LookupStarted(name, ("A", "AAAA")))
        for attempt in (1,) if rcode is not None else (1, 2):
            queries = [self.ask(kind, name=name, attempt=attempt) for kind in ("A", "AAAA")]
            self.pause(took_ms)
            for query, kind in zip(queries, ("A", "AAAA"), strict=True):
                if rcode is None:
                    self.emit(dns.TimedOut(query, took_ms / 1000))
                else:
                    self.answer(query, kind, name=name, rcode=rcode)
        self.emit(dns.LookupFinished(name, (), error=error))
        return self.fails(error, "dns", f"the name {name} could not be resolved")

    # --- connections ---

    def start_connect(self, address: str | None = None, *, port: int = 443) -> str:
        """A connection attempt begins; returns the connection's name."""
        number = self.number("tcp")
        name = f"tcp{number}"
        what = tcp.ConnectStarted(number, address or self.address, port)
        self.emit(what, direction="sent", connection=name)
        return name

    def connect(
        self, address: str | None = None, *, took_ms: float = 30, port: int = 443
    ) -> "Story":
        """A connection is made; TCP_INFO tells an RTT of ``took_ms``."""
        self.connection = self.start_connect(address, port=port)
        return self.connects(took_ms=took_ms)

    def connects(self, *, took_ms: float = 30, rtt_ms: float | None = None) -> "Story":
        """The current connection's handshake ends."""
        self.pause(took_ms)
        self.rtt_us = round((took_ms if rtt_ms is None else rtt_ms) * 1000)
        self.on(tcp.Connected(self._attempt(), "192.0.2.200", 50_000), "received")
        self.info("connected")
        return self

    def info(self, moment: str, **changes: Any) -> "Story":
        """TCP_INFO is read."""
        fields: dict[str, Any] = {
            "state": "ESTABLISHED",
            "rtt_us": self.rtt_us,
            "min_rtt_us": self.rtt_us,
            "snd_mss_bytes": 1448,
            "rcv_mss_bytes": 1448,
            "snd_cwnd_segments": 10,
            "timestamps": True,
            "sack": True,
            "window_scaling": True,
            "snd_wscale": 7,
            "rcv_wscale": 7,
            "total_retrans": 0,
        }
        self.on(tcp.InfoSampled(moment, tcp.TcpInfo(**(fields | changes))))
        return self

    def connect_fails(
        self,
        cause: str = "tcp.refused",
        *,
        took_ms: float = 30,
        address: str | None = None,
        errno: str | None = "ECONNREFUSED",
    ) -> "Story":
        """An attempt fails; the hop goes on (call ``fails`` to end it)."""
        name = self.start_connect(address)
        self.pause(took_ms)
        what = tcp.ConnectFailed(self._attempt(), cause, "the attempt failed", errno)
        self.connection = name
        return self.emit(what, direction="received", connection=name)

    def connect_quic(self, address: str | None = None, *, took_ms: float = 40) -> "Story":
        """A QUIC connection is made, with its TLS messages."""
        number = self.number("quic")
        self.connection = f"quic{number}"
        self.on(quic.ConnectionStarted(number, address or self.address, 443, "1"), "sent")
        self.on(tls.HandshakeStarted("site.test", ("h3",)))
        self.flights(TLS13_FLIGHTS, took_ms=took_ms)
        self.on(
            tls.HandshakeFinished(
                "TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519", None, "h3", False, False, 900_000
            )
        )
        self.on(quic.HandshakeCompleted("192.0.2.200", 50_001, "1", False, False), "received")
        rtt_us = round(took_ms * 1000)
        self.on(quic.RttSampled("connected", rtt_us, rtt_us, rtt_us // 2, 12_000, 0))
        return self

    def _attempt(self) -> int:
        return self._numbers.get("tcp", 1)

    # --- security ---

    def handshake(
        self,
        *,
        took_ms: float = 30,
        version: str = "TLSv1.3",
        flights: Any = None,
        alpn: str | None = "h2",
        resumed: bool = False,
        cipher: str | None = None,
        errors: tuple[tls.VerifyError, ...] = (),
        certificates: tuple[tls.Certificate, ...] | None = None,
    ) -> "Story":
        """A handshake: each of the server's flights comes after ``took_ms``."""
        default = TLS13_FLIGHTS if version == "TLSv1.3" else TLS12_FLIGHTS
        self.on(tls.HandshakeStarted("site.test", ("h2", "http/1.1")))
        self.pause(0.5)
        self.flights(flights or default, took_ms=took_ms)
        chain = certificates or (certificate(),)
        self.on(tls.Certificates(chain, chain), "received")
        self.on(tls.Verified(not errors, errors, "site.test"))
        self.pause(0.5)
        modern = version == "TLSv1.3"
        group = "X25519MLKEM768" if modern else "X25519"
        suite = "TLS_AES_256_GCM_SHA384" if modern else "ECDHE-ECDSA-AES256-GCM-SHA384"
        what = tls.HandshakeFinished(
            version, cipher or suite, group, "ecdsa_secp256r1_sha256", alpn, resumed, False, 900_000
        )
        self.on(what)
        return self

    def flights(self, flights: Any, *, took_ms: float) -> "Story":
        """The messages of a handshake; a received flight comes ``took_ms`` after the last."""
        for direction, messages in flights:
            self.pause(took_ms if direction == "received" else 0)
            for name, size, encrypted in messages:
                self.on(tls.Message(name, size, encrypted), direction)
        return self

    def handshake_fails(
        self, cause: str, *, took_ms: float = 30, alert: str | None = None
    ) -> "Story":
        """The handshake fails after the ClientHello, with an alert or none."""
        self.on(tls.HandshakeStarted("site.test", ("h2", "http/1.1")))
        self.on(tls.Message("client_hello", 1500, False), "sent")
        self.pause(took_ms)
        if alert is not None:
            detail = {"level": "fatal", "description": alert}
            self.on(tls.Message("alert", 2, False, detail), "received")
        self.on(tls.HandshakeFailed(cause, "the handshake failed"))
        return self.fails(cause, "tls", "the handshake failed")

    # --- the exchange ---

    def request(
        self,
        *,
        version: str = "2",
        method: str = "GET",
        target: str = "/",
        headers: http.Headers = (("host", "site.test"),),
        body_bytes: int = 0,
    ) -> "Story":
        """A request goes out."""
        self.on(http.RequestStarted(version, method, target, headers), "sent")
        self.pause(0.1)
        self.on(http.RequestSent(120, body_bytes), "sent")
        return self

    def response(
        self,
        *,
        wait_ms: float = 80,
        status: int = 200,
        version: str = "2",
        headers: http.Headers = HEADERS,
    ) -> "Story":
        """The head of the response comes ``wait_ms`` after the request."""
        self.pause(wait_ms)
        self.on(http.FirstByte(), "received")
        self.on(http.ResponseStarted(version, status, "", headers), "received")
        return self

    def body(
        self,
        size: int = 5_000,
        *,
        took_ms: float = 1,
        decoded: int | None = None,
        encoding: str | None = None,
    ) -> "Story":
        """The content comes, half now and half ``took_ms`` later, and the hop is over."""
        if size:
            self.on(http.BodyReceived(size - size // 2), "received")
        self.pause(took_ms)
        if size // 2:
            self.on(http.BodyReceived(size // 2), "received")
        self.on(http.ResponseFinished(size, decoded or size, encoding), "received")
        return self.emit(trace.HopFinished())

    def exchange(
        self,
        *,
        wait_ms: float = 80,
        status: int = 200,
        version: str = "2",
        headers: http.Headers = HEADERS,
        body_bytes: int = 5_000,
        receive_ms: float = 1,
        encoding: str | None = None,
    ) -> "Story":
        """A whole request and response."""
        self.request(version=version)
        self.response(wait_ms=wait_ms, status=status, version=version, headers=headers)
        return self.body(body_bytes, took_ms=receive_ms, encoding=encoding)

    def redirect(self, url: str, *, reused: bool = False, method: str = "GET") -> "Story":
        """The next hop begins."""
        self.hop += 1
        if not reused:
            self.connection = None
        return self.emit(trace.HopStarted(method, url, reused))

    def fails(self, error: str, phase: str, message: str = "it failed") -> "Story":
        """The hop ends in an error."""
        self.emit(trace.Failed(error, phase, message))
        return self.emit(trace.HopFinished())

    def closed(self, how: str = "fin", *, by: Direction = "sent") -> "Story":
        """The connection ends."""
        self.on(tcp.Closed(how), by)  # type: ignore[arg-type]
        return self.emit(trace.TraceFinished())


def _is_of(kind: str, address: str) -> bool:
    return kind == ("AAAA" if ":" in address else "A")


def healthy(*, source: Source = "kernel") -> Story:
    """A good HTTPS request on a path of 30 ms."""
    story = Story(source=source).lookup().connect().handshake()
    return story.exchange(encoding="gzip").closed()
