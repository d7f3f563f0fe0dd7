"""How the system resolves: resolv.conf(5) as glibc reads it, and what the caller overrides."""

import re
import socket
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.events.dns import Transport
from firstbyte.resolver.hosts import HostsEntry, Static, parse_hosts

MAX_SERVERS = 3
"""MAXNS of glibc's <resolv.h>; the caller's own list may be longer."""
MAX_NDOTS = 15
MAX_TIMEOUT_S = 30
MAX_ATTEMPTS = 5
PORT = 53
DOT_PORT = 853
HTTPS_PORT = 443
LOOPBACK = "127.0.0.1"
"""Asked when resolv.conf names no server (resolv.conf(5), "nameserver")."""

_ATOI = re.compile(r"[ \t]*([+-]?[0-9]+)")


class Server(Struct, frozen=True):
    """Where questions go: an IP address (or, for DoT, a host) and port, and how."""

    host: str
    port: int = PORT
    transport: Transport = "udp"
    url: str | None = None
    """Of a DoH server."""

    def __str__(self) -> str:
        """As events name it: "192.0.2.1:53", "[2001:db8::1]:53", or the DoH URL."""
        if self.url is not None:
            return self.url
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class SystemSettings(Struct, frozen=True):
    """What resolv.conf(5) says, within glibc's bounds."""

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1
    timeout_s: float = 5
    attempts: int = 2
    rotate: bool = False
    edns0: bool = False
    """Kept for those who ask; the stub uses EDNS in any case."""
    single_request: bool = False
    use_vc: bool = False
    trust_ad: bool = False
    no_aaaa: bool = False
    no_tld_query: bool = False


class StubSettings(Struct, frozen=True):
    """Everything that the stub is told."""

    servers: tuple[Server, ...] = (Server(LOOPBACK),)
    system: SystemSettings = field(default_factory=SystemSettings)
    hosts: tuple[HostsEntry, ...] = ()
    static: tuple[Static, ...] = ()
    deadline_s: float = 30.0
    """For one whole lookup."""
    https_grace_s: float = 0.05
    """How long the HTTPS answer is waited for once the addresses are all there (RFC 8305, 3, has
    the same Resolution Delay for a late family)."""
    announce: bool = True
    """Tell the start and end of lookups; the bootstrap's are part of another one."""
    bootstrap: "StubSettings | None" = None
    """How the host of a DoT or DoH server is resolved; null when no server needs it."""


class ServerMemory(Struct):
    """What a stub remembers of its servers between questions."""

    turn: int
    """Where ``rotate`` begins next."""
    no_edns: frozenset[Server] = frozenset()
    """Servers that answered only without EDNS."""


_FLAGS = {
    "rotate": "rotate",
    "edns0": "edns0",
    "single-request": "single_request",
    "single-request-reopen": "single_request",
    "use-vc": "use_vc",
    "trust-ad": "trust_ad",
    "no-aaaa": "no_aaaa",
    "no-tld-query": "no_tld_query",
}
_NUMBERS = {
    "ndots": ("ndots", 0, MAX_NDOTS),
    "timeout": ("timeout_s", 1, MAX_TIMEOUT_S),
    "attempts": ("attempts", 1, MAX_ATTEMPTS),
}


def parse_resolv_conf(text: str, environment: Mapping[str, str] | None = None) -> SystemSettings:
    """Read resolv.conf(5); what cannot be read is skipped, as glibc does.

    Keywords begin in the first column. Of several ``search`` and ``domain`` lines the last one
    counts. LOCALDOMAIN and RES_OPTIONS of ``environment`` go over the file.

    Args:
        text: the file.
        environment: the process's variables, if they are to count.

    """
    nameservers: list[str] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    for line in text.splitlines():
        keyword, rest = _keyword(line)
        if keyword == "nameserver" and (address := parse_nameserver(rest)):
            nameservers.append(address)
        elif keyword == "search" and (domains := _domains(rest)):
            search = domains
        elif keyword == "domain" and (domains := _domains(rest)):
            search = domains[:1]
        elif keyword == "options":
            options.extend(rest.split())
    variables = environment or {}
    search = _domains(variables.get("LOCALDOMAIN", "")) or search
    options.extend(variables.get("RES_OPTIONS", "").split())
    base = SystemSettings(nameservers=tuple(nameservers[:MAX_SERVERS]), search=search)
    return replace(base, **_parse_options(options))


def _parse_options(options: list[str]) -> dict[str, Any]:
    """The fields of ``SystemSettings`` that these options set; unknown ones are ignored."""
    values: dict[str, int | bool] = {}
    for option in options:
        name, colon, number = option.partition(":")
        if colon and name in _NUMBERS:
            field_name, least, most = _NUMBERS[name]
            values[field_name] = min(max(_atoi(number), least), most)
        elif not colon and name in _FLAGS:
            values[_FLAGS[name]] = True
    return values


def parse_nameserver(text: str) -> str | None:
    """The address of a ``nameserver`` line: IPv4 as inet_aton(3), IPv6 maybe with a scope id."""
    word = (text.split() or [""])[0]
    try:
        if ":" in word:
            return str(IPv6Address(word))
        return socket.inet_ntoa(socket.inet_aton(word))
    except (OSError, ValueError):
        return None


def _keyword(line: str) -> tuple[str, str]:
    """A line's keyword and the rest; glibc wants a blank right after the keyword."""
    if line[:1] in {"#", ";"}:
        return "", ""
    match = re.match(r"([a-z]+)[ \t](.*)", line)
    return (match[1], match[2]) if match else ("", "")


def _domains(text: str) -> tuple[str, ...]:
    return tuple(domain.lower().removesuffix(".") or "." for domain in text.split())


def _atoi(text: str) -> int:
    """As atoi(3): the leading number, 0 when there is none; bounded before it is converted."""
    match = _ATOI.match(text)
    return int(match[1][:10]) if match else 0


def make_settings(
    *,
    resolv_conf: str = "",
    hosts_file: str = "",
    environment: Mapping[str, str] | None = None,
    servers: tuple[tuple[str, int], ...] = (),
    dot: tuple[str, int] | None = None,
    doh_url: str | None = None,
    static: tuple[Static, ...] = (),
    timeout_s: float | None = None,
) -> StubSettings:
    """The system's settings with the caller's ``ResolveOptions`` over them.

    At most one of ``servers``, ``dot`` and ``doh_url`` may be given; ``timeout_s`` bounds a whole
    lookup.

    Raises:
        UsageError: more than one kind of server, or a server that is no IP address.

    """
    if sum(map(bool, (servers, dot, doh_url))) > 1:
        raise UsageError(
            "--dns-servers, --dot and --doh-url exclude each other", "give one of them"
        )
    system = parse_resolv_conf(resolv_conf, environment)
    settings = StubSettings(
        servers=_plain_servers(system, servers),
        system=system,
        hosts=parse_hosts(hosts_file),
        static=static,
    )
    if timeout_s is not None:
        settings = replace(settings, deadline_s=timeout_s)
    if dot is not None:
        secure = Server(*dot, "dot")
    elif doh_url is not None:
        secure = Server("", HTTPS_PORT, "doh", doh_url)
    else:
        return settings
    return replace(settings, servers=(secure,), bootstrap=replace(settings, announce=False))


def _plain_servers(
    system: SystemSettings, servers: tuple[tuple[str, int], ...]
) -> tuple[Server, ...]:
    transport: Literal["udp", "tcp"] = "tcp" if system.use_vc else "udp"
    if servers:
        return tuple(Server(_own_address(host), port, transport) for host, port in servers)
    return tuple(Server(address, PORT, transport) for address in system.nameservers or (LOOPBACK,))


def _own_address(host: str) -> str:
    address = parse_nameserver(host.removeprefix("[").removesuffix("]"))
    if address is None:
        raise UsageError(
            f"{host!r} is no IP address", "--dns-servers takes ADDR[:PORT],…; IPv6 in brackets"
        )
    return address


def parse_server(text: str, default_port: int = PORT) -> tuple[str, int]:
    """Read ``ADDR[:PORT]`` or ``HOST[:PORT]``; IPv6 with a port stands in brackets.

    Raises:
        UsageError: it is neither.

    """
    match = re.fullmatch(r"\[([^]]+)](?::([0-9]{1,5}))?|([^:[\]]+)(?::([0-9]{1,5}))?", text)
    if match is None:
        if parse_nameserver(text):
            return text, default_port
        raise UsageError(f"{text!r} is no ADDR[:PORT]", "IPv6 with a port stands in brackets")
    port = int(match[2] or match[4] or default_port)
    if not 0 < port < 65536:
        raise UsageError(f"{text!r}: port {port} does not exist", "ports are 1 to 65535")
    return match[1] or match[3], port
