"""The server closed without a word."""

from firstbyte.diagnosis.evidence import endpoint, ms_text, when_failed
from firstbyte.diagnosis.rule import Rule
from firstbyte.journey.model import Hop


def _show(hop: Hop) -> str:
    waited = hop.phases.wait.duration_ms if hop.phases.wait is not None else None
    return f"closed {ms_text(waited)} after the request, before any byte of a response"


RULE = Rule(
    id="http.empty_reply",
    severity="critical",
    check=when_failed(
        "http.empty_reply",
        lambda hop: f"{endpoint(hop)} took the request and closed without an answer.",
        _show,
    ),
    title="Empty reply from server",
    meaning=(
        "The connection was accepted, the request was read (or not), and the server closed it "
        "without a single byte. Its program crashed on the request, its protocol is another one "
        "than HTTP, or a port forwarder had nobody behind it."
    ),
    see=("curl -v URL", "nc -v HOST PORT"),
    fix="Look in the server's log for a crash at this time; check that the port speaks HTTP.",
    cures=(
        "Behind a container or tunnel: check that the process inside listens on all addresses.",
    ),
    references=("RFC 9112, 9.6", "RFC 9110, 15"),
    aliases=(
        "Empty reply from server",
        "curl: (52)",
        "ERR_EMPTY_RESPONSE",
        "socket hang up empty",
        "RemoteDisconnected",
        "Remote end closed connection without response",
        "NoHttpResponseException",
        "Server disconnected without sending a response",
        "ServerDisconnectedError",
        "http: EOF",
        "UND_ERR_SOCKET other side closed",
    ),
)
