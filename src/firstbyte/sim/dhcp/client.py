"""What configures an interface of a host by DHCP: as a daemon of its system would.

It hears frames before the kernel does (a packet socket, as dhclient has), for the kernel drops
what comes to an address that it does not have yet. Its notes in the host: address, default route
or static routes, name servers, search list, MTU.
"""

import asyncio
from hashlib import blake2s
from typing import TYPE_CHECKING

from msgspec import Struct

from firstbyte.events.dhcp import DhcpState
from firstbyte.events.link import AddressGained, AddressLost
from firstbyte.protocols.dhcp.chance import Chance
from firstbyte.protocols.dhcp.client import (
    HOLDING,
    Bound,
    Check,
    Client,
    ClientSettings,
    Lost,
    Moved,
    Sent,
)
from firstbyte.protocols.dhcp.lease import Lease
from firstbyte.protocols.dhcp.message import CLIENT_PORT, SERVER_PORT, MessageType, encode
from firstbyte.protocols.dhcp.requests import Identity
from firstbyte.protocols.dhcp.states import Cause
from firstbyte.protocols.ip.arp import Arp
from firstbyte.protocols.ip.claim import Claim, ClaimTimes, Standing
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.packet import UDP, Packet
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.timers import NEVER
from firstbyte.sim.agenda import Entry
from firstbyte.sim.clock import NS_PER_S
from firstbyte.sim.dhcp.configuration import Configuration
from firstbyte.sim.dhcp.wire import (
    TTL,
    broadcast_packet,
    heard,
    note_message,
    send_by_kernel,
    send_frame,
)
from firstbyte.sim.frames import BROADCAST as ALL_STATIONS
from firstbyte.sim.frames import Frame, Unit

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host
    from firstbyte.sim.links import Port

PATIENCE_NS = 300 * NS_PER_S
"""A host that found no server for so long goes on asking, but keeps no world alive by that."""


class DhcpOptions(Struct, frozen=True, kw_only=True):
    """How a host asks: ``net.host("laptop", dhcp=DhcpOptions(…))``."""

    interface: str = "eth0"
    host_name: bool = True
    """Tell the server the host's name."""
    client_id: bytes | None = None
    broadcast: bool = False
    """Ask the server to broadcast its answers."""
    lease_s: int | None = None
    """The lease to ask for."""
    client: ClientSettings = ClientSettings()
    claim: ClaimTimes = ClaimTimes()
    """How addresses are probed and announced (RFC 5227)."""


class DhcpClient:
    """``host.dhcp``. It starts with the world, and again whenever the host boots."""

    def __init__(self, host: "Host", options: DhcpOptions) -> None:
        self.host = host
        self.options = options
        self._configuration: Configuration | None = None
        self._port: Port | None = None
        self._secret = blake2s(f"dhcp {host.internet.seed} {host.name}".encode()).digest()
        self._chance = Chance(self._secret)
        self._client: Client | None = None
        self._claim: Claim | None = None
        self._former: Lease | None = None
        self._began_ns = 0
        self._alarm: Entry | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._server_mac: bytes | None = None
        host.incoming.append(self._hear)

    def __repr__(self) -> str:
        held = "no lease" if self.lease is None else self.lease.cidr
        return f"<DhcpClient {self.host.name} {self.options.interface} {self.state} {held}>"

    @property
    def lease(self) -> Lease | None:
        """What the interface has now; null without an address."""
        return None if self._configuration is None else self._configuration.lease

    @property
    def state(self) -> str:
        """The client's state, as RFC 2131 spells it."""
        return "INIT" if self._client is None else self._client.state.value

    async def online(self) -> Lease:
        """Wait until there is an address."""
        while (lease := self.lease) is None:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        return lease

    def release(self) -> None:
        """Give the address back, and ask for none until ``renew``."""
        if self._client is not None:
            self._client.release()
            self._settle()

    def renew(self) -> None:
        """Begin anew: ask whether the address is still good, or for one."""
        if self._port is not None and self.host.up:
            self._former = self.lease or self._former
            self.power_off()
            self.boot()

    # --- the host's life ------------------------------------------------------------------------

    def plug(self, port: "Port") -> None:
        """The interface was made: begin when the world does."""
        if port.name == self.options.interface:
            self._port = port
            self.host.internet.agenda.add(self._now_ns, self.boot)

    def boot(self) -> None:
        """Ask; with a lease of earlier, whether it is still good."""
        port = self._port
        if port is None or port.mac is None:
            return
        options = self.options
        identity = Identity(
            hardware=port.mac,
            client_id=options.client_id,
            host_name=self.host.name[:255] if options.host_name else None,
            broadcast=options.broadcast,
            lease_s=options.lease_s,
            max_bytes=min(port.mtu, 1500) - 28,
        )
        secret = blake2s(f"{self._now_ns}".encode(), key=self._secret).digest()
        self._client = Client(identity, secret, options.client)
        self._began_ns = self._now_ns
        self._client.start(self._now_ns, self._former)
        self._settle()

    def power_off(self) -> None:
        """The host crashed: nothing is said, and the lease is remembered on its disk."""
        self._client = self._claim = None
        self._set_alarm(NEVER)
        self._former = self.lease or self._former
        self._unconfigure(Cause.STOP)

    # --- packets and time -----------------------------------------------------------------------

    @property
    def _now_ns(self) -> int:
        return self.host.internet.clock.now_ns

    def _hear(self, port: "Port", unit: Unit) -> Unit | None:
        client = self._client
        if port is not self._port or client is None or not isinstance(unit, Frame):
            return unit
        if isinstance(unit.payload, Arp):
            if self._claim is not None:
                self._claim.receive(unit.payload, self._now_ns)
                self._settle()
            return unit
        message = heard(unit.payload, CLIENT_PORT)
        if message is None:
            return unit
        if message.hardware == client.identity.hardware:
            note_message(self.host, message, "received")
            self._server_mac = unit.source
            client.receive(message, self._now_ns)
            self._settle()
        return None

    def _ring(self) -> None:
        self._alarm = None
        if self._client is None:
            return
        self._client.poll(self._now_ns)
        if self._claim is not None:
            self._claim.poll(self._now_ns)
        self._settle()

    def _settle(self) -> None:
        """Do what the machines want, until they want nothing more."""
        while self._client is not None:
            self._judge_claim(self._client)
            outgoing, news = self._client.take()
            for sent in outgoing:
                self._send(sent)
            for one in news:
                self._take(one)
            for arp in self._claim.take() if self._claim is not None else ():
                self._broadcast(arp)
            if not outgoing and not news:
                claim = NEVER if self._claim is None else self._claim.deadline
                self._set_alarm(min(self._client.deadline, claim))
                return

    def _judge_claim(self, client: Client) -> None:
        claim = self._claim
        if claim is None:
            return
        checking = self.lease is None or self.lease.address != claim.address
        if claim.standing is Standing.HELD and checking:
            client.checked(self._now_ns, free=True)
        elif claim.standing is Standing.IN_USE:
            self._claim = None
            client.checked(self._now_ns, free=False)
        elif claim.standing is Standing.LOST:
            self._claim = None
            client.conflict(self._now_ns)

    def _take(self, news: Moved | Check | Bound | Lost) -> None:
        if isinstance(news, Moved):
            state = DhcpState(
                self.options.interface, news.old.value, news.new.value, news.cause.value
            )
            self.host.internet.note(self.host.name, state)
        elif isinstance(news, Check):
            self._claim = self._new_claim(news.address)
            self._claim.start(self._now_ns)
        elif isinstance(news, Bound):
            self._bind(news.lease)
        else:
            self._former = None if news.cause in {Cause.NAK, Cause.IN_USE} else news.lease
            self._claim = None
            self._unconfigure(news.cause)

    def _bind(self, lease: Lease) -> None:
        current, port = self._configuration, self._port
        if port is None:
            return
        if current is not None:
            current.renew(lease)
            return
        self._configuration = Configuration(self.host, port, lease)
        gained = AddressGained(
            port.name, lease.address, lease.prefix, lease.server, lease.expires_ns
        )
        self.host.internet.note(self.host.name, gained)
        if self._claim is None:
            self._claim = self._new_claim(lease.address)
            self._claim.hold(self._now_ns)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _unconfigure(self, cause: Cause) -> None:
        current, self._configuration = self._configuration, None
        if current is not None:
            current.end()
            lost = AddressLost(self.options.interface, current.lease.address, cause.value)
            self.host.internet.note(self.host.name, lost)

    def _new_claim(self, address: str) -> Claim:
        chances = [self._chance.fraction() for _ in range(self.options.claim.probe_num + 1)]
        mac = self._port.mac if self._port is not None else None
        return Claim(mac or bytes(6), address, chances, self.options.claim)

    def _send(self, sent: Sent) -> None:
        port = self._port
        if port is None:
            return
        message = sent.message
        note_message(self.host, message, "sent")
        datagram = Datagram(CLIENT_PORT, SERVER_PORT, encode(message))
        if sent.destination is None:
            send_frame(self.host, port, broadcast_packet(message.client, datagram))
        elif message.type is MessageType.RELEASE and self._server_mac is not None:
            # The address is gone before an ARP request for the server could be answered.
            header = Ipv4(message.client, sent.destination, UDP, TTL)
            send_frame(self.host, port, Packet(header, datagram), self._server_mac)
        else:
            send_by_kernel(self.host, sent.destination, datagram)

    def _broadcast(self, arp: Arp) -> None:
        if self._port is not None and self._port.mac is not None:
            self.host.send(self._port, Frame(ALL_STATIONS, self._port.mac, arp))

    # --- time -----------------------------------------------------------------------------------

    def _set_alarm(self, deadline_ns: int) -> None:
        agenda = self.host.internet.agenda
        if self._alarm is not None:
            agenda.cancel(self._alarm)
            self._alarm = None
        if deadline_ns != NEVER:
            self._alarm = agenda.add(deadline_ns, self._ring, background=self._is_background)

    @property
    def _is_background(self) -> bool:
        """Whether nobody can be waiting for what comes next."""
        held = self._client is not None and self._client.state in HOLDING
        return held or self._now_ns - self._began_ns >= PATIENCE_NS
