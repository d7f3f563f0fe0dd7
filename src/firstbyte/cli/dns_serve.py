"""``firstbyte dns serve``: the validating, caching resolver as a daemon."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firstbyte.cli.shell.grouped import FlagGroup, GroupedCommand
from firstbyte.errors import UsageError

if TYPE_CHECKING:
    from firstbyte.resolver.daemon.config import Config

_FILE = click.Path(dir_okay=False, path_type=Path)
HARDENING = {
    "glue": "harden_glue",
    "below-nxdomain": "harden_below_nxdomain",
    "localhost": "do_not_query_localhost",
    "rebinding": "rebinding_protection",
}
EPILOG = """\
\b
Examples:
  firstbyte dns serve --listen 127.0.0.1:5353
  firstbyte dns serve --config resolver.toml
  firstbyte dns serve --listen 127.0.0.1:5353 --map 198.41.0.4=127.0.0.1:5301 \\
                      --root-hints hints.zone --trust-anchor anchor.ds
"""


_LISTENING = FlagGroup("Listening")
_RESOLVING = FlagGroup("Resolving")
_ADDR = "ADDR:PORT"


@click.command(
    "serve",
    cls=GroupedCommand,
    epilog=EPILOG,
    short_help="A validating, caching resolver as a daemon.",
    params=[
        _LISTENING("--config", type=_FILE, help="TOML, or JSON where the name ends in .json"),
        _LISTENING(
            "--listen", multiple=True, metavar=_ADDR, help="UDP and TCP; default 127.0.0.1:53"
        ),
        _LISTENING("--tls-listen", multiple=True, metavar=_ADDR, help="DNS over TLS"),
        _LISTENING(
            "--https-listen",
            multiple=True,
            metavar=_ADDR,
            help="DNS over HTTPS, HTTP/1.1 and 2, at /dns-query",
        ),
        _LISTENING("--certificate", "tls_certificate", type=_FILE, help="PEM chain for both"),
        _LISTENING(
            "--key", "tls_key", type=_FILE, help="PEM private key, if it is in its own file"
        ),
        _LISTENING("--allow", multiple=True, metavar="NETWORK", help="clients to answer: loopback"),
        _LISTENING(
            "--workers",
            type=click.IntRange(1, 256),
            metavar="N",
            help="processes that share the port",
        ),
        _LISTENING("--metrics", metavar=_ADDR, help="counters for Prometheus on /metrics"),
        _RESOLVING("--root-hints", type=_FILE, help="names and addresses of the root's servers"),
        _RESOLVING("--trust-anchor", type=_FILE, help="DS or DNSKEY records"),
        _RESOLVING(
            "--trust-anchor-state",
            type=_FILE,
            metavar="FILE",
            help="follow key rollovers by themselves (RFC 5011), and keep their state in this file",
        ),
        _RESOLVING(
            "--map",
            "maps",
            multiple=True,
            metavar="ADDR[:PORT]=ADDR:PORT",
            help="send what is meant for one address to another; unmapped ones are unreachable",
        ),
        _RESOLVING(
            "--no-0x20", "plain_case", is_flag=True, help="do not mix the case of questions"
        ),
        _RESOLVING("--qname-minimisation", type=click.Choice(["off", "relaxed", "strict"])),
        _RESOLVING(
            "--harden",
            multiple=True,
            metavar="NAME[=off]",
            help=f"switch a protection on or off: {', '.join(HARDENING)}",
        ),
    ],
)
def command(**given: Any) -> int:
    """Answer questions of others: resolve from the root, cache, and prove with DNSSEC.

    Prints `ready` on stderr when it answers. SIGHUP reads the configuration again, SIGTERM stops.
    Only loopback is answered, unless --allow names networks.
    """
    from firstbyte.resolver.daemon.workers import serve

    def configure() -> "Config":
        return configuration(given)

    return serve(configure)


def configuration(given: dict[str, Any]) -> "Config":
    """The file's keys, with those of the command line over them."""
    from firstbyte.resolver.daemon.config import from_mapping, read_keys

    keys: dict[str, Any] = read_keys(given["config"]) if given["config"] else {}
    for name in ("listen", "tls_listen", "https_listen", "allow"):
        if given[name]:
            keys[name] = list(given[name])
    for name in ("workers", "metrics", "qname_minimisation"):
        if given[name] is not None:
            keys[name] = given[name]
    for name in ("tls_certificate", "tls_key", "trust_anchor_state"):
        if given[name] is not None:
            keys[name] = str(given[name])
    _add_files(keys, given)
    if given["plain_case"]:
        keys["use_0x20"] = False
    if given["maps"]:
        keys["address_map"] = keys.get("address_map", {}) | dict(map(_pair, given["maps"]))
    for text in given["harden"]:
        key, value = _switch(text)
        keys[key] = value
    return from_mapping(keys)


def _add_files(keys: dict[str, Any], given: dict[str, Any]) -> None:
    if given["root_hints"] is not None:
        keys.pop("root_hints", None)
        keys["root_hints_file"] = str(given["root_hints"])
    if given["trust_anchor"] is not None:
        keys.pop("trust_anchors", None)
        keys["trust_anchor_file"] = str(given["trust_anchor"])


def _pair(text: str) -> tuple[str, str]:
    one, sign, two = text.partition("=")
    if not sign:
        raise UsageError(f"--map {text!r} has no '='", "write --map 192.0.2.1=127.0.0.1:5301")
    return one, two


def _switch(text: str) -> tuple[str, bool]:
    name, _, value = text.partition("=")
    key = HARDENING.get(name.removeprefix("harden-"))
    if key is None or value not in ("", "on", "off", "yes", "no"):
        raise UsageError(f"--harden {text!r} is unknown", f"names: {', '.join(HARDENING)}")
    return key, value not in ("off", "no")
