"""``firstbyte dns authoritative ZONEFILE…``: serves zones, signs them, breaks them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firstbyte.cli.shell.grouped import FlagGroup, GroupedCommand

if TYPE_CHECKING:
    from firstbyte.server.dns.answers import Manners
    from firstbyte.server.dns.signing import Policy

EPILOG = """\
\b
Examples:
  firstbyte dns authoritative --listen 127.0.0.1:5300 example.org.zone
  firstbyte dns authoritative --sign --nsec3 root.zone org.zone example.org.zone
  firstbyte dns authoritative --view 10.0.0.0/8=inside.zone example.org=outside.zone
  firstbyte dns authoritative --sign --fault expired-signatures@www.example.org example.org.zone
"""
ALGORITHMS = ("ecdsap256sha256", "ed25519", "rsasha256", "rsasha512")
_OF_NSEC3 = {"nsec3_iterations": "--nsec3-iterations", "nsec3_salt": "--nsec3-salt"}
_OF_SIGNING = {
    "keys": "--keys",
    "split_keys": "--split-keys",
    "nsec3": "--nsec3",
    "opt_out": "--opt-out",
    "online": "--online",
    **_OF_NSEC3,
}
_SERVING = FlagGroup("Serving")
_SIGNING = FlagGroup("Signing")
_BREAKING = FlagGroup("Breaking")


@click.command(
    "authoritative",
    cls=GroupedCommand,
    epilog=EPILOG,
    short_help="Serve zone files, signed or broken on request.",
    params=[
        click.Argument(["files"], nargs=-1, metavar="[ORIGIN=]ZONEFILE…"),
        _SERVING(
            "--listen", multiple=True, metavar="ADDR:PORT", help="UDP and TCP; default 127.0.0.1:53"
        ),
        _SERVING(
            "--view",
            "views",
            multiple=True,
            metavar="SUBNET=ZONEFILE",
            help="this zone for clients of a subnet",
        ),
        _SERVING(
            "--allow-transfer",
            multiple=True,
            metavar="SUBNET",
            help="who may have whole zones (AXFR); default loopback",
        ),
        _SERVING(
            "--tsig-key",
            "tsig_keys",
            multiple=True,
            metavar="[HMAC:]NAME:SECRET|FILE",
            help="transfers need the signature of such a key, too (RFC 8945); tsig-keygen's FILE",
        ),
        _SERVING(
            "--notify",
            "secondaries",
            multiple=True,
            metavar="ADDR[:PORT]",
            help="tell this secondary of new versions (RFC 1996)",
        ),
        _SERVING(
            "--client-subnet",
            is_flag=True,
            help="choose views by the subnet that a resolver tells, too (RFC 7871)",
        ),
        _SERVING(
            "--cookie-secret",
            metavar="HEX",
            help="32 digits for cookies that servers share (RFC 9018); default: a new one",
        ),
        _SERVING("--nsid", metavar="TEXT", default="", help="the server's name (RFC 5001)"),
        _SERVING(
            "--max-udp",
            type=click.IntRange(512, 65535),
            metavar="BYTES",
            default=1232,
            show_default=True,
            help="longer answers are truncated",
        ),
        _SIGNING("--sign", is_flag=True, help="sign the zones; prints DS and DNSKEY on stdout"),
        _SIGNING(
            "--algorithm",
            type=click.Choice(ALGORITHMS, case_sensitive=False),
            default=ALGORITHMS[0],
            show_default=True,
        ),
        _SIGNING(
            "--keys",
            type=click.Path(path_type=Path),
            help="keep the keys in this directory, or use BIND's there",
        ),
        _SIGNING("--split-keys", is_flag=True, help="a key-signing and a zone-signing key"),
        _SIGNING("--nsec3", is_flag=True, help="deny by NSEC3, without salt and extra rounds"),
        _SIGNING("--opt-out", is_flag=True, help="NSEC3 without unsigned delegations"),
        _SIGNING("--nsec3-iterations", type=click.IntRange(0, 65535), default=0, metavar="N"),
        _SIGNING("--nsec3-salt", metavar="HEX", default=""),
        _SIGNING(
            "--validity",
            type=click.IntRange(60),
            default=14 * 86400,
            metavar="SECONDS",
            help="how long signatures last (two weeks)",
        ),
        _SIGNING("--online", is_flag=True, help="sign when asked, not at the start"),
        _BREAKING(
            "--fault",
            "faults",
            multiple=True,
            metavar="NAME[=VALUE][@DOMAIN]",
            help="do something wrong; see --list-faults",
        ),
        _BREAKING("--list-faults", is_flag=True, help="list the faults and leave"),
    ],
)
def command(files: tuple[str, ...], **given: Any) -> int:
    """Serve the zones in BIND's zone files.

    Prints `ready` on stderr when it answers, and with --sign the DS and DNSKEY records of each
    zone on stdout: for its parent, and as trust anchors. Parents that are served beside their
    children get the DS records by themselves. SIGHUP reads the files again, SIGTERM stops.
    """
    if given["list_faults"]:
        return _list_faults()
    if not files and not given["views"]:
        from firstbyte.cli.shell.values import reject

        reject("no zone file given", "firstbyte dns authoritative ZONEFILE…")
    from firstbyte.cli.shell.running import run
    from firstbyte.resolver.daemon.parsing import endpoint
    from firstbyte.server.dns import daemon
    from firstbyte.server.dns.setup import Wishes

    wishes = Wishes(files, given["views"], _policy(given), given["keys"], given["faults"])
    listen = [endpoint(text, "--listen", 53) for text in given["listen"] or ("127.0.0.1:53",)]
    secondaries = [endpoint(text, "--notify", 53) for text in given["secondaries"]]
    return run(daemon.run(daemon.Job(wishes, listen, _manners(given), secondaries)))


def _policy(given: dict[str, Any]) -> "Policy | None":
    if not given["sign"]:
        _refuse_without(given, _OF_SIGNING, "--sign")
        return None
    if not (given["nsec3"] or given["opt_out"]):
        _refuse_without(given, _OF_NSEC3, "--nsec3")
    from firstbyte.server.dns.nsec3 import Params
    from firstbyte.server.dns.signing import Policy

    hashed = given["nsec3"] or given["opt_out"]
    return Policy(
        algorithm=given["algorithm"],
        split=given["split_keys"],
        denial="nsec3" if hashed else "nsec",
        hashing=Params(given["nsec3_iterations"], _salt(given["nsec3_salt"]), given["opt_out"]),
        validity_s=given["validity"],
        online=given["online"],
    )


def _refuse_without(given: dict[str, Any], options: dict[str, str], needed: str) -> None:
    """Options that would do nothing are mistakes."""
    from firstbyte.cli.shell.values import reject

    for name, option in options.items():
        if given[name]:
            reject(f"{option} does nothing without {needed}", f"add {needed}")


def _salt(text: str) -> bytes:
    from firstbyte.cli.shell.values import reject

    try:
        salt = bytes.fromhex("" if text == "-" else text)
    except ValueError:
        reject(f"--nsec3-salt {text!r} is not hexadecimal")
    return salt if len(salt) <= 255 else reject("--nsec3-salt is longer than 255 octets")


def _manners(given: dict[str, Any]) -> "Manners":
    from ipaddress import ip_network

    from msgspec.structs import replace

    from firstbyte.cli.shell.dns_asking import read_key
    from firstbyte.cli.shell.values import reject
    from firstbyte.server.dns.answers import Manners

    made = Manners(
        max_udp_bytes=given["max_udp"],
        nsid=given["nsid"].encode(),
        cookie_secret=_secret(given["cookie_secret"]),
        client_subnet=given["client_subnet"],
        keys=tuple(read_key(text, "--tsig-key") for text in given["tsig_keys"]),
    )
    if not given["allow_transfer"]:
        return made
    try:
        networks = tuple(ip_network(text, strict=False) for text in given["allow_transfer"])
    except ValueError as fault:
        reject(f"--allow-transfer: {fault}")
    return replace(made, transfers=networks)


def _secret(text: str | None) -> bytes:
    import secrets

    from firstbyte.cli.shell.values import reject
    from firstbyte.protocols.dns.cookies import SECRET_BYTES

    try:
        secret = secrets.token_bytes(SECRET_BYTES) if text is None else bytes.fromhex(text)
    except ValueError:
        reject("--cookie-secret is not hexadecimal")
    if len(secret) != SECRET_BYTES:
        reject("--cookie-secret has not 32 hexadecimal digits")
    return secret


def _list_faults() -> int:
    from firstbyte.server.dns.faults.registry import all_faults

    width = max(map(len, all_faults()))
    for fault in all_faults().values():
        value = f" ({fault.value})" if fault.value else ""
        print(f"{fault.name:{width}}  {fault.summary}{value}")
    return 0
