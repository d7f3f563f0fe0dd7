"""Where names stand inside record data, for decompression, compression and canonical form.

A layout is read from the left: a number skips so many octets, ``NAME`` is a domain name, ``TEXT`` a
character-string. What follows the last step is plain octets. Types without a row hold no names that
a reader may decompress (RFC 3597, 4).
"""

from typing import Final

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns.constants import AAAA, RRSIG, A

NAME: Final = -1
TEXT: Final = -2

COMPRESSIBLE: dict[int, tuple[int, ...]] = {
    2: (NAME,),
    3: (NAME,),
    4: (NAME,),
    5: (NAME,),
    6: (NAME, NAME),
    7: (NAME,),
    8: (NAME,),
    9: (NAME,),
    12: (NAME,),
    14: (NAME, NAME),
    15: (2, NAME),
}
"""The types of RFC 1035: their names may be compressed by a sender."""

READABLE: dict[int, tuple[int, ...]] = COMPRESSIBLE | {
    17: (NAME, NAME),
    18: (2, NAME),
    21: (2, NAME),
    24: (18, NAME),
    26: (2, NAME, NAME),
    30: (NAME,),
    33: (6, NAME),
    35: (4, TEXT, TEXT, TEXT, NAME),
    36: (2, NAME),
    39: (NAME,),
}
"""Types whose names a reader decompresses all the same, as old senders do (RFC 3597, 4)."""

CANONICAL: dict[int, tuple[int, ...]] = READABLE | {RRSIG: (18, NAME)}
"""Types whose names are lower case in canonical form (RFC 4034, 6.2, less NSEC: RFC 6840, 5.1)."""

FIXED_BYTES = {A: 4, AAAA: 16}


def canonical(rdtype: int, rdata: bytes) -> bytes:
    """``rdata`` as it is signed: its names in lower case. It is well formed."""
    layout = CANONICAL.get(rdtype)
    if layout is None:
        return rdata
    out = b""
    at = 0
    for step in layout:
        end = step_end(rdata, at, step)
        piece = rdata[at:end]
        out += piece.lower() if step == NAME else piece
        at = end
    return out + rdata[at:]


def step_end(rdata: bytes, at: int, step: int) -> int:
    """Where this step of a layout ends in uncompressed data.

    Raises:
        DecodeError: the data ends before.

    """
    if step >= 0:
        end = at + step
    elif step == TEXT:
        end = at + 1 + rdata[at] if at < len(rdata) else len(rdata) + 1
    else:
        end = _name_end(rdata, at)
    if end > len(rdata):
        raise DecodeError(at, "rdata", "more octets", f"{len(rdata)} in all", "RFC 1035, 3.3")
    return end


def _name_end(rdata: bytes, at: int) -> int:
    while at < len(rdata) and (length := rdata[at]):
        if length > 63:
            return len(rdata) + 1
        at += length + 1
    return at + 1
