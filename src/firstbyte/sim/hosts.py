"""A host: its addresses, its settings, its kernel, and the programs that run on it."""

import asyncio
import contextvars
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from msgspec.structs import replace

from firstbyte.events.base import Event
from firstbyte.events.link import PacketDropped
from firstbyte.net.system import Tap
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.sim.capture import ConnectionTap, PacketLog
from firstbyte.sim.checks import require_program
from firstbyte.sim.clock import NS_PER_S, to_ns
from firstbyte.sim.current import HOST
from firstbyte.sim.describe import describe_unit
from firstbyte.sim.errors import SimulationError
from firstbyte.sim.event_log import EventLog, datagram_events
from firstbyte.sim.frames import Unit
from firstbyte.sim.kernel import Kernel
from firstbyte.sim.links import Port
from firstbyte.sim.system import SimSystem

if TYPE_CHECKING:
    from firstbyte.sim.autoconf import AutoconfClient
    from firstbyte.sim.dhcp import DhcpClient, DhcpOptions
    from firstbyte.sim.internet import Internet

T = TypeVar("T")

Filter = Callable[[Port, Unit], Unit | None]
"""Looks at each packet (or frame) that a host receives or sends through a port, and gives it back,
changed or not; None if it ends here. NAT and firewalls are filters."""

LOCALHOST = {"localhost": ["127.0.0.1", "::1"]}


class HostOptions(TypedDict, total=False):
    """What may be chosen when a host is made."""

    addresses: list[str]
    """Instead of the automatic one (an empty list: none). With a prefix length
    (``192.168.1.7/24``) the address goes to the first interface, when there is one."""
    dhcp: "bool | DhcpOptions"
    """Ask for an address (and routes, name servers, …) by DHCP, on eth0. The host then has no
    automatic address and no automatic routes; its link is Ethernet."""
    autoconf: bool
    """Make IPv6 addresses of what routers advertise (RFC 4862), on eth0; otherwise as ``dhcp``."""
    ipv6: bool
    """Also an automatic IPv6 address."""
    named: bool
    """Whether the host's name resolves everywhere (default: yes)."""
    nameservers: list[str]
    """Addresses of DNS servers that are asked for names that nobody here knows."""
    search: list[str]
    ndots: int
    environment: dict[str, str]
    clock_offset_s: float
    """How far the host's clock is ahead of the truth."""
    forwarding: bool
    """Pass on packets that are for others: a router."""
    auto_routes: bool
    """Find the way to all other hosts over the links (default: yes)."""
    settings: HostSettings
    """The stack's own: TCP defaults, ports, timers."""


class Host:
    """One machine of the world. Made by ``Internet.host``.

    ``nameservers``, ``search``, ``ndots``, ``environment`` and ``own_names`` (what its hosts file
    adds: name → addresses) may be changed at any time. ``incoming`` and ``outgoing`` are filters
    of packets.
    """

    def __init__(self, internet: "Internet", name: str, number: int, options: HostOptions) -> None:
        self.internet = internet
        self.name = name
        self.number = number
        self.addresses: list[str] = []
        """All addresses but the loopback's, as text."""
        self._configured: list[tuple[str, str | None]] = []
        self.nameservers = list(options.get("nameservers", []))
        self.search = list(options.get("search", []))
        self.ndots = options.get("ndots", 1)
        self.environment = dict(options.get("environment", {}))
        self.own_names: dict[str, list[str]] = {}
        self.clock_offset_ns = to_ns(options.get("clock_offset_s", 0.0))
        settings = options.get("settings", HostSettings())
        self.forwarding = options.get("forwarding", settings.forwarding)
        self.settings = replace(settings, forwarding=self.forwarding)
        asks = options.get("dhcp", False)
        listens = options.get("autoconf", False)
        self.auto_routes = options.get("auto_routes", not (asks or listens))
        self.ports: list[Port] = []
        self.system = SimSystem(self, internet.clock)
        self.programs: list[asyncio.Task[Any]] = []
        """Everything that ``run`` started."""
        self.packet_log = PacketLog()
        self.event_log = EventLog()
        self.incoming: list[Filter] = []
        self.outgoing: list[Filter] = []
        self.up = True
        self.paused = False
        self._routes: list[tuple[str, str, str | None]] = []
        self._taps: list[ConnectionTap] = []
        self.kernel = Kernel(self, self.settings)
        self.named = options.get("named", True)
        self.dhcp = _dhcp_client(self, asks) if asks else None
        self.autoconf = _autoconf_client(self) if listens else None
        default = (
            [] if asks or listens else automatic_addresses(number, ipv6=options.get("ipv6", False))
        )
        for address in options.get("addresses", default):
            self.add_address(address, "eth0" if "/" in address else None)

    @property
    def asks(self) -> bool:
        """Whether it is told its addresses: by DHCP, or by routers."""
        return bool(self._daemons)

    @property
    def _daemons(self) -> "list[DhcpClient | AutoconfClient]":
        return [one for one in (self.dhcp, self.autoconf) if one is not None]

    def __repr__(self) -> str:
        return f"<Host {self.name} {' '.join(self.addresses)}>"

    # --- addresses and names --------------------------------------------------------------------

    def add_address(self, address: str, interface: str | None = None) -> None:
        """Give ``interface`` the address, with its prefix length (``10.1.0.1/24``).

        Without an interface it belongs to the host as a whole. An interface that does not exist
        yet gets the address when it is linked.
        """
        self.addresses.append(address.partition("/")[0])
        self._configured.append((address, interface))
        if interface is None or interface in self.kernel.stack.interfaces:
            self._assign(address, interface)
        self.internet.routes_changed()

    def remove_address(self, address: str) -> None:
        """Take an address away again."""
        bare = address.partition("/")[0]
        self.addresses.remove(bare)
        self._configured = [item for item in self._configured if item[0].split("/")[0] != bare]
        for interface in self.kernel.stack.interfaces.values():
            if any(held.address == bare for held in interface.addresses):
                self.kernel.stack.remove_address(interface.name, bare)
        self.internet.routes_changed()

    def _assign(self, address: str, interface: str | None) -> None:
        bare, _, prefix = address.partition("/")
        self.kernel.add_address(bare, int(prefix) if prefix else None, interface)

    def add_route(self, network: str, interface: str, gateway: str | None = None) -> None:
        """Add a route by hand; ``0.0.0.0/0`` is the default."""
        self._routes.append((network, interface, gateway))
        self.kernel.stack.add_route(network, interface, gateway)

    @property
    def address(self) -> str:
        """The first address.

        Raises ``ValueError`` while it has none.
        """
        if not self.addresses:
            raise ValueError(f"{self.name} has no address")
        return self.addresses[0]

    @property
    def clock_offset_s(self) -> float:
        """How far the host's clock is ahead of the truth; may be changed."""
        return self.clock_offset_ns / NS_PER_S

    @clock_offset_s.setter
    def clock_offset_s(self, seconds: float) -> None:
        self.clock_offset_ns = to_ns(seconds)

    def interface_names(self) -> list[str]:
        """As the programs know them, in the order of their numbers: lo is 1, eth0 is 2."""
        return ["lo", *(port.name for port in self.ports)]

    def all_known_names(self) -> dict[str, list[str]]:
        """Every name that is known here without asking a server."""
        return {**LOCALHOST, **self.internet.names, **self.own_names}

    def known_addresses(self, name: str) -> list[str]:
        """The addresses of ``name`` (lower case), as far as they are known without asking."""
        for table in (self.own_names, self.internet.names, LOCALHOST):
            if name in table:
                return list(table[name])
        return [] if name != self.name.lower() else self.addresses

    async def online(self) -> None:
        """Wait, if need be, until DHCP and routers have brought an address each."""
        for daemon in self._daemons:
            await daemon.online()

    def rename(self) -> None:
        """Addresses have changed: the name, if it resolves everywhere, leads to those of now."""
        if self.named:
            self.internet.names[self.name.lower()] = list(self.addresses)

    def known_name(self, address: str) -> str | None:
        """The first name whose addresses hold ``address``."""
        for name, addresses in self.all_known_names().items():
            if address in addresses:
                return name
        return None

    def configured_families(self) -> set[int]:
        """The families of its addresses, for AI_ADDRCONFIG."""
        return {
            int(socket.AF_INET6 if ":" in address else socket.AF_INET) for address in self.addresses
        }

    def preferred(self, addresses: list[str]) -> list[str]:
        """Sorted for trying: reachable families first, IPv6 before IPv4 (RFC 6724, rules 1, 6)."""
        own = {6 if ":" in address else 4 for address in self.addresses}

        def rank(address: str) -> tuple[bool, bool]:
            version = 6 if ":" in address else 4
            loopback = ipaddress.ip_address(address.partition("%")[0]).is_loopback
            unspecified = ipaddress.ip_address(address.partition("%")[0]).is_unspecified
            reachable = version in own or loopback or unspecified
            return not reachable, version == 4 if not unspecified else version == 6

        return sorted(addresses, key=rank)

    @property
    def trust_anchors_pem(self) -> bytes | None:
        """The world's CA certificates."""
        return self.internet.trust_anchors_pem or None

    # --- programs -------------------------------------------------------------------------------

    def run(
        self, program: Coroutine[Any, Any, T] | Awaitable[T], *, name: str | None = None
    ) -> "asyncio.Task[T]":
        """Start ``program`` on this host; the task is a future of its result.

        It runs while ``Internet.run`` does. Tasks that it starts are on this host too. Raises
        ``SimulationError`` when the host is down or its world closed.
        """
        require_program(program)
        self._require_power(program)
        coroutine = program if asyncio.iscoroutine(program) else _awaiting(program)
        context = contextvars.copy_context()
        context.run(HOST.set, self)
        label = name or f"{self.name}: {getattr(coroutine, '__qualname__', 'program')}"
        task: asyncio.Task[T] = self.internet.loop.create_task(
            coroutine, name=label, context=context
        )
        self.programs.append(task)
        return task

    def _require_power(self, program: Awaitable[Any]) -> None:
        if self.up and not self.internet.loop.is_closed():
            return
        if asyncio.iscoroutine(program):
            program.close()
        if self.up:
            raise SimulationError("this world is closed: make a new Internet()")
        raise SimulationError(f"{self.name} is down: restart() it before it can run programs")

    @property
    def tasks(self) -> "list[asyncio.Task[Any]]":
        """The tasks that run here now."""
        return self.internet.loop.host_tasks.of(self)

    # --- faults ---------------------------------------------------------------------------------

    def crash(self) -> None:
        """Lose power: peers hear nothing, connections are gone, programs are stopped.

        Their tasks are cancelled, so ``finally`` blocks run, but nothing they send leaves.
        """
        if not self.up:
            return
        self.up = False
        self.kernel.lose_power()
        for daemon in self._daemons:
            daemon.power_off()
        for task in self.tasks:
            task.cancel(f"{self.name} crashed")
        self.internet.loop.end_workers(f"{self.name} has crashed", self)

    def restart(self) -> None:
        """Boot again with an empty kernel; start programs with ``run``.

        What peers send to old connections is answered with RST.
        """
        if not self.up:
            self.kernel = Kernel(self, self.settings)
            self.up = True
            for port in self.ports:
                self.kernel.add_interface(port)
            for address, interface in self._configured:
                if interface is None or interface in self.kernel.stack.interfaces:
                    self._assign(address, interface)
            for network, by, gateway in self._routes:
                self.kernel.stack.add_route(network, by, gateway)
            self.internet.routes_changed()
            for daemon in self._daemons:
                daemon.boot()

    def pause(self) -> None:
        """Stop all programs where they are (SIGSTOP); the kernel goes on answering."""
        self.paused = True
        self.internet.update_pauses()

    def resume(self) -> None:
        """Let the programs go on."""
        self.paused = False
        self.internet.update_pauses()

    def partition(self) -> None:
        """Pull every cable of this host."""
        self._set_wires(up=False)

    def heal(self) -> None:
        """Put the cables back."""
        self._set_wires(up=True)

    def _set_wires(self, *, up: bool) -> None:
        for link in self.internet.links:
            if any(port.node is self for port in link.ports):
                (link.mend if up else link.cut)()

    def shut(self) -> None:
        """The world ends: free every socket."""
        self.kernel.close_sockets()

    # --- packets --------------------------------------------------------------------------------

    def new_port(self, mtu: int, *, ethernet: bool) -> Port:
        """A new interface: eth0, then eth1 and so on."""
        number = len(self.ports)
        mac = bytes((2, 0, *self.number.to_bytes(2, "big"), 0, number)) if ethernet else None
        port = Port(self, f"eth{number}", mtu, mac)
        self.ports.append(port)
        if self.internet.observes:
            port.taps.append(self.packet_log.tap(port.name))
        port.taps.extend(tap.see for tap in self._taps)
        self.kernel.add_interface(port)
        for address, interface in self._configured:
            if interface == port.name:
                self._assign(address, interface)
        for daemon in self._daemons:
            daemon.plug(port)
        return port

    def receive(self, port: Port, unit: Unit) -> None:
        """A packet or frame came in through ``port``."""
        for one in self.incoming:
            passed = one(port, unit)
            if passed is None:
                return
            unit = passed
        if self.up:
            self.kernel.receive(port, unit)
        else:
            dropped = PacketDropped(describe_unit(unit), "host_down", self.name)
            self.internet.note(self.name, dropped)

    def send(self, port: Port, unit: Unit) -> None:
        """The kernel sends a packet or frame through ``port``."""
        for one in self.outgoing:
            passed = one(port, unit)
            if passed is None:
                return
            unit = passed
        port.send(unit)

    def events(self) -> Iterator[Event]:
        """What happened here, in the one vocabulary: TCP, ICMP, drops, datagrams."""
        yield from self.event_log.events(self.name)
        yield from datagram_events(self.name, self.packet_log)

    def open_tap(
        self, protocol: Literal["tcp", "udp"], local: tuple[str, int], remote: tuple[str, int]
    ) -> Tap:
        """Begin to keep the packets between two endpoints."""
        kind = Segment if protocol == "tcp" else Datagram
        tap = ConnectionTap(kind, local, remote, self._remove_tap)
        self._taps.append(tap)
        for port in self.ports:
            port.taps.append(tap.see)
        return tap

    def _remove_tap(self, tap: ConnectionTap) -> None:
        self._taps.remove(tap)
        for port in self.ports:
            port.taps.remove(tap.see)


# Few hosts ask for their addresses: the code for it is loaded by the first one.


def _dhcp_client(host: Host, asks: "DhcpOptions | Literal[True]") -> "DhcpClient":
    from firstbyte.sim.dhcp import DhcpClient, DhcpOptions

    return DhcpClient(host, DhcpOptions() if asks is True else asks)


def _autoconf_client(host: Host) -> "AutoconfClient":
    from firstbyte.sim.autoconf import AutoconfClient

    return AutoconfClient(host)


def automatic_addresses(number: int, *, ipv6: bool) -> list[str]:
    """The ``number``-th host's addresses: 10.0.0.1, and fd00::1 if wanted."""
    addresses = [str(ipaddress.IPv4Address("10.0.0.0") + number)]
    return [*addresses, str(ipaddress.IPv6Address("fd00::") + number)] if ipv6 else addresses


async def _awaiting(program: Awaitable[T]) -> T:
    return await program
