"""Collects events as they happen. Time is passed in as a function, so that it may be virtual."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.events.base import Direction, Event, Source, What


class Recorder:
    """An append-only list of events with a common zero.

    ``now_ns`` gives monotonic integer nanoseconds of the network's clock; ``source`` is put on
    events whose emitter names none ("kernel" or "simulated").
    """

    def __init__(self, now_ns: Callable[[], int], source: Source, host: str = "client") -> None:
        self.now_ns = now_ns
        self.source: Source = source
        self.host = host
        self.start_ns = now_ns()
        self.events: list[Event] = []

        self.watchers: list[Callable[[Event], None]] = []
        """Called with each event as it is recorded: progress lines, samplers."""
        self._numbers: dict[str, int] = {}

    def number(self, kind: str) -> int:
        """The next number for a thing of this kind ("tcp", "query"), from 1."""
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]

    def scope(self) -> "Scope":
        """The scope of the first hop, outside any connection."""
        return Scope(self)


class Scope(Struct, frozen=True):
    """A recorder bound to a hop and a connection: what emitters hold, and emit through."""

    recorder: Recorder
    hop: int = 0
    connection: str | None = None

    def now_ns(self) -> int:
        """The network's clock: absolute monotonic nanoseconds."""
        return self.recorder.now_ns()

    def on_hop(self, hop: int) -> "Scope":
        """The same recorder, for request number ``hop``."""
        return replace(self, hop=hop, connection=None)

    def on_connection(self, kind: str) -> "Scope":
        """A scope for a new connection, named ``kind`` and a number unique in the trace."""
        number = self.recorder.number(kind)
        return replace(self, connection=f"{kind}{number}")

    def with_connection(self, connection: str | None) -> "Scope":
        """The same hop, on a connection that exists already."""
        return replace(self, connection=connection)

    def emit(
        self,
        what: What,
        *,
        direction: Direction | None = None,
        at_ns: int | None = None,
        source: Source | None = None,
    ) -> None:
        """Record that ``what`` happened: now, or at ``at_ns`` (absolute) if its time is known."""
        recorder = self.recorder
        at = recorder.now_ns() if at_ns is None else at_ns
        event = Event(
            at_ns=max(0, at - recorder.start_ns),
            source=source or recorder.source,
            what=what,
            host=recorder.host,
            hop=self.hop,
            connection=self.connection,
            direction=direction,
        )
        recorder.events.append(event)
        for watch in recorder.watchers:
            watch(event)
