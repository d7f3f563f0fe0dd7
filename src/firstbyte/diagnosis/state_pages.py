"""Pages of states: TCP's 11, what each waits for and shows; and those of a DHCP client."""

from collections.abc import Iterator

from firstbyte.diagnosis.pages import Page
from firstbyte.protocols.dhcp.states import draw as draw_dhcp
from firstbyte.protocols.tcp.diagram import draw

# state: (what it means, what many sockets in it say)
_STATES: dict[str, tuple[str, str]] = {
    "LISTEN": (
        "A server waits for a SYN from any peer.",
        "Normal for a server; no socket in it on a port means that connections are refused.",
    ),
    "SYN-SENT": (
        "A client sent its SYN and waits for SYN-ACK.",
        "Many: the peer or a firewall drops the SYN in silence (tcp.timed_out).",
    ),
    "SYN-RECEIVED": (
        "A server answered a SYN and waits for the ACK that completes the handshake.",
        "Many: a SYN flood, or answers that do not reach the clients.",
    ),
    "ESTABLISHED": (
        "The handshake is done: data flows both ways.",
        "Many without traffic: peers that vanished without FIN; keepalive finds them.",
    ),
    "FIN-WAIT-1": (
        "We closed first and wait for the ACK of our FIN.",
        "Many: the peer or the path is gone while data is still unacknowledged.",
    ),
    "FIN-WAIT-2": (
        "Our FIN is acknowledged; the peer has not closed yet.",
        "Many: the peers leak connections in CLOSE-WAIT.",
    ),
    "CLOSE-WAIT": (
        "The peer closed; our program has not called close() yet.",
        "Many: our program leaks connections; it must close what ended.",
    ),
    "CLOSING": (
        "Both sides closed at once; our FIN is not acknowledged yet.",
        "Rare and short.",
    ),
    "LAST-ACK": (
        "The peer closed, then we did: waiting for the ACK of our FIN.",
        "Many: the last ACKs are lost or filtered.",
    ),
    "TIME-WAIT": (
        "We closed first: the port pair is kept (60 s on Linux) to keep stray segments out.",
        "Many on a client: short connections use up ephemeral ports; keep connections open.",
    ),
    "CLOSED": ("There is no connection.", "A segment for it is answered with RST."),
}


def state_pages() -> Iterator[Page]:
    """TCP's and DHCP's states drawn, a page each; and one for each state of TCP."""
    yield Page(
        name="tcp-states",
        kind="term",
        title="The 11 states of TCP, and every way between them",
        meaning="Arrows show what happens / what is sent. The list below gives the reason of each "
        "step and its section of RFC 9293.",
        drawing=draw(),
        see=("ss -tan state all",),
        references=("RFC 9293, 3.3.2",),
        aliases=("tcp state machine", "tcp state diagram"),
    )
    yield Page(
        name="dhcp-states",
        kind="term",
        title="The 8 states of a DHCP client, and every way between them",
        meaning="Arrows show what happens / what is sent. The list below gives the reason of each "
        "step and its section of RFC 2131.",
        drawing=draw_dhcp(),
        see=("networkctl status", "journalctl -u NetworkManager"),
        references=("RFC 2131, 4.4",),
        aliases=("dhcp", "dhcp state machine", "dhcp lease"),
    )
    for state, (meaning, many) in _STATES.items():
        yield Page(
            name=state,
            kind="state",
            title=f"TCP state {state}",
            meaning=f"{meaning} {many}",
            see=("ss -tan state all",),
            references=("RFC 9293, 3.3.2",),
            aliases=(state.replace("-", "_"), f"TCP_{state.replace('-', '_')}"),
        )
