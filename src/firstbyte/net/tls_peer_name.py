"""The name that the peer of a TLS connection must prove to have."""

import ipaddress

from msgspec import Struct

from firstbyte.errors import UsageError


class PeerName(Struct, frozen=True):
    """What is asked for and checked.

    ``sni`` is null for an address: that is never sent (RFC 6066, 3). ``address`` is its 4 or 16
    bytes, null for a host name. ``checked`` is what the certificate must be for.
    """

    checked: str
    sni: str | None
    address: bytes | None


def peer_name(server_name: str) -> PeerName:
    """The peer's name from a host name (IDNA or not) or an IP address.

    Raises:
        UsageError: no host can have this name.

    """
    try:
        address = ipaddress.ip_address(server_name.strip("[]").partition("%")[0])
    except ValueError:
        name = _ascii_name(server_name)
        return PeerName(name, name, None)
    return PeerName(str(address), None, address.packed)


def _ascii_name(name: str) -> str:
    """The name as it goes on the wire: A-labels (RFC 5891), without the root's dot."""
    plain = name.rstrip(".")
    if plain.isascii():
        return plain.lower()
    import idna

    try:
        return idna.encode(plain, uts46=True).decode()
    except idna.IDNAError as error:
        raise UsageError(f"{name!r} is no host name: {error}") from error
