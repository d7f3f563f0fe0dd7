"""Random changes to a seed: what breaks length fields, loops, bounds and assumptions."""

import random

INTERESTING = (
    b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00\x00", b"\xff\xff", b"\x80\x00", b"\xc0\x0c",
    b"\xff" * 4, b"\r\n", b"\r\n\r\n", b"\n", b":", b";", b"%", b"%00", b"{", b"}", b"[", b"]",
    b"@", b"..",
    b"/", b"\\", b"\xe2\x80\xae", b"\xed\xa0\x80", b"0" * 30, b"-1", b"9" * 25, b"1e999",
    b"chunked", b"null", b'"', b"\x1f\x8b",
)  # fmt: skip
MAX_BYTES = 1 << 16


def mutate(seeds: tuple[bytes, ...], chance: random.Random) -> bytes:
    """A seed, changed up to eight times; now and then pure noise."""
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(200))
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 8)):
        _change(data, seeds, chance)
    return bytes(data[:MAX_BYTES])


def _change(data: bytearray, seeds: tuple[bytes, ...], chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    end = min(len(data), at + chance.choice((1, 1, 2, 4, 16, 300)))
    match chance.randrange(8):
        case 0 if at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(data):
            data[at] = chance.randrange(256)
        case 2:
            del data[at:end]
        case 3:
            del data[at:]
        case 4:
            data[at:at] = chance.choice(INTERESTING)
        case 5:
            data[at:at] = data[at:end] * chance.randint(1, 20)
        case 6:
            other = chance.choice(seeds)
            start = chance.randint(0, len(other))
            data[at:end] = other[start : start + chance.randrange(40)]
        case _:
            data[at:end] = chance.choice(INTERESTING)
