"""A page for each cause that the ledger gives time to."""

from collections.abc import Iterator
from typing import NamedTuple

from firstbyte.diagnosis.pages import Page
from firstbyte.journey.partition import Cause


class _Told(NamedTuple):
    """What it is called, how it is known, what shortens it, where it is written, other names."""

    title: str
    meaning: str
    fix: str
    reference: str
    aliases: tuple[str, ...] = ()


_CAUSES: dict[Cause, _Told] = {
    "dns_round_trip": _Told(
        "Questions to the DNS, and their answers",
        "From the question to the answer that was needed; questions that were under way together "
        "count once. A resolver that has the answer needs one round trip to itself alone, a cold "
        "one asks the root, the top-level domain and the zone first.",
        "Longer TTLs keep answers in caches; a resolver nearby shortens the trip.",
        "RFC 1035, 7.1",
    ),
    "dns_wait": _Told(
        "Waiting for the DNS in vain",
        "Questions that nobody answered, until they were given up, and the pauses before they were "
        "asked again.",
        "Remove or mend the silent server: `firstbyte explain dns.silent`.",
        "RFC 1035, 4.2.1",
    ),
    "tcp_handshake": _Told(
        "TCP's handshake",
        "SYN to SYN-ACK: one round trip of the path, and nothing of the server's program, since "
        "its kernel answers. A refusal takes as long.",
        "Keep connections open and use them again; bring the server nearer.",
        "RFC 9293, 3.5",
    ),
    "tcp_retransmission_timeout": _Told(
        "Waiting to send SYN again",
        "No answer to the SYN came, and before it is repeated the kernel waits 1 s, then 2, 4 and "
        "so on.",
        "Look for what drops the SYN: a firewall, a full queue of connections, a dead address.",
        "RFC 6298, 2 and 5",
    ),
    "tls_round_trip": _Told(
        "A flight of TLS messages, and the first of its answer",
        "One round trip in TLS 1.3, two in TLS 1.2. What it takes beyond the path's RTT is the "
        "server's own cryptography, or a certificate chain that does not fit one window.",
        "TLS 1.3, resumption, EC keys and short chains.",
        "RFC 8446, 2",
    ),
    "tls_compute": _Told(
        "Cryptography and verification in the client",
        "The part of the handshake in which nothing was waited for: the client's TLS engine made "
        "keys, checked signatures and built the chain.",
        "Usually a few milliseconds; a busy processor makes it more.",
        "RFC 8446, 4.4",
    ),
    "quic_handshake": _Told(
        "QUIC's handshake",
        "Initial to the completed handshake, TLS 1.3 within it: one round trip, one more for a "
        "Retry or a HelloRetryRequest.",
        "Keep the connection, or resume it.",
        "RFC 9001, 4",
    ),
    "request_round_trip": _Told(
        "The request's way there, and the answer's way back",
        "Of the wait for the first byte, one round trip is the path's, whatever the server does. "
        "It is measured by SYN and SYN-ACK, by the kernel's minimum, or by QUIC's.",
        "Bring the server nearer (a CDN), or save the request (a cache).",
        "RFC 9293, 3.8.1",
    ),
    "server_time": _Told(
        "The server's own time",
        "What the wait for the first byte takes beyond the path's round trip; and pauses within "
        "the content in which nothing came, without a sign of loss or of a full window. What "
        "stands behind the server that answered is in it, too.",
        "Profile the request on the server; a Server-Timing field shows where.",
        "RFC 9110, 7.7",
        ("server thinking", "processing time", "waiting for the server"),
    ),
    "behind_proxy": _Told(
        "The proxy, its way onward, and the server",
        "A proxy that was given the request itself answers instead of the server. What it takes to "
        "do so cannot be told apart from here: its own work, the path onward and the server's "
        "time are one stretch. Via, Age, X-Cache and Server-Timing in the answer are hints.",
        "Ask once without the proxy (-x ''), or from where it stands, and compare.",
        "RFC 9110, 7.6.3",
        ("forward proxy time",),
    ),
    "transfer_congestion_window": _Told(
        "The sender waits for acknowledgements",
        "After each burst the sender may send no more until it hears that some of it arrived: "
        "its congestion window is full. A new connection begins with 10 segments and doubles "
        "that with every round trip. Before the first byte it means a TLS record larger than "
        "the first window.",
        "Send less (compress), keep connections, bring the server nearer.",
        "RFC 5681, 3.1",
        ("slow start wait",),
    ),
    "transfer_bandwidth": _Told(
        "Content arriving",
        "Data came as fast as the slowest link lets it through.",
        "Send less: compress, and send what is needed.",
        "RFC 5681, 2",
    ),
    "transfer_receiver": _Told(
        "Our own receive window was full",
        "The sender had sent all that we had allowed it: we read too slowly, or our buffers are "
        "too small for the path (rate times RTT).",
        "Raise net.ipv4.tcp_rmem's maximum; or the client's processor is busy.",
        "RFC 9293, 3.8.6",
        ("receive window full", "zero window"),
    ),
    "transfer_loss": _Told(
        "Content that had to be sent again",
        "The time until a lost segment came again, or until an acknowledgement of ours that was "
        "lost was noticed.",
        "Find where it is lost: `firstbyte explain tcp.loss`.",
        "RFC 5681, 3.2",
    ),
    "waiting_for_address": _Told(
        "Other addresses were tried first",
        "Attempts of the race that did not win, until the one that won began.",
        "Mend or remove the addresses that do not answer.",
        "RFC 8305, 5",
    ),
    "proxy": _Told(
        "Opening the tunnel through a proxy",
        "CONNECT and its answer, which the proxy gives when it has connected to the target itself; "
        "and TLS with the proxy, if it is an https:// one.",
        "Keep tunnels open; exempt what needs no proxy (no_proxy).",
        "RFC 9110, 9.3.6",
    ),
    "client_compute": _Told(
        "firstbyte's own work",
        "Nothing was under way: the client prepared its next step, or had not heard yet of what "
        "its kernel had received.",
        "A busy machine makes it more: it is no property of the connection.",
        "RFC 2330, 10.2",
    ),
    "unaccounted": _Told(
        "Time without an explanation",
        "No event tells what it was spent on. It is shown, lest another cause be blamed for it.",
        "--tap on (as root) shows segments, which leave less unexplained.",
        "RFC 2330, 6.2",
        ("unknown time",),
    ),
}


def cause_pages() -> Iterator[Page]:
    """One page for each cause."""
    for name, told in _CAUSES.items():
        yield Page(
            name=name,
            kind="cause",
            title=told.title,
            meaning=told.meaning,
            fixes=(told.fix,),
            references=(told.reference,),
            aliases=told.aliases,
        )
