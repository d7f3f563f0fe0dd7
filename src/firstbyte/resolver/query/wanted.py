"""What a line of dig's words asks for: the questions, the way to the server, and the looks."""

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from firstbyte.protocols.dns.tsig import Key

DEFAULT_PATH = "/dns-query"
PORTS = {"tls": 853, "https": 443, "http": 80}
PADDED_BYTES = 128
"""Encrypted questions all look alike in size (RFC 8467, 4.1)."""


class Secured(Struct, frozen=True):
    """DNS over TLS (RFC 7858) or HTTPS (RFC 8484); HTTP in clear is for servers behind a proxy."""

    kind: Literal["tls", "https", "http"] | None = None
    """Null: neither."""
    path: str = DEFAULT_PATH
    get: bool = False
    """HTTP's GET in place of POST."""
    verify: bool = False
    """Without it, as with dig, the server may be anybody's; its certificate is judged all the
    same, and the verdict told."""
    ca_file: str | None = None
    """Null: the system's authorities."""
    hostname: str | None = None
    """What the certificate must be for; null: the server as it was named."""
    cert_file: str | None = None
    """The client's own."""
    key_file: str | None = None


class Wanted(Struct, frozen=True):
    """What is asked, how, and what is shown."""

    questions: tuple[tuple[str, int], ...] = ()
    """Names and types."""
    server: str | None = None
    port: int | None = None
    """Null: that of the way to the server."""
    source: tuple[str, int] | None = None
    """The address and port to ask from; null: the system's choice."""
    secured: Secured = Secured()
    rdclass: int = 1
    opcode: int = 0
    id: int | None = None
    """Null: a random one."""
    header_only: bool = False
    """No question section."""
    search: bool = False
    """Complete names by the search list."""
    search_shown: bool = False
    """With ``search``: show the answers on the way, too."""
    domain: str | None = None
    """In place of the system's search list."""
    ndots: int | None = None
    short: bool = False
    trace: bool = False
    dnssec: bool = False
    recurse: bool = True
    authentic: bool = True
    checking_disabled: bool = False
    tcp: bool = False
    ignore_truncation: bool = False
    stop_at_servfail: bool = True
    """Without it the next server is asked where one answers SERVFAIL."""
    edns: int | None = 0
    """The version; null: no OPT record."""
    negotiate: bool = True
    """Ask again with a version that the server knows (RFC 6891, 6.1.3)."""
    edns_flags: int = 0
    """Further bits of the OPT record."""
    buffer_bytes: int = 1232
    timeout_s: float = 5.0
    tries: int = 3
    nsid: bool = False
    subnet: str | None = None
    """Told as the client's (RFC 7871): ``192.0.2.0/24``, or ``0`` for none."""
    cookie: bytes | None = None
    """Null: none is sent; empty: a new one."""
    retry_cookie: bool = True
    """Ask again with the cookie that came with BADCOOKIE (RFC 7873, 5.3)."""
    keepalive: bool = False
    expire: bool = False
    padding_bytes: int | None = None
    """The query is padded to a multiple of this (RFC 7830); null: where it is encrypted."""
    options: tuple[tuple[int, bytes], ...] = ()
    """Further EDNS options: code and octets."""
    flags: int = 0
    """Further bits of the header."""
    serial: int | None = None
    """Of IXFR."""
    key: "Key | None" = None
    """Signs the query, and must have signed the answer (RFC 8945)."""
    audit: bool = False
    """After a walk: inspect every server of the name's zone."""
    show: dict[str, bool | int] = {}
    """What was said of dig's format: its words, as ``rendering.dns_dig.Parts`` has them."""

    @property
    def block_bytes(self) -> int:
        """What the query is padded to a multiple of; 0: it is not."""
        if self.padding_bytes is not None:
            return self.padding_bytes
        return PADDED_BYTES if self.secured.kind in ("tls", "https") else 0
