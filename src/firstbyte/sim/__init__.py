"""The private internet: a simulated network in which any asyncio program runs unchanged."""
