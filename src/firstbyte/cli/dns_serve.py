"""``firstbyte dns serve``: the validating, caching resolver as a daemon."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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


@click.command("serve", epilog=EPILOG, short_help="A validating, caching resolver as a daemon.")
@click.option("--config", type=_FILE, help="TOML, or JSON where the name ends in .json.")
@click.option("--listen", multiple=True, metavar="ADDR:PORT", help="Default 127.0.0.1:53.")
@click.option("--tls-listen", multiple=True, metavar="ADDR:PORT", help="DNS over TLS.")
@click.option(
    "--https-listen",
    multiple=True,
    metavar="ADDR:PORT",
    help="DNS over HTTPS, HTTP/1.1 and 2, at /dns-query.",
)
@click.option("--certificate", "tls_certificate", type=_FILE, help="PEM chain for both.")
@click.option("--key", "tls_key", type=_FILE, help="PEM private key, if it is in its own file.")
@click.option("--root-hints", type=_FILE, help="Names and addresses of the root's servers.")
@click.option("--trust-anchor", type=_FILE, help="DS or DNSKEY records.")
@click.option(
    "--trust-anchor-state",
    type=_FILE,
    metavar="FILE",
    help="Follow key rollovers by themselves (RFC 5011), and keep their state in this file.",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="ADDR[:PORT]=ADDR:PORT",
    help="Send what is meant for one address to another; unmapped ones are unreachable.",
)
@click.option("--no-0x20", "plain_case", is_flag=True, help="Do not mix the case of questions.")
@click.option("--qname-minimisation", type=click.Choice(["off", "relaxed", "strict"]))
@click.option(
    "--harden",
    multiple=True,
    metavar="NAME[=off]",
    help=f"Switch a protection on or off: {', '.join(HARDENING)}.",
)
@click.option("--allow", multiple=True, metavar="NETWORK", help="Clients to answer: loopback.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that share the port.")
@click.option("--metrics", metavar="ADDR:PORT", help="Counters for Prometheus on /metrics.")
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
