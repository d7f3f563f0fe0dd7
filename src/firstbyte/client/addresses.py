"""Happy Eyeballs (RFC 8305) as a pure policy: when to try which address over which transport.

Feed it what happened and the time; ask it what to start now and when to ask again. It opens
nothing. QUIC joins the race as a browser lets it (draft-ietf-happy-happyeyeballs-v3, section 5):
for each address the QUIC attempt comes before the TCP attempt.

::

    race = AddressRace(RacePolicy(), expected={"AAAA", "A"})
    race.found("AAAA", ("2001:db8::1",), now_ns)
    race.start(now_ns)            → Attempt(1, "tcp", "2001:db8::1")
    race.failed(1, now_ns)        the next address is due at once
    race.deadline_ns()            when to call start() again
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, field

from firstbyte.events.trace import Decision

Transport = Literal["tcp", "quic"]

_MS = 1_000_000


class RacePolicy(Struct, frozen=True):
    """The delays of RFC 8305, section 8, and what may take part."""

    resolution_delay_ns: int = 50 * _MS
    """How long the first answer waits for a preferred one (section 3)."""
    attempt_delay_ns: int = 250 * _MS
    """How long one attempt runs alone before the next joins (section 5)."""
    first_family_count: int = 1
    """Addresses of the preferred family before the first of the other (section 4)."""
    transports: tuple[Transport, ...] = ("tcp",)
    """In the order in which they are tried for each address."""
    max_attempts: int = 32


class Attempt(Struct, frozen=True):
    """One connection attempt that should begin now; ``number`` counts from 1."""

    number: int
    transport: Transport
    address: str


class AddressRace(Struct):
    """The state of one race. ``expected`` are the record types that have not yet been answered."""

    policy: RacePolicy
    expected: set[str]
    decisions: list[Decision] = field(default_factory=list)
    """What was chosen and why; the driver takes them out and records them."""
    _addresses: dict[int, list[str]] = field(default_factory=lambda: {4: [], 6: []})
    _tried: list[tuple[Transport, str]] = field(default_factory=list)
    _running: set[int] = field(default_factory=set)
    _first_answer_ns: int | None = None
    _next_start_ns: int | None = None
    _quic: bool | None = None

    def found(self, kind: str, addresses: Iterable[str], now_ns: int) -> None:
        """An answer of this record type came ("A", "AAAA", "HTTPS"); it may hold no address."""
        self.expected.discard(kind)
        for address in addresses:
            family = self._addresses[6 if ":" in address else 4]
            if address not in family:
                family.append(address)
        if self._first_answer_ns is None and any(self._addresses.values()):
            self._first_answer_ns = now_ns

    def lookup_ended(self) -> None:
        """No further answer will come."""
        self.expected.clear()

    def allow_quic(self, because: str) -> None:
        """QUIC may take part from now on: an HTTPS record or the caller says so."""
        if "quic" not in self.policy.transports and not self._quic:
            self._quic = True
            self.decisions.append(Decision("protocol", "http/3 beside tcp", because))

    def failed(self, number: int, now_ns: int) -> None:
        """Attempt ``number`` failed: the next one need not wait (section 5)."""
        self._running.discard(number)
        self._next_start_ns = now_ns

    @property
    def exhausted(self) -> bool:
        """Nothing runs, nothing is left to try, and no answer is awaited."""
        return not self._running and not self.expected and self._next() is None

    def start(self, now_ns: int) -> Attempt | None:
        """The attempt that is due now, if any; ask again until there is none."""
        due_ns, candidate = self._due_ns(), self._next()
        if due_ns is None or candidate is None or due_ns > now_ns:
            return None
        self._explain(candidate, now_ns)
        self._tried.append(candidate)
        attempt = Attempt(len(self._tried), *candidate)
        self._running.add(attempt.number)
        self._next_start_ns = now_ns + self.policy.attempt_delay_ns
        return attempt

    def deadline_ns(self) -> int | None:
        """When ``start`` should be called again; None: only when something happens."""
        return self._due_ns()

    def _due_ns(self) -> int | None:
        if self._next() is None or self._first_answer_ns is None:
            return None
        if not self._tried:
            delay_ns = self.policy.resolution_delay_ns if self._worth_waiting() else 0
            return self._first_answer_ns + delay_ns
        return self._next_start_ns

    def _worth_waiting(self) -> bool:
        """Section 3: with AAAA at hand begin at once; with A alone, give AAAA a moment.

        The HTTPS record gets the same moment, since it decides between QUIC and TCP.
        """
        return "HTTPS" in self.expected or ("AAAA" in self.expected and not self._addresses[6])

    def _next(self) -> tuple[Transport, str] | None:
        if len(self._tried) >= self.policy.max_attempts:
            return None
        return next((c for c in self._candidates() if c not in self._tried), None)

    def _candidates(self) -> Iterable[tuple[Transport, str]]:
        transports: tuple[Transport, ...] = self.policy.transports
        if self._quic:
            transports = ("quic", *transports)
        for address in interleave(
            self._addresses[6], self._addresses[4], self.policy.first_family_count
        ):
            for transport in transports:
                yield transport, address

    def _explain(self, candidate: tuple[Transport, str], now_ns: int) -> None:
        transport, address = candidate
        if not self._tried:
            because = "first of the sorted addresses"
            if self._first_answer_ns is not None and now_ns > self._first_answer_ns:
                waited_ms = (now_ns - self._first_answer_ns) / _MS
                because += f", after waiting {waited_ms:.0f} ms for the other answers"
        elif not self._running:
            because = "the attempt before it failed"
        else:
            because = f"no answer within {self.policy.attempt_delay_ns // _MS} ms"
        self.decisions.append(Decision("address", f"{transport} {address}", because))


def interleave(preferred: list[str], other: list[str], first_count: int = 1) -> list[str]:
    """Alternate between families, ``first_count`` of the preferred one first (section 4)."""
    head, rest = preferred[:first_count], preferred[first_count:]
    mixed = list(head)
    for index in range(max(len(rest), len(other))):
        mixed += other[index : index + 1]
        mixed += rest[index : index + 1]
    return mixed
