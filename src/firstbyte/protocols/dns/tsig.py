"""TSIG: messages signed with a secret that two parties share (RFC 8945). Octets in, octets out."""

import base64
import binascii
import re
import struct
from typing import Any, NamedTuple

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.rdtypes.ANY.TSIG import TSIG

from firstbyte.errors import DecodeError

RDTYPE = 250
ANY = 255
FUDGE_S = 300
"""How far the clocks of the two may be apart (10)."""
BADSIG, BADKEY, BADTIME = 16, 17, 18
MAX_UNSIGNED = 99
"""Messages of a transfer between two signed ones (5.3.1)."""
DEFAULT_ALGORITHM = "hmac-sha256"
ALGORITHMS = ("hmac-sha1", "hmac-sha224", DEFAULT_ALGORITHM, "hmac-sha384", "hmac-sha512")
_FIXED = struct.Struct("!HHIH")
_FILE = re.compile(
    r'key\s+"?(?P<name>[^"\s{]+)"?\s*\{\s*'
    r'(?=[^}]*algorithm\s+"?(?P<algorithm>[\w.-]+)"?\s*;)'
    r'(?=[^}]*secret\s+"(?P<secret>[^"]+)"\s*;)'
)


class Fault(Exception):
    """A signature that does not hold. ``code`` is the error of RFC 8945, 3, for the other side."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


class Key(NamedTuple):
    """A shared secret and its name."""

    name: dns.name.Name
    algorithm: str
    secret: bytes

    @property
    def record_bytes(self) -> int:
        """How much a signature adds to a message."""
        mac = dns.tsig.mac_sizes[dns.name.from_text(self.algorithm)]
        return len(self.name.to_wire() or b"") + 10 + len(self.algorithm) + 2 + 16 + mac

    @property
    def made(self) -> dns.tsig.Key:
        """As dnspython has it."""
        return dns.tsig.Key(self.name, self.secret, self.algorithm)


def key_from_text(text: str) -> Key:
    """``[ALGORITHM:]NAME:SECRET``, as dig's ``-y`` takes it.

    Raises:
        ValueError: it is not of that form.

    """
    words = text.split(":")
    if len(words) not in (2, 3):
        raise ValueError("not of the form [ALGORITHM:]NAME:SECRET")
    algorithm, name, secret = words if len(words) == 3 else (DEFAULT_ALGORITHM, *words)
    return _key(name, algorithm, secret)


def key_from_file(text: str) -> Key:
    """The first ``key`` statement of a file as BIND's ``tsig-keygen`` writes it.

    Raises:
        ValueError: there is none.

    """
    found = _FILE.search(text)
    if found is None:
        raise ValueError('no `key "NAME" { algorithm …; secret "…"; };`')
    return _key(found["name"], found["algorithm"], found["secret"])


def _key(name: str, algorithm: str, secret: str) -> Key:
    algorithm = algorithm.lower().rstrip(".")
    if algorithm not in ALGORITHMS:
        raise ValueError(f"{algorithm!r} is none of {', '.join(ALGORITHMS)}")
    try:
        return Key(dns.name.from_text(name), algorithm, base64.b64decode(secret, validate=True))
    except binascii.Error as error:
        raise ValueError(f"the secret is not base64: {error}") from error
    except dns.exception.DNSException as error:
        raise ValueError(f"{name!r} is no name of a key: {error}") from error


class Signed(NamedTuple):
    """A message with its signature taken off."""

    data: bytes
    """Without it, as it was before it was signed."""
    start: int
    """Where the signature's record stood."""
    name: dns.name.Name
    rdata: TSIG


def split(data: bytes) -> Signed | None:
    """Message and signature; None where the last record is none.

    Raises:
        DecodeError: the message, or the signature, is malformed.

    """
    counts = struct.unpack_from("!4H", data, 4) if len(data) >= 12 else (0, 0, 0, 0)
    if not counts[3]:
        return None
    at = 12
    for _ in range(counts[0]):
        at = _after_name(data, at) + 4
    start = at
    for _ in range(sum(counts[1:])):
        start = at
        at = _after_record(data, at)
    fixed = _after_name(data, start)
    rdtype, rdclass, _, size = _FIXED.unpack_from(data, fixed)
    if rdtype != RDTYPE or rdclass != ANY:
        return None
    if at != len(data):  # no signature would cover it
        raise DecodeError(at, "TSIG", "the end of the message", "more octets", "RFC 8945, 5.1")
    try:
        name, _ = dns.name.from_wire(data, start)
        rdata: Any = dns.rdata.from_wire(
            dns.rdataclass.ANY, dns.rdatatype.TSIG, data, fixed + _FIXED.size, size
        )
    except dns.exception.DNSException as error:
        raise DecodeError(start, "TSIG", "a signature", str(error), "RFC 8945, 4.2") from error
    head = data[:10] + (counts[3] - 1).to_bytes(2, "big")
    bare = rdata.original_id.to_bytes(2, "big") + head[2:] + data[12:start]
    return Signed(bare, start, name, rdata)


def _after_name(data: bytes, at: int) -> int:
    while at < len(data):
        octet = data[at]
        if octet >= 0xC0:
            return at + 2
        at += octet + 1
        if not octet:
            return at
    raise DecodeError(len(data), "name", "its end", "the end of the message", "RFC 1035, 4.1")


def _after_record(data: bytes, at: int) -> int:
    at = _after_name(data, at) + _FIXED.size
    if at > len(data):
        raise DecodeError(
            len(data), "record", "its data", "the end of the message", "RFC 1035, 4.1"
        )
    at += int.from_bytes(data[at - 2 : at], "big")
    if at > len(data):
        raise DecodeError(
            len(data), "record", "its data", "the end of the message", "RFC 1035, 4.1"
        )
    return at


class Chain:
    """The signatures of one exchange, each over what came before. One object for each side."""

    def __init__(self, key: Key, request_mac: bytes = b"") -> None:
        """``request_mac`` is the query's signature, where the other side made it."""
        self.key = key
        self.mac = request_mac
        """Of the message that was signed, or checked, last."""
        self._made = key.made
        self._context: Any = None
        self._unsigned = 0

    def sign(
        self, data: bytes, now_s: float, *, multi: bool = False, error: int = 0, other: bytes = b""
    ) -> bytes:
        """The message with its signature; ``multi``: one of a transfer's."""
        blank = TSIG(  # type: ignore[no-untyped-call]
            dns.rdataclass.ANY,
            dns.rdatatype.TSIG,
            self._made.algorithm,
            int(now_s),
            FUDGE_S,
            b"",
            int.from_bytes(data[:2], "big"),
            error,
            other,
        )
        rdata, self._context = dns.tsig.sign(  # type: ignore[no-untyped-call]
            data, self._made, blank, int(now_s), self.mac or None, self._context, multi
        )
        self.mac = rdata.mac
        return _appended(data, self.key.name, rdata)

    def check(self, data: bytes, now_s: float, *, multi: bool = False) -> bytes:
        """The message without its signature.

        Raises:
            DecodeError: it is malformed.
            Fault: it is not signed, or the signature does not hold.

        """
        signed = split(data)
        if signed is None:
            return self._unsigned_part(data)
        try:
            self._context = dns.tsig.validate(  # type: ignore[no-untyped-call]
                data,
                self._made,
                signed.name,
                signed.rdata,
                int(now_s),
                self.mac or None,
                signed.start,
                self._context,
                multi,
            )
        except dns.tsig.BadTime as error:
            raise Fault("the clocks are too far apart", BADTIME) from error
        except (dns.tsig.BadKey, dns.tsig.BadAlgorithm) as error:
            raise Fault(f"another key: {signed.name}", BADKEY) from error
        except dns.tsig.PeerError as error:
            raise Fault(_PEER.get(type(error), str(error)), BADSIG) from error
        except dns.exception.DNSException as error:
            raise Fault("the signature does not verify", BADSIG) from error
        self.mac = signed.rdata.mac
        self._unsigned = 0
        return signed.data

    def _unsigned_part(self, data: bytes) -> bytes:
        """A message between two signed ones of a transfer (5.3.1)."""
        self._unsigned += 1
        if self._context is None or self._unsigned > MAX_UNSIGNED:
            raise Fault("it is not signed", BADSIG)
        self._context.update(data)
        return data

    @property
    def whole(self) -> bool:
        """Whether the last message was signed, as that of a transfer must be."""
        return not self._unsigned


_PEER = {
    dns.tsig.PeerBadKey: "the server does not know the key",
    dns.tsig.PeerBadSignature: "the server says that the signature does not verify",
    dns.tsig.PeerBadTime: "the server says that the clocks are too far apart",
}


def refusal(data: bytes, signed: Signed, error: int, now_s: float) -> bytes:
    """An unsigned answer to a query whose key or signature is not good (5.2)."""
    rdata = TSIG(  # type: ignore[no-untyped-call]
        dns.rdataclass.ANY,
        dns.rdatatype.TSIG,
        signed.rdata.algorithm,
        signed.rdata.time_signed if error == BADKEY else int(now_s),
        FUDGE_S,
        b"",
        signed.rdata.original_id,
        error,
        b"",
    )
    return _appended(data, signed.name, rdata)


def _appended(data: bytes, name: dns.name.Name, rdata: TSIG) -> bytes:
    body = rdata.to_wire() or b""
    record = (name.to_wire() or b"") + _FIXED.pack(RDTYPE, ANY, 0, len(body)) + body
    count = int.from_bytes(data[10:12], "big") + 1
    return data[:10] + count.to_bytes(2, "big") + data[12:] + record
