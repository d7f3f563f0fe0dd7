"""DHCP in the private internet: what configures a host that asks, and how its frames travel."""

from firstbyte.sim.dhcp.client import DhcpClient, DhcpOptions

__all__ = ["DhcpClient", "DhcpOptions"]
