"""What the client itself does and decides, above any protocol."""

from firstbyte.events.body import Body


class TraceStarted(Body, frozen=True, tag="trace.started"):
    """A trace of ``url`` began; this is the zero of every time in the journey."""

    url: str


class HopStarted(Body, frozen=True, tag="trace.hop_started"):
    """One request of the trace began: the first one, or a redirect that is followed.

    ``reused`` says that it goes over a connection that an earlier hop opened.
    """

    method: str
    url: str
    reused: bool = False


class HopFinished(Body, frozen=True, tag="trace.hop_finished"):
    """The hop is over: its last byte was read, or it failed (then ``trace.failed`` came before)."""


class Decision(Body, frozen=True, tag="trace.decision"):
    """A policy chose ``chose`` for ``subject`` because of ``because``.

    ``subject`` is a short stable word: "address", "protocol", "proxy", "redirect", "retry", "tap".
    """

    subject: str
    chose: str
    because: str


class Failed(Body, frozen=True, tag="trace.failed"):
    """The hop ended in an error; fields as in ``journey.outcome.error``.

    ``phase`` is one of dns, tcp, quic, tls, proxy, send, wait, receive, url.
    """

    id: str
    phase: str
    message: str
    hint: str | None = None


class TraceFinished(Body, frozen=True, tag="trace.finished"):
    """The trace is over; nothing of it happens later."""


TraceEvent = TraceStarted | HopStarted | HopFinished | Decision | Failed | TraceFinished
