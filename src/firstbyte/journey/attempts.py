"""Connection attempts of the race, TCP and QUIC: each start paired with its end."""

from typing import Literal, NamedTuple

from firstbyte.events import Event, quic, tcp
from firstbyte.journey.select import each

Ending = Literal["connected", "failed", "cancelled", "pending"]
Key = tuple[str | None, int]


class Tried(NamedTuple):
    """One attempt of the race with its times."""

    start_us: int
    end_us: int | None
    transport: Literal["tcp", "quic"]
    connection: str | None
    address: str
    port: int
    outcome: Ending
    cause: str | None = None
    errno: str | None = None


class _End(NamedTuple):
    at_us: int
    outcome: Ending
    cause: str | None = None
    errno: str | None = None


def tried(events: tuple[Event, ...]) -> tuple[Tried, ...]:
    """The attempts among ``events``, TCP and QUIC, by start."""
    ends = _tcp_ends(events)
    attempts = [
        _tried("tcp", s.at_us, s.event.connection, s.what, ends)
        for s in each(events, tcp.ConnectStarted)
    ]
    ends = _quic_ends(events)
    attempts += [
        _tried("quic", s.at_us, s.event.connection, s.what, ends)
        for s in each(events, quic.ConnectionStarted)
    ]
    return tuple(sorted(attempts, key=lambda attempt: attempt.start_us))


def _tried(
    transport: Literal["tcp", "quic"],
    start_us: int,
    connection: str | None,
    what: tcp.ConnectStarted | quic.ConnectionStarted,
    ends: dict[Key, _End],
) -> Tried:
    # A QUIC event names no attempt but its connection's; TCP's attempts may lack a connection.
    end = ends.get((connection, what.attempt if transport == "tcp" else 0))
    if end is None:
        return Tried(start_us, None, transport, connection, what.address, what.port, "pending")
    return Tried(
        start_us,
        max(start_us, end.at_us),
        transport,
        connection,
        what.address,
        what.port,
        end.outcome,
        end.cause,
        end.errno,
    )


def _tcp_ends(events: tuple[Event, ...]) -> dict[Key, _End]:
    ends: dict[Key, _End] = {}
    for seen in each(events, tcp.Connected):
        ends.setdefault((seen.event.connection, seen.what.attempt), _End(seen.at_us, "connected"))
    for failed in each(events, tcp.ConnectFailed):
        end = _End(failed.at_us, "failed", failed.what.cause, failed.what.errno)
        ends.setdefault((failed.event.connection, failed.what.attempt), end)
    for given_up in each(events, tcp.ConnectCancelled):
        end = _End(given_up.at_us, "cancelled")
        ends.setdefault((given_up.event.connection, given_up.what.attempt), end)
    return ends


def _quic_ends(events: tuple[Event, ...]) -> dict[Key, _End]:
    ends: dict[Key, _End] = {}
    for seen in each(events, quic.HandshakeCompleted):
        ends.setdefault((seen.event.connection, 0), _End(seen.at_us, "connected"))
    for failed in each(events, quic.ConnectionFailed):
        end = _End(failed.at_us, "failed", failed.what.cause)
        ends.setdefault((failed.event.connection, 0), end)
    for given_up in each(events, quic.ConnectionCancelled):
        ends.setdefault((given_up.event.connection, 0), _End(given_up.at_us, "cancelled"))
    return ends
