"""Server cookies that servers of one name can share (RFC 9018, 4), with SipHash-2-4."""

from ipaddress import ip_address

CLIENT_BYTES = 8
SERVER_BYTES = 16
SECRET_BYTES = 16
VERSION = 1
PAST_S = 3600
FUTURE_S = 300
RENEW_S = 1800
"""A cookie older than this is replaced (4.3)."""
_MASK = 0xFFFFFFFFFFFFFFFF


def make(client: bytes, address: str, now_s: float, secret: bytes) -> bytes:
    """The whole option for a client: its own cookie, then the server's.

    Args:
        client: the client's cookie, 8 octets.
        address: where the client is.
        now_s: Unix time.
        secret: 16 octets, the same on all servers of the name.

    """
    head = client + bytes((VERSION, 0, 0, 0)) + (int(now_s) & 0xFFFFFFFF).to_bytes(4, "big")
    return head + _digest(head, address, secret)


def is_valid(option: bytes, address: str, now_s: float, secret: bytes) -> bool:
    """Whether this server, or one with its secret, gave the server's part lately (4.3)."""
    if len(option) != CLIENT_BYTES + SERVER_BYTES or option[8] != VERSION:
        return False
    age_s = _age_s(option, now_s)
    fresh = -FUTURE_S <= age_s <= PAST_S
    return fresh and option[16:] == _digest(option[:16], address, secret)


def is_malformed(option: bytes) -> bool:
    """Whether the option has a length that none may have (RFC 7873, 5.2.2)."""
    return len(option) != CLIENT_BYTES and not 16 <= len(option) <= 40


def answer(option: bytes, address: str, now_s: float, secret: bytes) -> bytes:
    """What to send back: a cookie that still holds for a while as it is, else a new one."""
    young = is_valid(option, address, now_s, secret) and _age_s(option, now_s) < RENEW_S
    return option if young else make(option[:CLIENT_BYTES], address, now_s, secret)


def _age_s(option: bytes, now_s: float) -> int:
    """By serial number arithmetic (RFC 1982)."""
    age_s = (int(now_s) - int.from_bytes(option[12:16], "big")) & 0xFFFFFFFF
    return age_s - (1 << 32) if age_s >> 31 else age_s


def _digest(head: bytes, address: str, secret: bytes) -> bytes:
    packed = ip_address(address.partition("%")[0]).packed
    return siphash24(secret, head + packed).to_bytes(8, "little")


def siphash24(key: bytes, data: bytes) -> int:
    """SipHash-2-4 of ``data`` under a key of 16 octets (Aumasson and Bernstein, 2012)."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]
    last = len(data) - len(data) % 8
    final = int.from_bytes(data[last:], "little") | (len(data) & 0xFF) << 56
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, last, 8)]
    for word in (*words, final):
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[int], count: int) -> None:
    a, b, c, d = state
    for _ in range(count):
        a = (a + b) & _MASK
        b = _turned(b, 13) ^ a
        a = _turned(a, 32)
        c = (c + d) & _MASK
        d = _turned(d, 16) ^ c
        a = (a + d) & _MASK
        d = _turned(d, 21) ^ a
        c = (c + b) & _MASK
        b = _turned(b, 17) ^ c
        c = _turned(c, 32)
    state[:] = a, b, c, d


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK
