"""What rules ask of a journey, and how they put its numbers into words."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from firstbyte.diagnosis.rule import Observation
from firstbyte.journey.model import Attempt, DnsQuestion, Error, Hop, Journey

MAX_TOLD = 6
"""Questions, or servers, that one finding names."""


class Failure(NamedTuple):
    """The error that ended a journey, and the hop that it ended."""

    error: Error
    hop: Hop


def failure(journey: Journey, *ids: str) -> Failure | None:
    """How the journey failed, if it was with one of ``ids``."""
    error = journey.outcome.error
    if error is None or error.id not in ids or not journey.hops:
        return None
    return Failure(error, journey.hops[-1])


def when_failed(
    error_id: str, say: Callable[[Hop], str], show: Callable[[Hop], str]
) -> Callable[[Journey], Iterator[Observation]]:
    """A check that matches a journey that ended in ``error_id``.

    ``say`` makes the sentence and ``show`` the evidence, both of the last hop; the error's own
    message is added to the evidence.
    """

    def check(journey: Journey) -> Iterator[Observation]:
        failed = failure(journey, error_id)
        if failed is not None:
            shown = show(failed.hop)
            evidence = f"{shown}; {failed.error.message}" if shown else failed.error.message
            yield Observation(say(failed.hop), evidence)

    return check


def ms_text(ms: float | None) -> str:
    """A time in words: "12.3 ms", "1.25 s"."""
    if ms is None:
        return "an unknown time"
    return f"{ms:.1f} ms" if ms < 1000 else f"{ms / 1000:.2f} s"


def host(hop: Hop) -> str:
    """The host name of the hop's URL; of a question to the DNS, the server that was asked."""
    if hop.url.startswith("dns:") and questions(hop):
        return questions(hop)[-1].server
    try:
        return urlsplit(hop.url).hostname or hop.url
    except ValueError:
        return hop.url


def scheme(hop: Hop) -> str:
    """The scheme of the hop's URL."""
    return hop.url.partition(":")[0].lower()


def is_forwarded(hop: Hop) -> bool:
    """A proxy was given the request itself: it answers, and hides who is behind it."""
    return hop.proxy is not None and scheme(hop) == "http"


def endpoint(hop: Hop) -> str:
    """Where the hop connected to: "192.0.2.1 port 443"."""
    if hop.remote_ip is None:
        return host(hop)
    return f"{hop.remote_ip} port {hop.remote_port}"


def name(hop: Hop) -> str:
    """The name that was looked up."""
    return hop.dns.name if hop.dns is not None and hop.dns.name else host(hop)


def questions(hop: Hop) -> tuple[DnsQuestion, ...]:
    """The DNS questions of the hop."""
    return hop.dns.questions if hop.dns is not None else ()


def questions_text(hop: Hop) -> str:
    """Every question with its end: "A a.test at 192.0.2.53:53: NXDOMAIN in 12.0 ms; …".

    Types that were asked for alike and ended alike stand together.
    """
    alike: dict[str, list[str]] = {}
    for question in questions(hop):
        alike.setdefault(_question_text(question), []).append(question.type)
    texts = [f"{_types_text(types)} {text}" for text, types in alike.items()]
    return "; ".join(_few(texts, "question"))


def _few(texts: list[str], noun: str) -> list[str]:
    """The first ones, and how many more there are: a walk from the root may ask a hundred."""
    more = len(texts) - MAX_TOLD
    return texts if more < 2 else [*texts[:MAX_TOLD], f"and {more} more {noun}s"]


def _types_text(types: list[str]) -> str:
    """Each type once, with how often it was asked for."""
    counts = Counter(types)
    times = set(counts.values())
    if len(times) == 1 and times != {1}:
        each = " each" if len(counts) > 1 else ""
        return f"{', '.join(counts)} ({times.pop()} times{each})"
    return ", ".join(f"{type_} ({n} times)" if n > 1 else type_ for type_, n in counts.items())


def _question_text(question: DnsQuestion) -> str:
    """All but the type."""
    asked = f"{question.name} at {question.server} over {question.transport}"
    if question.rcode is not None:
        extended = f" ({question.extended_error})" if question.extended_error else ""
        return f"{asked}: {question.rcode}{extended} in {ms_text(question.duration_ms)}"
    return f"{asked}: {question.error or 'no answer yet'}"


def servers_text(hop: Hop) -> str:
    """The DNS servers that were asked."""
    servers = list(dict.fromkeys(question.server for question in questions(hop)))
    return ", ".join(_few(servers, "server")) or "no server"


def attempts(hop: Hop, transport: str = "tcp") -> tuple[Attempt, ...]:
    """The hop's connection attempts over one transport."""
    own = (hop.tcp.attempts if hop.tcp else ()) + (hop.quic.attempts if hop.quic else ())
    return tuple(dict.fromkeys(a for a in own if a.transport == transport))


def attempts_text(hop: Hop, transport: str = "tcp") -> str:
    """Every attempt with its end: "192.0.2.1 port 443: failed, ECONNREFUSED after 0.2 ms"."""
    return "; ".join(attempt_text(attempt) for attempt in attempts(hop, transport))


def attempt_text(attempt: Attempt) -> str:
    """One attempt with its end."""
    why = attempt.errno or attempt.error
    ended = f"{attempt.outcome}, {why}" if why else attempt.outcome
    after = f" after {ms_text(attempt.duration_ms)}" if attempt.duration_ms is not None else ""
    return f"{attempt.address} port {attempt.port}: {ended}{after}"


def handshake_text(hop: Hop) -> str:
    """The TLS messages that were exchanged: "client_hello sent, alert received (…)"."""
    if hop.tls is None or not hop.tls.messages:
        return f"no TLS message from {endpoint(hop)}"
    parts = []
    for message in hop.tls.messages:
        way = "received" if message.from_ == "server" else "sent"
        alert = message.detail.get("description") if message.type == "alert" else None
        parts.append(f"{message.type} {way}" + (f" ({alert})" if alert else ""))
    return ", ".join(parts)


def response_text(hop: Hop) -> str:
    """What came of the response: "HTTP/1.1 200, 512 bytes of content"."""
    if hop.status is None:
        return f"no response from {endpoint(hop)}"
    size = hop.http.body_bytes if hop.http is not None else None
    content = f", {size} bytes of content" if size is not None else ""
    return f"HTTP/{hop.http_version} {hop.status}{content}"


def header(hop: Hop, field: str) -> str | None:
    """A response field's first value, by lower-case name."""
    return next(iter(header_values(hop, field)), None)


def header_values(hop: Hop, field: str) -> tuple[str, ...]:
    """All values of a response field, by lower-case name."""
    headers = hop.http.response_headers if hop.http is not None else ()
    return tuple(value for key, value in headers if key.lower() == field)


def request_header(hop: Hop, field: str) -> str | None:
    """A request field's first value, by lower-case name."""
    headers = hop.http.request_headers if hop.http is not None else ()
    return next((value for key, value in headers if key.lower() == field), None)


def spent_ms(journey: Journey, cause: str, hop: Hop | None = None) -> float:
    """Milliseconds that the ledger gives to ``cause``: within ``hop``, or in all."""
    rows = [i for i in journey.ledger if i.cause == cause]
    if hop is not None:
        start, end = hop.start_ms, _end_ms(journey, hop)
        rows = [i for i in rows if start <= i.start_ms < end]
    return sum(row.duration_ms for row in rows)


def _end_ms(journey: Journey, hop: Hop) -> float:
    later = [other.start_ms for other in journey.hops if other.start_ms > hop.start_ms]
    return min(later, default=journey.totals.last_byte_ms + 1)


def rtt_ms(hop: Hop) -> float | None:
    """The path's RTT of this hop."""
    if hop.quic is not None and hop.quic.min_rtt_ms:
        return hop.quic.min_rtt_ms
    return hop.tcp.rtt_ms if hop.tcp is not None else None
