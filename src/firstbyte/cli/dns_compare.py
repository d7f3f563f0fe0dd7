"""``firstbyte dns compare NAME --servers A,B,…``: whether all servers say the same."""

import sys
from typing import Any

import click

from firstbyte.cli.shell.lab_flags import LabCommand, lab_flags

DIFFERENT = 1
SERVERS = "resolvers: ADDR[:PORT], tls://HOST or https://HOST/PATH; default: the system's"
EPILOG = """\
\b
Examples:
  firstbyte dns compare example.org --servers 1.1.1.1,8.8.8.8,192.168.1.1
  firstbyte dns compare example.org --servers 192.168.1.1,https://dns.example/dns-query
  firstbyte dns compare example.org MX              the system's resolver and the zone's servers
  firstbyte dns compare --lab shop.example
\b
Exit codes: 0 all agree, 1 some differ or fail, 2 usage.
"""


@click.command(
    "compare",
    cls=LabCommand,
    epilog=EPILOG,
    short_help="The same question to many servers, side by side.",
)
@click.argument("name")
@click.argument("rdtype", default="A", metavar="[TYPE]")
@click.option("--servers", metavar="SERVER,…", help=SERVERS)
@click.option("--no-authoritative", is_flag=True, help="do not ask the zone's own servers")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="ADDR[:PORT]=ADDR:PORT",
    help="send what is meant for one address to another",
)
@click.option("--json", "as_json", is_flag=True, help="the comparison as JSON")
@lab_flags
def command(name: str, rdtype: str, **given: Any) -> int:
    """Ask all servers for NAME: the resolvers, and every authoritative server of its zone.

    Equal answers have the same letter; serials tell how far a change has come, TTLs how long an old
    copy will live.
    """
    from firstbyte.cli.shell.in_world import run_client
    from firstbyte.cli.shell.values import reject
    from firstbyte.protocols.dns.presentation import type_number

    number = type_number(rdtype)
    if number is None:
        reject(f"{rdtype!r} is no record type", "as in A, AAAA, MX or TYPE65")
    value = run_client(given, lambda: _compare(name, number, given))
    _print(value, as_json=given["as_json"])
    groups = {seen.group for seen in value.seen}
    serials = {seen.serial for seen in value.seen if seen.authoritative}
    agree = len(groups) == 1 and None not in groups and len(serials) <= 1
    return 0 if agree else DIFFERENT


async def _compare(name: str, rdtype: int, given: dict[str, Any]) -> Any:
    from firstbyte.cli.shell.dns_asking import address_map, diagnosed
    from firstbyte.net import system
    from firstbyte.resolver.daemon.config import driver_settings, from_mapping
    from firstbyte.resolver.query.compare import Job, check, compare
    from firstbyte.resolver.settings import parse_resolv_conf

    if given["servers"]:
        servers = tuple(filter(None, given["servers"].split(",")))
    else:
        servers = parse_resolv_conf(system.current().resolv_conf()).nameservers or ("127.0.0.1",)
    table = driver_settings(from_mapping({"address_map": address_map(given)})).address_map
    job = Job(name, rdtype, servers, not given["no_authoritative"], table)
    check(job)
    return diagnosed(await compare(job))


def _print(value: Any, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        made = msgspec.to_builtins(value)
        del made["journey"]
        text = msgspec.json.format(msgspec.json.encode(made), indent=2).decode()
        sys.stdout.write(text + "\n")
        return
    from firstbyte.cli.shell.terminal import has_colour, look_of
    from firstbyte.rendering.dns_compare import comparison
    from firstbyte.rendering.paint import paint

    look = look_of(sys.stdout)
    drawn = comparison(value, look)
    sys.stdout.write(paint(drawn, width=look.width, colour=has_colour(sys.stdout)))
