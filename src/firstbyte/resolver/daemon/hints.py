"""The root's servers: built in, from a file in zone format, or from the configuration."""

from pathlib import Path

from firstbyte.errors import UsageError
from firstbyte.resolver.daemon.parsing import endpoint, lines, zone

_ROOT = {
    "a": ("198.41.0.4", "2001:503:ba3e::2:30"),
    "b": ("170.247.170.2", "2801:1b8:10::b"),
    "c": ("192.33.4.12", "2001:500:2::c"),
    "d": ("199.7.91.13", "2001:500:2d::d"),
    "e": ("192.203.230.10", "2001:500:a8::e"),
    "f": ("192.5.5.241", "2001:500:2f::f"),
    "g": ("192.112.36.4", "2001:500:12::d0d"),
    "h": ("198.97.190.53", "2001:500:1::53"),
    "i": ("192.36.148.17", "2001:7fe::53"),
    "j": ("192.58.128.30", "2001:503:c27::2:30"),
    "k": ("193.0.14.129", "2001:7fd::1"),
    "l": ("199.7.83.42", "2001:500:9f::42"),
    "m": ("202.12.27.33", "2001:dc3::35"),
}
Hints = tuple[tuple[bytes, str], ...]


def root_hints() -> Hints:
    """The root servers of IANA's hints file."""
    return tuple(
        (zone(f"{letter}.root-servers.net."), address)
        for letter, addresses in _ROOT.items()
        for address in addresses
    )


def hints_from_pairs(pairs: list[tuple[str, str]]) -> Hints:
    """``[[name, address], …]``.

    Raises:
        UsageError: a name is none, or an address.

    """
    return tuple((zone(name), endpoint(text, "root_hints", 53)[0]) for name, text in pairs)


def hints_from_file(path: Path) -> Hints:
    """The A and AAAA records of a hints file (IANA's ``named.root``).

    Raises:
        UsageError: it cannot be read, or holds no address.

    """
    found = []
    for line in lines(path, "root_hints_file"):
        words = line.partition(";")[0].split()
        kind = next((word for word in words[1:-1] if word.upper() in ("A", "AAAA")), None)
        if kind is not None:
            found.append((zone(words[0]), endpoint(words[-1], "root_hints_file", 53)[0]))
    if not found:
        raise UsageError(f"root_hints_file: {path} holds no address of a root server")
    return tuple(found)
