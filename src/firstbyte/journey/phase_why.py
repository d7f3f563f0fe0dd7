"""One short phrase for each phase: the *why* column of the waterfall."""

from collections.abc import Callable

from firstbyte.events import dns, http, quic, tls
from firstbyte.journey.attempts import Tried
from firstbyte.journey.build_dns import Asked, pair_questions
from firstbyte.journey.build_tcp import build_options, winning_attempt
from firstbyte.journey.build_tls import handshake_events
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import TcpOptions
from firstbyte.journey.rtt import end_to_end_rtt
from firstbyte.journey.select import each, first, last
from firstbyte.journey.words import counted

_FAILED_AS = {
    "tcp.refused": "refused",
    "tcp.timed_out": "timed out",
    "tcp.no_route": "no route",
    "tcp.reset": "reset",
    "quic.timed_out": "no answer",
}


def dns_why(view: HopView) -> str:
    """As "cold: 3 questions", "hosts file", "nxdomain"."""
    hosts = first(view.events, dns.HostsHit)
    if hosts is not None:
        origin = hosts.what.origin
        return "hosts file" if origin.endswith("hosts") else origin
    asked = pair_questions(view.events)
    finished = first(view.events, dns.LookupFinished)
    parts = [f"cold: {counted(len(asked), 'question')}"] if asked else ["no question sent"]
    parts += _dns_troubles(asked)
    if finished is not None:
        error = (finished.what.error or "").removeprefix("dns.")
        parts += dict.fromkeys(filter(None, (finished.what.security, error)))
    return ", ".join(parts)


def _dns_troubles(asked: tuple[Asked, ...]) -> list[str]:
    silent = sum(isinstance(one.outcome, dns.TimedOut) for one in asked)
    failed = sum(isinstance(one.outcome, dns.QueryFailed) for one in asked)
    ways = {one.question.transport for one in asked} - {"udp"}
    parts = [f"over {', '.join(sorted(ways))}"] if ways else []
    if silent:
        parts.append(f"{silent} not answered")
    if failed:
        parts.append(f"{failed} failed")
    return parts


def tcp_why(view: HopView) -> str:
    """As "SYN → SYN-ACK, mss 1460 sack ts wscale 7/7", "2 attempts, IPv6 failed"."""
    attempts = tuple(a for a in view.attempts if a.transport == "tcp")
    winner = winning_attempt(view)
    parts = _other_attempts(attempts, winner)
    if winner is not None and winner.outcome == "connected":
        options = options_text(build_options(view.carrier))
        parts.append(f"SYN → SYN-ACK, {options}" if options else "SYN → SYN-ACK")
    elif winner is not None:
        parts.append(_ending(winner))
    return ", ".join(parts)


def _other_attempts(attempts: tuple[Tried, ...], winner: Tried | None) -> list[str]:
    if len(attempts) < 2:
        return []
    losers = [a for a in attempts if a is not winner and a != winner]
    families: dict[str, None] = {}
    for loser in losers:
        families[f"{_family(loser)} {_ending(loser)}"] = None
    return [f"{len(attempts)} attempts", *families]


def _family(attempt: Tried) -> str:
    return "IPv6" if ":" in attempt.address else "IPv4"


def _ending(attempt: Tried) -> str:
    if attempt.outcome == "failed":
        return _FAILED_AS.get(attempt.cause or "", "failed")
    return {"cancelled": "given up", "pending": "no answer", "connected": "slower"}[attempt.outcome]


def options_text(options: TcpOptions | None) -> str:
    """Agreed TCP options in a few words: "mss 1460 sack ts wscale 7/7"."""
    if options is None:
        return ""
    words = [f"mss {options.mss}"] if options.mss is not None else []
    words += ["sack"] if options.sack else []
    words += ["ts"] if options.timestamps else []
    scale = options.window_scale
    if scale is not None and scale.ours is not None and scale.peers is not None:
        words.append(f"wscale {scale.ours}/{scale.peers}")
    return " ".join(words)


def tls_why(view: HopView) -> str:
    """As "TLS 1.3 X25519MLKEM768, h2", or how the handshake failed."""
    events = handshake_events(view.carrier)
    finished = last(events, tls.HandshakeFinished)
    failed = last(events, tls.HandshakeFailed)
    if finished is not None:
        what = finished.what
        group = f" {what.group}" if what.group else ""
        parts = [f"{version_text(what.version)}{group}", what.alpn, _warm(what)]
        return ", ".join(part for part in parts if part)
    if failed is not None:
        return failed.what.cause
    return "not finished"


def _warm(what: tls.HandshakeFinished) -> str | None:
    if what.early_data:
        return "0-RTT"
    return "resumed" if what.resumed else None


def version_text(version: str) -> str:
    """As "TLSv1.3" as people write it: "TLS 1.3"."""
    return version.replace("TLSv", "TLS ")


def quic_why(view: HopView) -> str:
    """As "QUIC v1 + TLS 1.3, h3", or how it failed."""
    connected = first(view.carrier, quic.HandshakeCompleted)
    failed = first(view.carrier, quic.ConnectionFailed)
    if connected is None:
        return failed.what.cause if failed else "not finished"
    finished = last(handshake_events(view.carrier), tls.HandshakeFinished)
    parts = [f"QUIC v{connected.what.version} + TLS 1.3"]
    if finished is not None and finished.what.group:
        parts[0] += f" {finished.what.group}"
    if finished is not None and finished.what.alpn:
        parts.append(finished.what.alpn)
    parts += ["0-RTT"] if connected.what.early_data else []
    parts += ["retry"] if connected.what.retry else []
    return ", ".join(parts)


def send_why(view: HopView) -> str:
    """As "GET, 312 bytes"."""
    request = view.request
    sent = first(view.exchange, http.RequestSent)
    method = request.what.method if request else "request"
    if sent is None:
        return f"{method}, not all sent"
    return f"{method}, {sent.what.head_bytes + sent.what.body_bytes} bytes"


def wait_why(view: HopView) -> str:
    """As "server thinking", "one round trip" of the path alone, or that nothing came."""
    if first(view.exchange, http.FirstByte) is None:
        return "no answer"
    interim = each(view.exchange, http.Informational)
    if interim:
        return f"server thinking, until {interim[0].what.status}"
    if _is_round_trip(view):
        return "one round trip"
    return "the proxy, and what is behind it" if view.forwarded else "server thinking"


def _is_round_trip(view: HopView) -> bool:
    """The path alone explains the wait: the server answered within a tenth of a round trip."""
    rtt = end_to_end_rtt(view.carrier)
    sent, came = first(view.exchange, http.RequestSent), first(view.exchange, http.FirstByte)
    if rtt is None or sent is None or came is None:
        return False
    return came.at_us - sent.at_us <= 1.1 * rtt.us


def receive_why(view: HopView) -> str:
    """As "14 kB in 3 reads", "cut after 512 bytes"."""
    events = view.exchange
    finished = last(events, http.ResponseFinished)
    got = sum(seen.what.count for seen in each(events, http.BodyReceived))
    if finished is None:
        return f"cut after {got} bytes"
    text = f"{finished.what.body_bytes} bytes"
    if finished.what.encoding and finished.what.decoded_bytes is not None:
        text += f" {finished.what.encoding}, {finished.what.decoded_bytes} decoded"
    return f"{text}, stopped early" if finished.what.truncated else text


REASONS: dict[str, Callable[[HopView], str]] = {
    "dns": dns_why,
    "tcp": tcp_why,
    "tls": tls_why,
    "quic": quic_why,
    "send": send_why,
    "wait": wait_why,
    "receive": receive_why,
}
