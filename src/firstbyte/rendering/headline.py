"""One line that says what came of it. It needs no rich, so that ``-q`` starts fast."""

from firstbyte.journey.model import Hop, Journey
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, plural, size

Part = tuple[str, str]
"""(text, style name of ``rendering.paint``)."""

LONGEST_REASON = 40
"""Characters of the peer's reason phrase that are shown."""

REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    410: "Gone",
    413: "Content Too Large",
    421: "Misdirected Request",
    425: "Too Early",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""Names of the statuses that are met (RFC 9110, 15): HTTP/2 and 3 send the number alone."""


def headline(journey: Journey, look: Look) -> list[Part]:
    """URL, status, size, versions, address and time, as styled parts of one line."""
    parts: list[Part] = [(shown_url(journey), "url"), ("  ", "")]
    for index, fact in enumerate(headline_facts(journey, look)):
        if index:
            parts.append((f" {look.glyphs.dot} ", "dim"))
        parts.append(fact)
    return parts


def shown_url(journey: Journey) -> str:
    """That of the last hop."""
    return escape(journey.hops[-1].url if journey.hops else journey.url)


def headline_facts(journey: Journey, look: Look) -> list[Part]:
    """What the headline says behind the URL."""
    hop = journey.hops[-1] if journey.hops else None
    facts = [*_verdict(journey, hop, look), *(_facts(journey, hop) if hop else [])]
    if journey.network == "simulated":
        facts.append(("simulated", "dim"))
    return [(look.words(text), style) for text, style in facts]


def headline_text(journey: Journey, look: Look) -> str:
    """The same as plain text."""
    return "".join(text for text, _ in headline(journey, look))


def status_words(hop: Hop) -> str:
    """``404 Not Found``: with the peer's reason phrase, or the registered one."""
    reason = hop.http.reason[:LONGEST_REASON] if hop.http else ""
    return f"{hop.status} {escape(reason) or REASONS.get(hop.status or 0, '')}".rstrip()


def status_style(status: int) -> str:
    """The style for a status: fine, elsewhere, or an error."""
    return "good" if status < 300 else "warning" if status < 400 else "error"


def _verdict(journey: Journey, hop: Hop | None, look: Look) -> list[Part]:
    facts: list[Part] = []
    if hop and hop.status is not None:
        facts.append((status_words(hop), status_style(hop.status)))
    if journey.outcome.error:
        facts.append((f"{look.glyphs.bad} {escape(journey.outcome.error.id)}", "error"))
    return facts


def _facts(journey: Journey, hop: Hop) -> list[Part]:
    facts: list[Part] = []
    if hop.http and hop.http.body_bytes is not None:
        facts.append((size(hop.http.body_bytes), ""))
    if hop.http_version:
        facts.append((f"HTTP/{escape(hop.http_version)}", ""))
    if hop.tls and hop.tls.version:
        facts.append((escape(hop.tls.version).replace("TLSv", "TLS "), ""))
    if hop.remote_ip:
        facts.append((address(hop.remote_ip, hop.remote_port), ""))
    if len(journey.hops) > 1:
        facts.append((plural(len(journey.hops) - 1, "redirect"), ""))
    facts.append((duration(journey.totals.last_byte_ms), ""))
    return facts


def address(host: str, port: int | None) -> str:
    """``192.0.2.1:443``, ``[2001:db8::1]:443``."""
    shown = escape(f"[{host}]" if ":" in host else host)
    return shown if port is None else f"{shown}:{port}"
