"""A host's interfaces: name, hardware address, MTU, addresses."""

from ipaddress import ip_interface

from msgspec import Struct

from firstbyte.errors import UsageError
from firstbyte.protocols.ip.addresses import canonical, is_link_local, version


class Address(Struct, frozen=True):
    """An address with its prefix length."""

    address: str
    prefix: int

    @property
    def network(self) -> str:
        """The network that it is in, as "192.0.2.0/24"."""
        return str(ip_interface(f"{self.address}/{self.prefix}").network)

    @property
    def broadcast(self) -> str | None:
        """The subnet's broadcast address (IPv4 with room for one)."""
        if version(self.address) == 6 or self.prefix > 30:
            return None
        return str(ip_interface(f"{self.address}/{self.prefix}").network.broadcast_address)


class Interface:
    """``mac`` is null on links without addresses (point to point): no ARP there."""

    __slots__ = ("addresses", "broadcasts", "mac", "mtu", "name", "up")

    def __init__(self, name: str, mac: bytes | None, mtu: int) -> None:
        if mac is not None and len(mac) != 6:
            raise UsageError(f"a MAC has 6 bytes, not {len(mac)}")
        self.name = name
        self.mac = mac
        self.mtu = mtu
        self.up = True
        self.addresses: list[Address] = []
        self.broadcasts: set[str] = set()

    def add(self, address: str, prefix: int) -> Address:
        """Give it an address."""
        added = Address(canonical(address), prefix)
        self.addresses.append(added)
        if added.broadcast is not None:
            self.broadcasts.add(added.broadcast)
        return added

    def remove(self, address: str) -> Address:
        """Take an address away. Raises :class:`UsageError` when it has none such."""
        for held in self.addresses:
            if held.address == canonical(address):
                self.addresses.remove(held)
                self.broadcasts = {a.broadcast for a in self.addresses if a.broadcast}
                return held
        raise UsageError(f"{self.name} has no address {address}")

    def source_for(self, target: str) -> str | None:
        """The address to send from to ``target``: one in its subnet, else the first of its scope.

        A link-local address is of no use to a target beyond the link (RFC 6724, rule 2).
        """
        same = [a for a in self.addresses if version(a.address) == version(target)]
        local = is_link_local(target)
        same.sort(key=lambda held: is_link_local(held.address) != local)
        inside = [a for a in same if _contains(a, target)]
        return (inside or same)[0].address if same else None


def _contains(held: Address, target: str) -> bool:
    both = (ip_interface(f"{a}/{held.prefix}").network for a in (held.address, target))
    return next(both) == next(both)
