"""What ``net.system.current()`` answers inside the world."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from firstbyte.net.system import Tap
from firstbyte.sim.clock import NS_PER_S, Clock

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host


class WorldSystem:
    """For code that runs on no host: the world's clock, and no settings at all."""

    network: Literal["kernel", "simulated"] = "simulated"
    seeded = True

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_ns(self) -> int:
        """Nanoseconds since the world began."""
        return self._clock.now_ns

    def wall_time_s(self) -> float:
        """The true time of the world."""
        return (self._clock.epoch_ns + self._clock.now_ns) / NS_PER_S

    def environment(self) -> Mapping[str, str]:
        """Empty."""
        return {}

    def resolv_conf(self) -> str:
        """Empty."""
        return ""

    def hosts_file(self) -> str:
        """Empty."""
        return ""

    def trust_anchors_pem(self) -> bytes | None:
        """None."""
        return None

    def root_hints(self) -> tuple[tuple[str, str], ...]:
        """None."""
        return ()

    def dns_anchors(self) -> tuple[str, ...]:
        """None."""
        return ()

    def open_tap(
        self,
        protocol: Literal["tcp", "udp"],  # noqa: ARG002
        local: tuple[str, int],  # noqa: ARG002
        remote: tuple[str, int],  # noqa: ARG002
    ) -> Tap | None:
        """None: there is no interface to listen on."""
        return None


class SimSystem(WorldSystem):
    """A host's answers: ``net.system.System``."""

    def __init__(self, host: "Host", clock: Clock) -> None:
        super().__init__(clock)
        self._host = host

    def wall_time_s(self) -> float:
        """The time as the host believes it to be: with its clock's offset."""
        return super().wall_time_s() + self._host.clock_offset_ns / NS_PER_S

    def environment(self) -> Mapping[str, str]:
        """The host's variables, and where TLS secrets go; the machine's own do not reach in."""
        return {**self._host.internet.environment(), **self._host.environment}

    def resolv_conf(self) -> str:
        """The host's name servers and search list, as resolv.conf(5)."""
        host = self._host
        lines = [f"nameserver {address}" for address in host.nameservers]
        if host.search:
            lines.append("search " + " ".join(host.search))
        if host.ndots != 1:
            lines.append(f"options ndots:{host.ndots}")
        return "".join(f"{line}\n" for line in lines)

    def hosts_file(self) -> str:
        """The names that the host knows without asking, as hosts(5)."""
        return "".join(
            f"{address} {name}\n"
            for name, addresses in self._host.all_known_names().items()
            for address in addresses
        )

    def trust_anchors_pem(self) -> bytes | None:
        """The world's CA certificates, if it has any."""
        return self._host.trust_anchors_pem

    def root_hints(self) -> tuple[tuple[str, str], ...]:
        """The root of the world's own DNS, if it has one."""
        return self._host.internet.root_hints

    def dns_anchors(self) -> tuple[str, ...]:
        """What the root of the world's own DNS is trusted by, if it is signed."""
        return self._host.internet.dns_anchors

    def open_tap(
        self,
        protocol: Literal["tcp", "udp"],
        local: tuple[str, int],
        remote: tuple[str, int],
    ) -> Tap | None:
        """A tap that gives the packets really sent and received; nothing is lost."""
        return self._host.open_tap(protocol, local, remote)
