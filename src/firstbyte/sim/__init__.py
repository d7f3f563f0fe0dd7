"""The private internet: a simulated network in which any asyncio program runs unchanged."""

from firstbyte.sim.internet import Internet

__all__ = ["Internet"]
