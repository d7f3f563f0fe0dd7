"""Claiming an IPv4 address on a link (RFC 5227): probe, announce, defend. Pure.

The driver broadcasts what :meth:`Claim.take` gives, hands in every ARP packet of the link, and
calls :meth:`Claim.poll` when :attr:`Claim.deadline` has come.
"""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from firstbyte.protocols.ip.addresses import ANY_V4
from firstbyte.protocols.ip.arp import REQUEST, Arp
from firstbyte.protocols.tcp.timers import NEVER

SECOND = 1_000_000_000


class ClaimTimes(Struct, frozen=True, kw_only=True):
    """RFC 5227, section 1.1, in nanoseconds; the names are the RFC's."""

    probe_wait_ns: int = 1 * SECOND
    probe_num: int = 3
    probe_min_ns: int = 1 * SECOND
    probe_max_ns: int = 2 * SECOND
    announce_wait_ns: int = 2 * SECOND
    announce_num: int = 2
    announce_interval_ns: int = 2 * SECOND
    defend_interval_ns: int = 10 * SECOND


class Standing(Enum):
    """How far a claim is."""

    PROBING = "probing"
    IN_USE = "in use"
    HELD = "held"
    LOST = "lost"


DEFAULT_TIMES = ClaimTimes()


class Claim:
    """One address, claimed for ``mac``. ``chances`` are numbers from 0 up to 1, one a wait.

    ``standing`` moves from PROBING to HELD or IN_USE, and from HELD to LOST when another host
    claims the address twice within ten seconds (section 2.4, choice b).
    """

    def __init__(
        self,
        mac: bytes,
        address: str,
        chances: Sequence[float],
        times: ClaimTimes = DEFAULT_TIMES,
    ) -> None:
        self.mac = mac
        self.address = address
        self.standing = Standing.PROBING
        self.deadline = NEVER
        self._chances = chances
        self._times = times
        self._probes = 0
        self._announced = 0
        self._conflict_ns: int | None = None
        self._outgoing: list[Arp] = []

    def start(self, now_ns: int) -> None:
        """Begin to probe, after a random wait (section 2.1.1)."""
        self.deadline = now_ns + round(self._chances[0] * self._times.probe_wait_ns)
        self.poll(now_ns)

    def hold(self, now_ns: int) -> None:
        """Take the address without probing, and announce it."""
        self.standing = Standing.HELD
        self._announce(now_ns)

    def poll(self, now_ns: int) -> None:
        """Do what is due."""
        while now_ns >= self.deadline:
            self.deadline = NEVER
            if self.standing is Standing.HELD:
                self._announce(now_ns)
            elif self._probes < self._times.probe_num:
                self._probe(now_ns)
            else:
                self.hold(now_ns)

    def receive(self, arp: Arp, now_ns: int) -> None:
        """An ARP packet came, whoever it was for."""
        if arp.sender_mac == self.mac:
            return
        claims = arp.sender == self.address
        if self.standing is Standing.PROBING:
            # Somebody else probes for the same address at the same time (section 2.1.1).
            probes = arp.operation == REQUEST and arp.sender == ANY_V4
            if claims or (probes and arp.target == self.address):
                self._end(Standing.IN_USE)
        elif claims and self.standing is Standing.HELD:
            self._defend(now_ns)

    def take(self) -> list[Arp]:
        """What is to be broadcast since the last call."""
        taken, self._outgoing = self._outgoing, []
        return taken

    def _probe(self, now_ns: int) -> None:
        times = self._times
        self._probes += 1
        self._send(ANY_V4)
        if self._probes == times.probe_num:
            self.deadline = now_ns + times.announce_wait_ns
        else:
            spread_ns = times.probe_max_ns - times.probe_min_ns
            chance = self._chances[self._probes % len(self._chances)]
            self.deadline = now_ns + times.probe_min_ns + round(chance * spread_ns)

    def _announce(self, now_ns: int) -> None:
        self._announced += 1
        self._send(self.address)
        if self._announced < self._times.announce_num:
            self.deadline = now_ns + self._times.announce_interval_ns

    def _defend(self, now_ns: int) -> None:
        before_ns, self._conflict_ns = self._conflict_ns, now_ns
        if before_ns is not None and now_ns - before_ns < self._times.defend_interval_ns:
            self._end(Standing.LOST)
        else:
            self._send(self.address)

    def _end(self, standing: Standing) -> None:
        self.standing = standing
        self.deadline = NEVER

    def _send(self, sender: str) -> None:
        self._outgoing.append(Arp(REQUEST, self.mac, sender, bytes(6), self.address))
