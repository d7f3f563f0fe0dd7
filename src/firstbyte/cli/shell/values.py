"""The value types of options: curl's notations, checked where they are written."""

import math
from typing import Any, NoReturn

import click


class _Value(click.ParamType[Any]):
    """A type whose ``parse`` raises ValueError with the words for the user."""

    def parse(self, text: str) -> Any:
        raise NotImplementedError

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse text; pass on what is already a value."""
        if not isinstance(value, str):
            return value
        try:
            return self.parse(value)
        except ValueError as fault:
            self.fail(f"{value!r}: {fault}", param, ctx)


class Seconds(_Value):
    """Decimal seconds, more than zero, as curl's ``-m 2.5``."""

    name = "seconds"

    def parse(self, text: str) -> float:
        """The number of seconds."""
        try:
            value = float(text)
        except ValueError:
            raise ValueError("not a number of seconds") from None
        if not math.isfinite(value) or value <= 0:
            raise ValueError("must be a number of seconds above 0")
        return value


class ByteCount(_Value):
    """A number of bytes, with an optional k, M or G (powers of 1024, as curl's)."""

    name = "bytes"
    _FACTORS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

    def parse(self, text: str) -> int:
        """The number of bytes."""
        factor = self._FACTORS.get(text[-1:].lower(), 1)
        digits = text[:-1] if factor > 1 else text
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError("not a number of bytes (such as 1000, 64k, 10M)")
        return int(digits) * factor


class Endpoint(_Value):
    """``HOST[:PORT]``; an IPv6 address with a port stands in brackets."""

    name = "host[:port]"

    def __init__(self, default_port: int) -> None:
        self.default_port = default_port

    def parse(self, text: str) -> tuple[str, int]:
        """(host, port)."""
        host, port = split_endpoint(text)
        if not host:
            raise ValueError("no host")
        return host, self.default_port if port is None else port


class DnsServers(_Value):
    """``ADDR[:PORT],…``: IP addresses of DNS servers."""

    name = "addr[:port],…"

    def parse(self, text: str) -> tuple[tuple[str, int], ...]:
        """((address, port), …)."""
        from ipaddress import ip_address

        servers = []
        for part in text.split(","):
            host, port = split_endpoint(part.strip())
            try:
                ip_address(host.partition("%")[0])
            except ValueError:
                raise ValueError(f"{host or 'nothing'} is not an IP address") from None
            servers.append((host, 53 if port is None else port))
        return tuple(servers)


class StaticAddresses(_Value):
    """``HOST:PORT:ADDR[,ADDR]…`` of ``--resolve``; HOST may be ``*``."""

    name = "host:port:addr[,addr]…"

    def parse(self, text: str) -> tuple[str, int, tuple[str, ...]]:
        """(host, port, addresses)."""
        from ipaddress import ip_address

        host, colon, rest = text.removeprefix("+").partition(":")
        port, second_colon, addresses = rest.partition(":")
        if not (host and colon and second_colon and addresses):
            raise ValueError("must be HOST:PORT:ADDR[,ADDR]")
        plain = tuple(_unbracket(part.strip()) for part in addresses.split(","))
        for address in plain:
            try:
                ip_address(address.partition("%")[0])
            except ValueError:
                raise ValueError(f"{address or 'nothing'} is not an IP address") from None
        return host, parse_port(port), plain


class ConnectTo(_Value):
    """``HOST1:PORT1:HOST2:PORT2`` of ``--connect-to``; any part may be empty."""

    name = "host1:port1:host2:port2"

    def parse(self, text: str) -> tuple[str, int | None, str, int | None]:
        """(host to match or "", port to match or null, host to use or "", port or null)."""
        first_host, rest = _take_host(text)
        first_port, colon, rest = rest.partition(":")
        if not colon:
            raise ValueError("must be HOST1:PORT1:HOST2:PORT2, where any part may be empty")
        second_host, second_port = _take_host(rest)
        return first_host, _optional_port(first_port), second_host, _optional_port(second_port)


def split_endpoint(text: str) -> tuple[str, int | None]:
    """``HOST[:PORT]`` in parts; brackets are taken off, a bare IPv6 address has no port.

    Raises:
        ValueError: the port is no port.

    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("brackets do not match")
        return host, _optional_port(rest[1:])
    if text.count(":") > 1:
        return text, None
    host, _, port = text.partition(":")
    return host, _optional_port(port)


def parse_port(text: str) -> int:
    """A port number.

    Raises:
        ValueError: it is not between 1 and 65535.

    """
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= 65535:
        return int(text)
    raise ValueError(f"{text or 'nothing'} is not a port (1 to 65535)")


def _optional_port(text: str) -> int | None:
    return parse_port(text) if text else None


def _take_host(text: str) -> tuple[str, str]:
    """The host before the next colon that is outside brackets, and what follows that colon."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("brackets do not match")
        return host, rest[1:]
    host, _, rest = text.partition(":")
    return host, rest


def _unbracket(text: str) -> str:
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def reject(message: str, hint: str | None = None) -> NoReturn:
    """Refuse the command line."""
    from firstbyte.errors import UsageError

    raise UsageError(message, hint)
