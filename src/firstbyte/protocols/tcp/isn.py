"""Initial sequence numbers and timestamp offsets by keyed hash (RFC 6528, RFC 7323, 5.4)."""

from hashlib import blake2s

from firstbyte.protocols.tcp.sequence import MASK

TICK_NS = 4_000
"""The clock component counts 4-microsecond ticks (RFC 6528, section 3)."""

Endpoint = tuple[str, int]


def initial_sequence(secret: bytes, local: Endpoint, remote: Endpoint, now_ns: int) -> int:
    """ISN = M + F(connection, secret): unguessable, yet growing for one pair of endpoints.

    ``secret`` is up to 32 random bytes that the host keeps.
    """
    return (now_ns // TICK_NS + _hash(secret, b"isn", local, remote)) & MASK


def timestamp_offset(secret: bytes, local: Endpoint, remote: Endpoint) -> int:
    """Where the timestamp clock starts for this pair of endpoints, in milliseconds."""
    return _hash(secret, b"ts", local, remote)


def _hash(secret: bytes, purpose: bytes, local: Endpoint, remote: Endpoint) -> int:
    text = f"{local[0]} {local[1]} {remote[0]} {remote[1]}".encode()
    digest = blake2s(text, digest_size=4, key=secret, person=purpose).digest()
    return int.from_bytes(digest, "big")
