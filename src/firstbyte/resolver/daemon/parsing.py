"""Texts of the configuration to values: endpoints, names, prefixes, lists of servers."""

from ipaddress import IPv6Network, ip_address
from pathlib import Path

from firstbyte.errors import DecodeError, UsageError
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.values import Server

NAT64_PREFIXES = (32, 40, 48, 56, 64, 96)
"""RFC 6052, 2.2."""


def endpoint(text: str, key: str, default_port: int | None = None) -> Server:
    """``ADDR:PORT``, ``[ADDR]:PORT``, ``ADDR@PORT`` or, with a default port, ``ADDR``.

    Raises:
        UsageError: it is none of these.

    """
    address, port = _split(str(text))
    try:
        number = int(port) if port else default_port
        shown = str(ip_address(address))
    except ValueError:
        number, shown = None, ""
    if number is None or not 0 <= number <= 65535:
        example = "write 192.0.2.1:53 or [2001:db8::1]:53"
        raise UsageError(f"{key}: {text!r} is no address and port", example)
    return shown, number


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        return address, rest.lstrip(":@")
    if "@" in text:
        address, _, port = text.partition("@")
        return address, port
    if text.count(":") == 1:
        address, _, port = text.partition(":")
        return address, port
    return text, ""


def zone(text: str) -> bytes:
    """A zone's name as key.

    Raises:
        UsageError: it is no name.

    """
    try:
        return names.from_text(text).lower()
    except DecodeError as error:
        raise UsageError(f"{text!r} is no domain name: {error.found}") from error


def zone_servers(table: dict[str, list[str] | str], key: str) -> dict[bytes, tuple[Server, ...]]:
    """``{zone: [address, …]}`` or ``{zone: address}``; the port is 53 where none is given."""
    found = {}
    for name, value in table.items():
        texts = [value] if isinstance(value, str) else value
        if not texts:
            raise UsageError(f"{key}: {name!r} needs a list of addresses")
        found[zone(name)] = tuple(endpoint(text, key, 53) for text in texts)
    return found


def dns64(text: str | None) -> IPv6Network | None:
    """A prefix for DNS64.

    Raises:
        UsageError: it is no IPv6 prefix of an allowed length.

    """
    if not text:
        return None
    try:
        prefix = IPv6Network(text)
    except ValueError as error:
        raise UsageError(f"dns64_prefix: {error}", "write 64:ff9b::/96") from error
    if prefix.prefixlen not in NAT64_PREFIXES:
        lengths = ", ".join(map(str, NAT64_PREFIXES))
        raise UsageError(f"dns64_prefix: the length of {text} is not allowed", f"use {lengths}")
    return prefix


def lines(path: Path, key: str) -> list[str]:
    """The lines of a text file.

    Raises:
        UsageError: it cannot be read.

    """
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"{key}: cannot read {path}: {words}") from error
