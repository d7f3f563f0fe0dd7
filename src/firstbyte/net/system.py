"""What the client may ask of the machine that it runs on, beyond asyncio: one small seam.

Code above this room takes sockets, timers and streams from asyncio. The few things that asyncio
does not show (settings, trust store, monotonic nanoseconds, packet taps) it asks of ``current()``:
the kernel's answers by default; the private internet's when the running loop carries them in its
attribute ``firstbyte_system``. TCP_INFO needs no seam: both networks answer
``getsockopt(IPPROTO_TCP, TCP_INFO)`` on the socket.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct


class CapturedPacket(Struct, frozen=True):
    """One packet as the tap saw it, from its IP header on; its tail may be cut off.

    ``at_ns`` is on the network's monotonic clock; ``outgoing`` as seen from this host.
    """

    at_ns: int
    outgoing: bool
    data: bytes


class Tap(Protocol):
    """A running capture of one connection."""

    def packets(self) -> list[CapturedPacket]:
        """The packets that came since the last call, oldest first; never blocks."""

    @property
    def dropped(self) -> int:
        """Packets that were lost because we were too slow."""

    def close(self) -> None:
        """Stop the capture and free it; ``packets`` still gives what was kept."""


class System(Protocol):
    """The machine: kernel or simulated."""

    network: Literal["kernel", "simulated"]
    seeded: bool
    """Whether programs draw their entropy from a seed here, so that what they send repeats."""

    def now_ns(self) -> int:
        """Monotonic time, integer nanoseconds."""

    def wall_time_s(self) -> float:
        """Unix time: for validity dates and ``started_at`` alone."""

    def environment(self) -> Mapping[str, str]:
        """Environment variables (proxies, SSL_CERT_FILE, SSLKEYLOGFILE)."""

    def resolv_conf(self) -> str:
        """The text of resolv.conf(5), empty when there is none."""

    def hosts_file(self) -> str:
        """The text of hosts(5), empty when there is none."""

    def trust_anchors_pem(self) -> bytes | None:
        """Extra root certificates that this machine trusts, or null: use the library's default."""

    def root_hints(self) -> tuple[tuple[str, str], ...]:
        """(name, address) of this network's DNS root servers; empty: the public root's."""

    def dns_anchors(self) -> tuple[str, ...]:
        """DS or DNSKEY records that this network's root is trusted by; empty: the public root's.

        They go with ``root_hints``.
        """

    def open_tap(
        self, protocol: Literal["tcp", "udp"], local: tuple[str, int], remote: tuple[str, int]
    ) -> Tap | None:
        """Begin to capture packets between two endpoints, or None where this may not be done.

        Both ports must be known: bind the socket before it connects. The local address may be
        unspecified ("0.0.0.0", "::"): routing has not chosen one yet.
        """


class KernelSystem:
    """The machine that the process runs on."""

    network: Literal["kernel", "simulated"] = "kernel"
    seeded = False

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def wall_time_s(self) -> float:
        """CLOCK_REALTIME."""
        return time.time()

    def environment(self) -> Mapping[str, str]:
        """The process's own."""
        return os.environ

    def resolv_conf(self) -> str:
        """/etc/resolv.conf."""
        return _read_text(Path("/etc/resolv.conf"))

    def hosts_file(self) -> str:
        """/etc/hosts."""
        return _read_text(Path("/etc/hosts"))

    def trust_anchors_pem(self) -> bytes | None:
        """The library's default paths serve: None."""
        return None

    def root_hints(self) -> tuple[tuple[str, str], ...]:
        """The public root's: empty."""
        return ()

    def dns_anchors(self) -> tuple[str, ...]:
        """The public root's: empty."""
        return ()

    def open_tap(
        self, protocol: Literal["tcp", "udp"], local: tuple[str, int], remote: tuple[str, int]
    ) -> Tap | None:
        """An AF_PACKET tap when the process has CAP_NET_RAW."""
        from firstbyte.net.packet_tap import open_packet_tap

        return open_packet_tap(protocol, local, remote)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


_KERNEL = KernelSystem()


def current() -> System:
    """The system of the running loop. Call it from a coroutine or a callback."""
    system: System = getattr(asyncio.get_running_loop(), "firstbyte_system", _KERNEL)
    return system
