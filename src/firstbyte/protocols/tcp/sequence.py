"""Sequence numbers: 32 bits on the wire, unbounded integers inside.

Inside a connection a number never wraps: it is the initial number plus an offset, so ``<`` is
``<``. :func:`unwrap` places a number from the wire next to one that is known.
"""

MASK = 0xFFFFFFFF
HALF = 0x80000000


def unwrap(wire: int, near: int) -> int:
    """The unbounded number with these 32 low bits that lies closest to ``near``."""
    return near + ((wire - near + HALF) & MASK) - HALF


def before(a: int, b: int) -> bool:
    """Whether 32-bit ``a`` comes before ``b`` on the circle (RFC 9293, section 3.4)."""
    return ((a - b) & MASK) >= HALF
