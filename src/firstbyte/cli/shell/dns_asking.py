"""The options of resolving from the root, as a resolver's configuration."""

from typing import TYPE_CHECKING, Any, TypeVar

from firstbyte.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from firstbyte.journey.resolution import Comparison, Outcome
    from firstbyte.net.system import System
    from firstbyte.protocols.dns.tsig import Key
    from firstbyte.resolver.daemon.config import Config

Told = TypeVar("Told", "Outcome", "Comparison")
QUESTION_TIMEOUT_S = 15.0
"""People wait longer than stub resolvers do."""


def configuration(given: dict[str, Any]) -> "Config":
    """The keys that the options set, and the root of the network that the running loop is on.

    Raises:
        UsageError: ``--map`` cannot be read.

    """
    from firstbyte.net import system
    from firstbyte.resolver.daemon.config import from_mapping

    keys: dict[str, Any] = {"question_timeout": QUESTION_TIMEOUT_S, "send_ta_signal": False}
    network = system.current()
    if given["root_hints"] is not None:
        keys["root_hints_file"] = str(given["root_hints"])
        keys["do_not_query_localhost"] = not _is_here(given["root_hints"])
    elif network.root_hints():
        keys |= _own_root(network)
    if given["trust_anchor"] is not None:
        keys.pop("trust_anchors", None)
        keys["trust_anchor_file"] = str(given["trust_anchor"])
    if given["plain_case"]:
        keys["use_0x20"] = False
    if given["qname_minimisation"]:
        keys["qname_minimisation"] = given["qname_minimisation"]
    keys["address_map"] = address_map(given)
    return from_mapping(keys)


def _is_here(hints: "Path") -> bool:
    """Whether the root is on this machine: then its other servers may be, too."""
    from ipaddress import ip_address

    from firstbyte.resolver.daemon.hints import hints_from_file

    return all(ip_address(address).is_loopback for _, address in hints_from_file(hints))


def _own_root(network: "System") -> dict[str, Any]:
    """A network with a root of its own also has its own reverse zones (RFC 6303 is not for it)."""
    return {
        "root_hints": [list(pair) for pair in network.root_hints()],
        "trust_anchors": list(network.dns_anchors()),
        "special_use": False,
    }


def address_map(given: dict[str, Any]) -> dict[str, str]:
    """What ``--map`` says.

    Raises:
        UsageError: it cannot be read.

    """
    return dict(map(_pair, given["maps"]))


def _pair(text: str) -> tuple[str, str]:
    one, sign, two = text.partition("=")
    if not sign:
        raise UsageError(f"--map {text!r} has no '='", "write --map 192.0.2.1=127.0.0.1:5301")
    return one, two


def read_key(text: str, option: str) -> "Key":
    """A key for TSIG: ``[HMAC:]NAME:SECRET``, or a file as ``tsig-keygen`` writes it.

    Raises:
        UsageError: it is neither.

    """
    from pathlib import Path

    from firstbyte.protocols.dns.tsig import key_from_file, key_from_text

    try:
        if ":" in text:
            return key_from_text(text)
        return key_from_file(Path(text).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{option}: cannot read {text}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{option}: {error}", "hmac-sha256:NAME:BASE64, or a FILE") from error


def diagnosed(told: Told) -> Told:
    """With the findings of its journey."""
    from msgspec.structs import replace

    from firstbyte.diagnosis import diagnose

    return told if told.journey is None else replace(told, findings=diagnose(told.journey))
