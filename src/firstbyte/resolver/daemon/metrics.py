"""The counters for Prometheus: their text, over plain HTTP."""

import asyncio
import socket
from collections.abc import Callable
from typing import NamedTuple

from firstbyte.resolver.daemon.shared_counts import Samples

REQUEST_S = 5.0
MAX_REQUEST = 8192
PREFIX = "firstbyte_dns_"


class Metric(NamedTuple):
    """What a number means."""

    kind: str
    help: str


METRICS = {
    "questions_total": Metric("counter", "Questions of clients, by transport."),
    "wire_cache_hits_total": Metric("counter", "Questions answered at once, octets from octets."),
    "answers_total": Metric("counter", "Other answers, by response code."),
    "secure_answers_total": Metric("counter", "Of these, proved by DNSSEC."),
    "bogus_answers_total": Metric("counter", "Of these, refused because DNSSEC disproves them."),
    "refused_clients_total": Metric("counter", "Questions from networks that are not allowed."),
    "malformed_questions_total": Metric("counter", "Messages that could not be understood."),
    "rate_limited_total": Metric("counter", "Answers dropped or truncated by the rate limit."),
    "upstream_questions_total": Metric("counter", "Questions sent to servers."),
    "open_questions": Metric("gauge", "Questions under way."),
    "open_connections": Metric("gauge", "Clients connected by TCP, TLS or HTTPS."),
    "cache_entries": Metric("gauge", "Sets and denials in the cache."),
    "cache_bytes": Metric("gauge", "What they take, about."),
    "wire_cache_entries": Metric("gauge", "Whole answers that are kept as octets."),
    "known_servers": Metric("gauge", "Servers whose speed is known."),
    "trust_anchor_keys": Metric("gauge", "Keys of trust anchors, by state (RFC 5011)."),
}


def exposition(samples: Samples) -> str:
    """Prometheus' text format; ``samples`` are keyed by name and labels, without the prefix."""
    rows = []
    for name, metric in METRICS.items():
        found = sorted(key for key in samples if key.partition("{")[0] == name)
        if found:
            rows.append(f"# HELP {PREFIX}{name} {metric.help}")
            rows.append(f"# TYPE {PREFIX}{name} {metric.kind}")
            rows += [f"{PREFIX}{key} {samples[key]:.0f}" for key in found]
    return "\n".join(rows) + "\n"


async def serve_metrics(sock: socket.socket, text: Callable[[], str]) -> asyncio.Server:
    """Answer every ``GET /metrics`` on a listening socket with ``text()``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(head, text))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(handle, sock=sock, limit=MAX_REQUEST)


def _answer(head: bytes, text: Callable[[], str]) -> bytes:
    words = head.partition(b"\r\n")[0].split()
    method = words[0] if len(words) == 3 else b""
    path = words[1].partition(b"?")[0] if method else b""
    if method not in (b"GET", b"HEAD"):
        status, body = b"405 Method Not Allowed\r\nAllow: GET, HEAD", b"use GET\n"
    elif path != b"/metrics":
        status, body = b"404 Not Found", b"the metrics are at /metrics\n"
    else:
        status, body = b"200 OK", text().encode()
    kind = b"text/plain; version=0.0.4; charset=utf-8"
    fields = b"\r\nContent-Type: " + kind + b"\r\nConnection: close\r\nContent-Length: "
    shown = b"" if method == b"HEAD" else body
    return b"HTTP/1.1 " + status + fields + str(len(body)).encode() + b"\r\n\r\n" + shown
