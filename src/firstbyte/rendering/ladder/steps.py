"""One rung of the ladder."""

from typing import Literal

from msgspec import Struct

Peer = Literal["resolver", "server"]


class Script(Struct, frozen=True):
    """All steps in order, and what to call the two peers."""

    steps: list["Step"]
    resolver: str
    server: str


class Step(Struct, frozen=True, kw_only=True):
    """A message between the client and a peer, or (without direction) a note at the client.

    ``bulk`` marks what may be folded: it carries something that is shown anyway, or content.
    ``size_bytes`` is what it adds to a folded line, ``noun`` what it is counted as there.
    """

    at_ms: float
    end_ms: float | None = None
    """Of a folded run: when its last part came."""
    label: str
    layer: str
    peer: Peer = "server"
    sent: bool | None = None
    inferred: bool = False
    captured: bool = False
    bad: bool = False
    heading: bool = False
    bulk: bool = False
    noun: str = ""
    size_bytes: int = 0
    count: int = 1
    connection: str | None = None
