"""A DHCP server, pure (RFC 2131, 4.3): a message and the time in, at most one answer out."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface
from typing import NamedTuple

from msgspec import Struct, field

from firstbyte.errors import UsageError
from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.lease import INFINITE, SECOND
from firstbyte.protocols.dhcp.message import (
    CLIENT_PORT,
    DEFAULT_MAX_BYTES,
    REPLY,
    REQUEST,
    SERVER_PORT,
    Message,
    MessageType,
    encode,
)
from firstbyte.protocols.dhcp.pool import FOREVER_NS, Binding, BindingState, Pool, Who
from firstbyte.protocols.dhcp.values import StaticRoute, Value
from firstbyte.protocols.ip.addresses import ANY_V4, BROADCAST

IP_AND_UDP_BYTES = 28


class ServerSettings(Struct, frozen=True, kw_only=True):
    """What the server gives away. ``address`` is its own, with the subnet: "192.168.1.1/24"."""

    address: str
    first: str
    """The pool's first address, and ``last`` its last."""
    last: str
    lease_s: int | None = 86_400
    """Null: for ever."""
    offer_s: int = 60
    """How long an offered address is held for the client."""
    decline_s: int = 600
    """How long an address that somebody else was found to use is not given away."""
    renew_s: int | None = None
    """T1; by default clients take half of the lease."""
    rebind_s: int | None = None
    """T2; by default seven eighths."""
    routers: tuple[str, ...] | None = None
    """By default the server itself; an empty tuple: none."""
    routes: tuple[StaticRoute, ...] = ()
    dns_servers: tuple[str, ...] = ()
    domain: str | None = None
    search: tuple[str, ...] = ()
    mtu: int | None = None
    reserved: Mapping[str, str] = field(default_factory=dict)
    """MAC ("02:00:00:00:00:01") → address."""
    authoritative: bool = True
    """The only server here: it grants what clients remember and it does not, or says no.
    Otherwise it is silent about clients that it does not know (section 4.3.2)."""

    @property
    def own(self) -> str:
        """The server's identifier."""
        return self.address.partition("/")[0]

    @property
    def subnet(self) -> IPv4Interface:
        """Its address in its network."""
        return IPv4Interface(self.address)


class Reply(NamedTuple):
    """An answer, and where it goes.

    ``hardware``: deliver to this MAC, the address is not in use yet; null: as any datagram.
    """

    message: Message
    data: bytes
    destination: str
    port: int
    hardware: bytes | None


class Server:
    """See the module. Raises :class:`UsageError` for settings that contradict each other."""

    def __init__(self, settings: ServerSettings) -> None:
        network = settings.subnet.network
        for address in (settings.first, settings.last):
            if IPv4Address(address) not in network:
                raise UsageError(f"{address} is not in {network}", "the pool lies in the subnet")
        self.settings = settings
        reserved = {_mac(text): address for text, address in settings.reserved.items()}
        self.pool = Pool(settings.first, settings.last, reserved)
        self._lease_s = INFINITE if settings.lease_s is None else settings.lease_s
        self._values = _values(settings)

    def leases(self, now_ns: int) -> list[Binding]:
        """The leases that last now."""
        held = self.pool.bindings.values()
        return [one for one in held if one.state == "bound" and now_ns < one.expires_ns]

    def receive(self, message: Message, now_ns: int) -> Reply | None:
        """A message came to port 67; its answer, if there is one."""
        if message.operation != REQUEST or not self._serves(message.relay):
            return None
        client = Who(client_key(message), message.hardware)
        kind = message.type
        if kind is MessageType.DISCOVER:
            return self._offer(message, client, now_ns)
        if kind is MessageType.REQUEST:
            return self._request(message, client, now_ns)
        if kind is MessageType.INFORM:
            return self._inform(message)
        if kind is MessageType.DECLINE:
            self._declined(message, client, now_ns)
        elif kind is MessageType.RELEASE:
            self._released(message, client, now_ns)
        return None

    def _serves(self, relay: str) -> bool:
        """Whether the client, behind this relay or none, is on our subnet (section 4.3.1)."""
        return relay == ANY_V4 or IPv4Address(relay) in self.settings.subnet.network

    # The kinds of messages.

    def _offer(self, message: Message, client: Who, now_ns: int) -> Reply | None:
        wanted = message.address(options.REQUESTED_ADDRESS)
        address = self.pool.choose(client, wanted, now_ns)
        if address is None:
            return None
        found = self.pool.of(client)
        if found is None or found.address != address or not _lasts(found, now_ns):
            until_ns = now_ns + self.settings.offer_s * SECOND
            self.pool.keep(_binding(message, client, address, "offered", until_ns))
        return self._answer(message, MessageType.OFFER, address)

    def _request(self, message: Message, client: Who, now_ns: int) -> Reply | None:
        server = message.address(options.SERVER_ID)
        requested = message.address(options.REQUESTED_ADDRESS)
        if server is not None and server != self.settings.own:
            self._withdraw(client)
            return None
        if message.client != ANY_V4:
            return self._extend(message, client, message.client, now_ns)
        if requested is None:
            return None
        if server is None:
            return self._extend(message, client, requested, now_ns)
        found = self.pool.of(client)
        held = found is not None and found.address == requested
        if not held or not self.pool.is_free(requested, client, now_ns):
            return self._refuse(message, "that address was not offered, or too long ago")
        return self._grant(message, client, requested, now_ns)

    def _extend(self, message: Message, client: Who, address: str, now_ns: int) -> Reply | None:
        """INIT-REBOOT, RENEWING or REBINDING: the client believes to have ``address``."""
        if IPv4Address(address) not in self.settings.subnet.network:
            return self._refuse(message, "that address is of another network")
        found = self.pool.of(client)
        known = found is not None and found.state == "bound"
        if known and found is not None and found.address != address:
            return self._refuse(message, "you have another address")
        if not known and not self.settings.authoritative:
            return None
        if not self.pool.is_free(address, client, now_ns):
            return self._refuse(message, "that address is not free")
        return self._grant(message, client, address, now_ns)

    def _grant(self, message: Message, client: Who, address: str, now_ns: int) -> Reply:
        endless = self._lease_s == INFINITE
        until_ns = FOREVER_NS if endless else now_ns + self._lease_s * SECOND
        self.pool.keep(_binding(message, client, address, "bound", until_ns))
        return self._answer(message, MessageType.ACK, address)

    def _withdraw(self, client: Who) -> None:
        """The client took another server's offer."""
        found = self.pool.of(client)
        if found is not None and found.state == "offered":
            found.state = "free"

    def _declined(self, message: Message, client: Who, now_ns: int) -> None:
        address = message.address(options.REQUESTED_ADDRESS)
        if message.address(options.SERVER_ID) != self.settings.own or address is None:
            return
        found = self.pool.bindings.get(address)
        if found is not None and found.client == client.id:
            until_ns = now_ns + self.settings.decline_s * SECOND
            self.pool.keep(_binding(message, client, address, "declined", until_ns))

    def _released(self, message: Message, client: Who, now_ns: int) -> None:
        found = self.pool.bindings.get(message.client)
        if message.address(options.SERVER_ID) != self.settings.own or found is None:
            return
        if found.client == client.id and found.state == "bound":
            found.state = "free"
            found.expires_ns = now_ns

    def _inform(self, message: Message) -> Reply | None:
        """Settings without an address or a lease (section 4.3.5)."""
        if message.client == ANY_V4:
            return None
        return self._answer(message, MessageType.ACK, None)

    # Answers.

    def _answer(self, asked: Message, kind: MessageType, address: str | None) -> Reply:
        reply = self._reply(asked, kind)
        reply.client = asked.client if kind is MessageType.ACK else ANY_V4
        if address is not None:
            reply.yours = address
            reply.put(options.LEASE_TIME, self._lease_s)
            for code, seconds in self._times():
                reply.put(code, seconds)
        for code in self._wanted(asked):
            if code in self._values and code not in reply.options:
                reply.put(code, self._values[code])
        return self._sent(asked, reply)

    def _times(self) -> list[tuple[int, int]]:
        settings = self.settings
        times = {
            options.RENEWAL_TIME: settings.renew_s,
            options.REBINDING_TIME: settings.rebind_s,
        }
        return [(code, seconds) for code, seconds in times.items() if seconds is not None]

    def _wanted(self, asked: Message) -> list[int]:
        """What the client lists, in its order (section 4.3.1); if it lists nothing, all we have.

        The mask goes before the router always (RFC 2132, section 3.3).
        """
        listed = asked.get(options.PARAMETER_LIST)
        codes = list(listed) if isinstance(listed, bytes) else list(self._values)
        return sorted(codes, key=lambda code: code != options.SUBNET_MASK)

    def _refuse(self, asked: Message, why: str) -> Reply:
        reply = self._reply(asked, MessageType.NAK)
        reply.put(options.MESSAGE, why)
        return self._sent(asked, reply)

    def _reply(self, asked: Message, kind: MessageType) -> Message:
        reply = Message(
            operation=REPLY,
            transaction=asked.transaction,
            hardware=asked.hardware,
            broadcast=asked.broadcast,
            relay=asked.relay,
        )
        reply.put(options.MESSAGE_TYPE, int(kind))
        reply.put(options.SERVER_ID, self.settings.own)
        if options.CLIENT_ID in asked.options:
            # RFC 6842 wants the identifier back.
            reply.options[options.CLIENT_ID] = asked.options[options.CLIENT_ID]
        return reply

    def _sent(self, asked: Message, reply: Message) -> Reply:
        """Where it goes (section 4.1)."""
        if asked.relay != ANY_V4 and reply.type is MessageType.NAK:
            # The relay broadcasts it: the client may have no address that works (section 4.3.2).
            reply.broadcast = True
        data = _encode_fitting(reply, asked)
        if asked.relay != ANY_V4:
            return Reply(reply, data, asked.relay, SERVER_PORT, None)
        if reply.type is MessageType.NAK:
            return Reply(reply, data, BROADCAST, CLIENT_PORT, None)
        if asked.client != ANY_V4:
            return Reply(reply, data, asked.client, CLIENT_PORT, None)
        if asked.broadcast:
            return Reply(reply, data, BROADCAST, CLIENT_PORT, None)
        return Reply(reply, data, reply.yours, CLIENT_PORT, asked.hardware)


def client_key(message: Message) -> bytes:
    """How a client is known: its identifier, or its MAC (section 4.2)."""
    return message.options.get(options.CLIENT_ID) or message.hardware


def _mac(text: str) -> bytes:
    try:
        mac = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        mac = b""
    if len(mac) != 6:
        raise UsageError(f"{text!r} is no MAC", "write: 02:00:00:00:00:01")
    return mac


def _lasts(binding: Binding, now_ns: int) -> bool:
    return binding.state == "bound" and now_ns < binding.expires_ns


def _binding(
    message: Message, client: Who, address: str, state: BindingState, until_ns: int
) -> Binding:
    name = message.get(options.HOST_NAME)
    return Binding(
        address=address,
        client=client.id,
        hardware=message.hardware,
        state=state,
        expires_ns=until_ns,
        host_name=name if isinstance(name, str) else None,
    )


def _encode_fitting(reply: Message, asked: Message) -> bytes:
    """As many of the options as the client has room for; the last ones go first."""
    told = asked.number(options.MAX_MESSAGE_BYTES) or 0
    room = max(DEFAULT_MAX_BYTES, min(told, 1500) - IP_AND_UDP_BYTES)
    while True:
        try:
            return encode(reply, room)
        except UsageError:
            reply.options.popitem()


def _values(settings: ServerSettings) -> dict[int, Value]:
    network = settings.subnet.network
    routers = (settings.own,) if settings.routers is None else settings.routers
    values: dict[int, Value | None] = {
        options.SUBNET_MASK: str(network.netmask),
        options.CLASSLESS_ROUTES: settings.routes or None,
        options.ROUTER: routers or None,
        options.DNS_SERVERS: settings.dns_servers or None,
        options.DOMAIN_NAME: settings.domain,
        options.DOMAIN_SEARCH: settings.search or None,
        options.INTERFACE_MTU: settings.mtu,
        options.BROADCAST_ADDRESS: str(network.broadcast_address),
    }
    return {code: value for code, value in values.items() if value is not None}
