"""A page for each term and option that the output uses, or that people look up beside it."""

from collections.abc import Iterator
from typing import NamedTuple

from firstbyte.diagnosis.pages import Page, PageKind


class _Term(NamedTuple):
    """What it is called, in full, in two sentences, where it is written, and other names."""

    name: str
    title: str
    meaning: str
    reference: str
    aliases: tuple[str, ...] = ()
    kind: PageKind = "term"


_TERMS = (
    _Term(
        "MSS",
        "Maximum segment size",
        "The most payload that a host takes in one segment, announced in its SYN: the link's MTU "
        "less 40 bytes of IPv4 and TCP header (1460 on Ethernet), less 60 for IPv6. Without the "
        "option 536 is assumed.",
        "RFC 9293, 3.7.1",
        ("maximum segment size",),
        "option",
    ),
    _Term(
        "window scale",
        "TCP window scale option",
        "A shift from 0 to 14 that both ends announce in their SYN; later windows are multiplied "
        "by 2 to that power. Without it no more than 64 KB can be in flight: 64 KB per round trip "
        "is all that a path of 100 ms then carries, 5 Mbit/s.",
        "RFC 7323, 2",
        ("wscale", "window scaling", "ws"),
        "option",
    ),
    _Term(
        "SACK",
        "Selective acknowledgement",
        "The receiver names the blocks that it has beyond a gap, so that only the gap is sent "
        "again. Agreed by 'SACK permitted' in both SYNs.",
        "RFC 2018; RFC 6675",
        ("selective acknowledgment", "sack permitted", "dsack"),
        "option",
    ),
    _Term(
        "timestamps",
        "TCP timestamps",
        "Each segment carries the sender's clock (TSval) and echoes the peer's (TSecr): a round "
        "trip sample for every ACK, and protection against segments of an earlier turn of the "
        "sequence numbers (PAWS).",
        "RFC 7323, 3 and 5",
        ("tsopt", "tsval", "tsecr", "paws"),
        "option",
    ),
    _Term(
        "Fast Open",
        "TCP Fast Open",
        "A client that has a cookie from an earlier connection puts data into its SYN, and the "
        "server may answer at once: one round trip less. Middleboxes that drop such SYNs keep it "
        "rare.",
        "RFC 7413",
        ("tfo", "tcp fast open"),
        "option",
    ),
    _Term(
        "RTT",
        "Round-trip time",
        "From sending a segment to its acknowledgement. Its floor is distance: about 1 ms for "
        "each 100 km of fibre, both ways. firstbyte says where each RTT comes from: the capture, "
        "TCP_INFO, the connect time, or QUIC's own estimate.",
        "RFC 6298, 2",
        ("round trip time", "latency", "srtt", "rttvar", "min_rtt"),
    ),
    _Term(
        "RTO",
        "Retransmission timeout",
        "How long TCP waits for an ACK before it sends again: the smoothed RTT and four times its "
        "variance, at least 200 ms on Linux (1 s in the RFC), doubled after each failure.",
        "RFC 6298",
        ("retransmission timeout", "backoff"),
    ),
    _Term(
        "cwnd",
        "Congestion window",
        "How much the sender dares to have in flight. It begins at 10 segments (about 14 KB), "
        "doubles each round trip in slow start, and is cut on loss: a cold connection needs "
        "several round trips for a large answer, however fast the link is.",
        "RFC 5681; RFC 6928; RFC 9438",
        ("congestion window", "slow start", "initial window", "initcwnd", "ssthresh", "cubic"),
    ),
    _Term(
        "rwnd",
        "Receive window",
        "How much the receiver is ready to take, announced in every segment. At zero the sender "
        "may only probe: the program at the other end does not read.",
        "RFC 9293, 3.8.6",
        ("receive window", "zero window", "window probe", "persist timer"),
    ),
    _Term(
        "Nagle",
        "Nagle's algorithm",
        "A small segment waits while an earlier one is unacknowledged. With the peer's delayed ACK "
        "it makes stalls of 40 to 200 ms; TCP_NODELAY switches it off.",
        "RFC 9293, 3.7.4",
        ("tcp_nodelay", "nodelay", "delayed ack"),
    ),
    _Term(
        "head-of-line blocking",
        "Head-of-line blocking",
        "What is whole waits behind what is missing: a lost TCP segment holds up all streams of "
        "HTTP/2, a slow answer holds up those after it in HTTP/1.1 pipelining. QUIC's streams do "
        "not wait for each other.",
        "RFC 9000, 2; RFC 9114, 2",
        ("hol", "hol blocking"),
    ),
    _Term(
        "MTU",
        "Maximum transmission unit",
        "The largest IP packet that a link carries: 1500 bytes on Ethernet, less in tunnels. A "
        "packet too large must be fragmented or is refused by ICMP; where that ICMP is filtered, "
        "small answers work and large ones hang.",
        "RFC 1191; RFC 8201; RFC 8899",
        ("pmtu", "path mtu", "black hole", "fragmentation needed", "packet too big"),
    ),
    _Term(
        "SNI",
        "Server Name Indication",
        "The client names the host in its ClientHello, in clear, so that a server with many "
        "certificates can choose. Not sent for IP addresses.",
        "RFC 6066, 3",
        ("server name indication", "server_name"),
        "option",
    ),
    _Term(
        "ALPN",
        "Application-Layer Protocol Negotiation",
        "The client offers protocols (h2, http/1.1, h3) in its ClientHello and the server picks "
        "one, without a round trip of its own.",
        "RFC 7301",
        ("application layer protocol negotiation",),
        "option",
    ),
    _Term(
        "ECH",
        "Encrypted Client Hello",
        "The true ClientHello, with the name, travels encrypted within an outer one that names "
        "only the provider; the key comes from the HTTPS record.",
        "RFC 9849",
        ("encrypted client hello",),
        "option",
    ),
    _Term(
        "0-RTT",
        "Early data",
        "With a ticket of an earlier connection the client sends its request in the first flight. "
        "An attacker can replay it: only safe methods may use it, and servers must accept a "
        "ticket once.",
        "RFC 8446, 2.3 and 8; RFC 8470",
        ("early data", "zero rtt", "0rtt"),
    ),
    _Term(
        "resumption",
        "Session resumption",
        "A ticket of an earlier handshake proves who both are: no certificate is sent, and in TLS "
        "1.2 a round trip is spared.",
        "RFC 8446, 2.2",
        ("session ticket", "psk", "session resumption"),
    ),
    _Term(
        "OCSP stapling",
        "OCSP stapling",
        "The server sends along a fresh signed statement of its CA that the certificate is not "
        "revoked, so that the client need not ask.",
        "RFC 6066, 8; RFC 6960",
        ("ocsp", "status_request", "must staple"),
    ),
    _Term(
        "SAN",
        "Subject alternative name",
        "The names and addresses that a certificate is good for. The common name is not looked at "
        "any more; a wildcard stands for one whole label.",
        "RFC 9525, 6; RFC 5280, 4.2.1.6",
        ("subject alternative name", "subjectaltname", "wildcard certificate"),
    ),
    _Term(
        "forward secrecy",
        "Forward secrecy",
        "Keys are agreed anew for each connection (ECDHE), so that the server's key, stolen later, "
        "opens no recorded traffic. Always so in TLS 1.3; RSA key exchange of TLS 1.2 lacks it.",
        "RFC 8446, E.1; RFC 9325, 4.1",
        ("pfs", "ecdhe"),
    ),
    _Term(
        "Happy Eyeballs",
        "Happy Eyeballs",
        "Addresses are tried in turn, IPv6 first, a new one each 250 ms while none has answered; "
        "the first connection wins. It hides broken IPv6 from users, and from its operators.",
        "RFC 8305",
        ("connection racing", "address racing", "rfc 8305"),
    ),
    _Term(
        "TTL",
        "Time to live",
        "In DNS, the seconds for which an answer may be reused; in IP, the hops that a packet may "
        "still make (called hop limit in IPv6).",
        "RFC 1035, 3.2.1; RFC 791, 3.1",
        ("time to live", "hop limit"),
    ),
    _Term(
        "EDNS",
        "Extension mechanisms for DNS",
        "A pseudo-record (OPT) that announces how large an answer over UDP may be (1232 bytes "
        "avoids fragments) and carries options such as cookies and extended errors.",
        "RFC 6891",
        ("edns0", "opt record"),
    ),
    _Term(
        "HTTPS record",
        "HTTPS resource record",
        "DNS says before the first connection which protocols a site speaks (alpn), where its "
        "endpoints are, and the key for ECH: a client can begin with HTTP/3 at once.",
        "RFC 9460",
        ("svcb", "https rr", "type65"),
    ),
    _Term(
        "DNSSEC",
        "DNS security extensions",
        "Answers are signed (RRSIG) by keys (DNSKEY) that the parent vouches for (DS), up to the "
        "root. A forged or broken answer is bogus, and resolvers say SERVFAIL.",
        "RFC 9364; RFC 4033",
        ("rrsig", "dnskey", "bogus"),
    ),
    _Term(
        "chunked",
        "Chunked transfer coding",
        "HTTP/1.1 content of unknown length in pieces, each with its size before it; the piece of "
        "size 0 ends it, so that a cut is seen.",
        "RFC 9112, 7.1",
        ("transfer encoding", "transfer coding"),
    ),
    _Term(
        "HPACK",
        "Header compression of HTTP/2 and 3",
        "Field lines are replaced by numbers of a table that both ends keep; QPACK is the form for "
        "HTTP/3, where streams may arrive out of order.",
        "RFC 7541; RFC 9204",
        ("qpack", "header compression"),
    ),
    _Term(
        "Early Hints",
        "103 Early Hints",
        "An interim response that names what the page will need, while the server still thinks.",
        "RFC 8297",
        ("103", "status 103"),
    ),
    _Term(
        "HSTS",
        "HTTP Strict Transport Security",
        "A header by which a site asks browsers to use https:// alone from now on: no redirect, "
        "and no request that could be read or changed on the way.",
        "RFC 6797",
        ("strict transport security",),
    ),
    _Term(
        "SYN cookies",
        "SYN cookies",
        "When the queue of half-open connections is full, the server puts its state into the "
        "sequence number of the SYN-ACK and keeps none: a SYN flood costs it no memory.",
        "RFC 4987, 3.6",
        ("syn flood", "syn queue", "accept queue", "backlog"),
    ),
    _Term(
        "keepalive",
        "TCP keepalive",
        "After a time of silence (2 hours on Linux) a probe asks whether the peer is still there; "
        "nine unanswered ones, 75 s apart, end the connection.",
        "RFC 9293, 3.8.4",
        ("tcp keepalive", "so_keepalive", "half open"),
    ),
    _Term(
        "time to first byte",
        "Time to first byte",
        "From the start until the first byte of the response: name, connection, keys, one round "
        "trip for the request, and the server's time. The ledger takes it apart.",
        "docs/reference/journey.md",
        ("first byte",),
    ),
)


def glossary_pages() -> Iterator[Page]:
    """One page for each term."""
    for term in _TERMS:
        yield Page(
            name=term.name,
            kind=term.kind,
            title=term.title,
            meaning=term.meaning,
            references=(term.reference,),
            aliases=term.aliases,
        )
