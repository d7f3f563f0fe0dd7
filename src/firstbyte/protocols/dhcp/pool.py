"""Who has which address of a server's pool, and who gets which next (RFC 2131, section 4.3.1)."""

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Literal, NamedTuple

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.ip.addresses import pack

MAX_POOL = 65_536
FOREVER_NS = 1 << 62

BindingState = Literal["offered", "bound", "free", "declined"]
"""``free`` ones are remembered, so that their client gets them again."""


class Who(NamedTuple):
    """A client: its identifier (or MAC, without one), and its MAC."""

    id: bytes
    hardware: bytes


class Binding(Struct):
    """One address that has, or had, a client. ``client`` is its identifier."""

    address: str
    client: bytes
    hardware: bytes
    state: BindingState
    expires_ns: int
    host_name: str | None = None


class Pool:
    """The addresses from ``first`` to ``last``, and those reserved for MACs.

    Raises :class:`UsageError` for a pool that is empty or has more than 65,536 addresses.
    """

    def __init__(self, first: str, last: str, reserved: Mapping[bytes, str]) -> None:
        low, high = (int.from_bytes(pack(address), "big") for address in (first, last))
        if not 0 <= high - low < MAX_POOL:
            raise UsageError(f"{first} to {last} is no pool of 1 to {MAX_POOL} addresses")
        self._low = low
        self._high = high
        self._reserved = dict(reserved)
        self._held = frozenset(self._reserved.values())
        self._next = low
        self.bindings: dict[str, Binding] = {}
        """By address."""
        self._by_client: dict[bytes, Binding] = {}

    def of(self, client: Who) -> Binding | None:
        """What ``client`` has or had last."""
        return self._by_client.get(client.id)

    def contains(self, address: str) -> bool:
        """Whether the server may give this address to anybody."""
        number = int.from_bytes(pack(address), "big")
        return self._low <= number <= self._high or address in self._held

    def is_free(self, address: str, client: Who, now_ns: int) -> bool:
        """Whether ``client`` could have ``address`` now."""
        if not self.contains(address):
            return False
        if address in self._held:
            return self._reserved.get(client.hardware) == address
        found = self.bindings.get(address)
        if found is None or now_ns >= found.expires_ns:
            return True
        return found.state == "free" or (found.client == client.id and found.state != "declined")

    def choose(self, client: Who, requested: str | None, now_ns: int) -> str | None:
        """The address for ``client``; null when there is none.

        In this order: the one reserved for it, the one that it has or had, the one that it asks
        for, one that nobody ever had, the one whose lease ended longest ago.
        """
        own = self._by_client.get(client.id)
        wishes = (self._reserved.get(client.hardware), own.address if own else None, requested)
        for wish in wishes:
            if wish is not None and self.is_free(wish, client, now_ns):
                return wish
        return self._fresh() or self._oldest(client, now_ns)

    def _fresh(self) -> str | None:
        while self._next <= self._high:
            address = str(IPv4Address(self._next))
            if address not in self.bindings and address not in self._held:
                return address
            self._next += 1
        return None

    def _oldest(self, client: Who, now_ns: int) -> str | None:
        free = [one for one in self.bindings.values() if self.is_free(one.address, client, now_ns)]
        return min(free, key=lambda one: one.expires_ns).address if free else None

    def keep(self, binding: Binding) -> None:
        """Note that a client has an address; it gives up any other."""
        old = self._by_client.get(binding.client)
        if old is not None and old.address != binding.address and old.state != "declined":
            old.state = "free"
        before = self.bindings.get(binding.address)
        if before is not None and self._by_client.get(before.client) is before:
            del self._by_client[before.client]
        self.bindings[binding.address] = binding
        self._by_client[binding.client] = binding
