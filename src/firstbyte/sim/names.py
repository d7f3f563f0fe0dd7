"""getaddrinfo(3) inside the world: literals, the host's table, then the host's name servers."""

import asyncio
import ipaddress
import socket
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from firstbyte.sim import dns_client
from firstbyte.sim.standstill import finish

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]

KINDS = (
    (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    (socket.SOCK_RAW, 0),
)

EAI_ADDRFAMILY = -9
"""glibc's number; Python names it only where the C library still defines it."""

MAX_LABEL = 63

KNOWN_FLAGS = 0x7FF
"""All of glibc's, from AI_PASSIVE to AI_NUMERICSERV."""

WORDS = {
    socket.EAI_BADFLAGS: "Bad value for ai_flags",
    socket.EAI_SOCKTYPE: "ai_socktype not supported",
    EAI_ADDRFAMILY: "Address family for hostname not supported",
    socket.EAI_NONAME: "Name or service not known",
    socket.EAI_AGAIN: "Temporary failure in name resolution",
    socket.EAI_NODATA: "No address associated with hostname",
    socket.EAI_SERVICE: "Servname not supported for ai_socktype",
    socket.EAI_FAMILY: "ai_family not supported",
}

SERVICE_NAMES = {
    7: "echo",
    9: "discard",
    20: "ftp-data",
    21: "ftp",
    22: "ssh",
    23: "telnet",
    25: "smtp",
    37: "time",
    53: "domain",
    67: "bootps",
    68: "bootpc",
    80: "http",
    110: "pop3",
    123: "ntp",
    143: "imap2",
    161: "snmp",
    179: "bgp",
    389: "ldap",
    443: "https",
    853: "domain-s",
    993: "imaps",
    995: "pop3s",
    3306: "mysql",
    5432: "postgresql",
    6379: "redis",
}
"""Ports with names, the same on every machine: /etc/services may differ, or not be there at all."""
SERVICES = {name: port for port, name in SERVICE_NAMES.items()}


class Query(Struct, frozen=True):
    """The arguments of getaddrinfo(3)."""

    host: str | bytes | None
    port: str | bytes | int | None
    family: int = 0
    type: int = 0
    proto: int = 0
    flags: int = 0

    @property
    def name(self) -> str | None:
        """The host as text without its final dot; None stands for the machine itself."""
        return self.host.decode("idna") if isinstance(self.host, bytes) else self.host

    @property
    def maps_ipv4(self) -> bool:
        """Whether IPv4 addresses may be given as IPv6 ones (AI_V4MAPPED)."""
        return self.family == socket.AF_INET6 and bool(self.flags & socket.AI_V4MAPPED)


def fail(code: int) -> NoReturn:
    """Raise the ``gaierror`` of the C library's ``code``."""
    raise socket.gaierror(code, WORDS[code])


async def lookup(host: "Host", query: Query) -> list[AddressInfo]:
    """Addresses for ``query`` as seen on ``host``.

    Raises ``socket.gaierror`` as the C library would.
    """
    found = _without_network(host, query)
    if found is None:
        await asyncio.sleep(0)
        found = await dns_client.addresses(host, str(query.name), _families(query))
    return _build(host, query, found)


def lookup_at_once(host: "Host", query: Query) -> list[AddressInfo]:
    """The same for blocking callers: their host stands still while name servers are asked."""
    found = _without_network(host, query)
    if found is None:
        asked = dns_client.addresses(host, str(query.name), _families(query))
        found = finish("getaddrinfo", asked)
    return _build(host, query, found)


def _without_network(host: "Host", query: Query) -> list[str] | None:
    """Literals and the table; None when the name servers must be asked."""
    _check(query)
    name = query.name
    if name is None:
        passive = query.flags & socket.AI_PASSIVE
        return ["0.0.0.0", "::"] if passive else ["::1", "127.0.0.1"]
    literal = _literal(name)
    if literal is not None:
        return [literal]
    if query.flags & socket.AI_NUMERICHOST:
        fail(socket.EAI_NONAME)
    known = host.known_addresses(name.rstrip(".").lower())
    if known:
        return known
    if not host.nameservers:
        fail(socket.EAI_NONAME)
    return None


def _check(query: Query) -> None:
    """What the C library refuses before it looks anything up."""
    name, port = query.name, query.port
    if query.flags & ~KNOWN_FLAGS or (name is None and query.flags & socket.AI_CANONNAME):
        fail(socket.EAI_BADFLAGS)
    if name == "" or (name is None and port is None):
        fail(socket.EAI_NONAME)
    if query.family not in {socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6}:
        fail(socket.EAI_FAMILY)
    if not any(_fits(kind, query) for kind in KINDS):
        fail(socket.EAI_SOCKTYPE if query.type and query.proto else socket.EAI_SERVICE)
    if query.type == socket.SOCK_RAW and port is not None:
        fail(socket.EAI_SERVICE)
    if name is not None and any(len(label) > MAX_LABEL for label in name.split(".")):
        name.encode("idna")  # which refuses it, before the C library sees it


@lru_cache(maxsize=4096)
def _literal(name: str) -> str | None:
    bare, percent, scope = name.partition("%")
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return None if percent else _short_literal(name)
    return bare + percent + scope


def _short_literal(name: str) -> str | None:
    """inet_aton(3) knows forms such as 127.1 and 0x7f.1."""
    if not name[:1].isdigit() or name.split() != [name]:
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        return None


def _families(query: Query) -> tuple[int, ...]:
    if query.family == socket.AF_INET:
        return (4,)
    return (6,) if query.family == socket.AF_INET6 and not query.maps_ipv4 else (4, 6)


def _build(host: "Host", query: Query, found: list[str]) -> list[AddressInfo]:
    kinds = [kind for kind in KINDS if _fits(kind, query)]
    port = _port(query)
    wanted = [address for address in found if _family(address) in _wanted_families(host, query)]
    if query.maps_ipv4 and (not wanted or query.flags & socket.AI_ALL):
        wanted += [f"::ffff:{address}" for address in found if ":" not in address]
    if not wanted:
        fail(EAI_ADDRFAMILY if _literal(str(query.name)) else socket.EAI_NODATA)
    canonical = query.name or "" if query.flags & socket.AI_CANONNAME else ""
    return [
        (_family(address), kind, proto, canonical if first else "", _sockaddr(host, address, port))
        for first, address, kind, proto in (
            (index == 0 and (kind, proto) == kinds[0], address, kind, proto)
            for index, address in enumerate(host.preferred(wanted))
            for kind, proto in kinds
        )
    ]


def _fits(kind: tuple[socket.SocketKind, int], query: Query) -> bool:
    if query.type and kind[0] != query.type:
        return False
    any_protocol = query.type == socket.SOCK_RAW
    return not query.proto or kind[1] == query.proto or any_protocol


def _wanted_families(host: "Host", query: Query) -> set[int]:
    if query.family:
        return {query.family}
    families = {int(socket.AF_INET), int(socket.AF_INET6)}
    name = query.name
    if query.flags & socket.AI_ADDRCONFIG and name and not _literal(name):
        families &= host.configured_families()
    return families


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _sockaddr(host: "Host", address: str, port: int) -> tuple[Any, ...]:
    if ":" not in address:
        return (address, port)
    bare, _, scope = address.partition("%")
    return (bare, port, 0, _scope(host, scope) if scope else 0)


def _scope(host: "Host", scope: str) -> int:
    """The number of an interface, or its name: lo is 1, eth0 is 2."""
    if scope.isdigit():
        return int(scope)
    names = host.interface_names()
    if scope not in names:
        fail(socket.EAI_NONAME)
    return names.index(scope) + 1


def _port(query: Query) -> int:
    port = query.port.decode("ascii") if isinstance(query.port, bytes) else query.port
    if port is None or port == "":
        return 0
    if isinstance(port, int) or port.isdigit():
        if int(port) < 0:
            fail(socket.EAI_SERVICE)
        return int(port) & 0xFFFF
    if query.flags & socket.AI_NUMERICSERV:
        fail(socket.EAI_NONAME)
    number = SERVICES.get(port)
    if number is None:
        fail(socket.EAI_SERVICE)
    return number


def reverse(host: "Host", sockaddr: Any, flags: int) -> tuple[str, str]:
    """getnameinfo(3) from the table: the name, or with none the address; and the service."""
    if not isinstance(sockaddr, tuple) or not 2 <= len(sockaddr) <= 4:
        raise TypeError("getnameinfo(): illegal sockaddr argument")
    address, port = str(sockaddr[0]), int(sockaddr[1]) & 0xFFFF
    if _literal(address) is None:
        fail(socket.EAI_NONAME)
    if ":" not in address and len(sockaddr) > 2:
        raise OSError("IPv4 sockaddr must be 2 tuple")
    name = None if flags & socket.NI_NUMERICHOST else host.known_name(address)
    if name is None and flags & socket.NI_NAMEREQD:
        fail(socket.EAI_NONAME)
    return name or address + _scope_name(host, sockaddr), _service(port, flags)


def _scope_name(host: "Host", sockaddr: Any) -> str:
    scope = sockaddr[3] if len(sockaddr) == 4 else 0
    names = host.interface_names()
    if not scope or not ipaddress.ip_address(sockaddr[0]).is_link_local:
        return ""
    return f"%{names[scope - 1]}" if 0 < scope <= len(names) else f"%{scope}"


def _service(port: int, flags: int) -> str:
    if flags & socket.NI_NUMERICSERV:
        return str(port)
    return SERVICE_NAMES.get(port, str(port))
