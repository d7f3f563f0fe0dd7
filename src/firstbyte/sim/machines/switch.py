"""An Ethernet switch that learns which station is behind which port (IEEE 802.1D, 7.7 to 7.9)."""

from firstbyte.sim.clock import NS_PER_S
from firstbyte.sim.frames import Frame, Unit
from firstbyte.sim.internet import Internet
from firstbyte.sim.links import Port

AGE_S = 300
"""How long a station that is silent is remembered."""


class Switch:
    """A node: ``internet.link(host, Switch(internet, "lan"))``.

    Hosts on it need addresses with prefix lengths, and speak ARP.
    """

    is_switch = True

    def __init__(self, internet: Internet, name: str) -> None:
        self.name = name
        self.ports: list[Port] = []
        self._internet = internet
        self._learned: dict[bytes, tuple[Port, int]] = {}

    def new_port(self, mtu: int, *, ethernet: bool) -> Port:  # noqa: ARG002 - it always is
        """One more port."""
        port = Port(self, f"port{len(self.ports)}", mtu)
        self.ports.append(port)
        return port

    def receive(self, port: Port, unit: Unit) -> None:
        """Learn the sender; pass the frame to the port of its target, or to all others."""
        if not isinstance(unit, Frame):
            return
        now_ns = self._internet.clock.now_ns
        self._learned[unit.source] = (port, now_ns + AGE_S * NS_PER_S)
        target = self._port_of(unit.destination, now_ns)
        if target is port:
            return
        for other in self.ports if target is None else (target,):
            if other is not port:
                other.send(unit)

    def _port_of(self, mac: bytes, now_ns: int) -> Port | None:
        """Where a station is; None for groups and stations that are not known (any more)."""
        found = self._learned.get(mac)
        if found is None or found[1] <= now_ns:
            self._learned.pop(mac, None)
            return None
        return found[0]

    def table(self) -> dict[str, str]:
        """What it has learned: MAC address → port."""
        return {mac.hex(":"): port.name for mac, (port, _) in self._learned.items()}
