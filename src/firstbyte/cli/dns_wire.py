"""``firstbyte dns wire FILE|HEX|--query NAME [TYPE]``: a message drawn field by field."""

import sys
from pathlib import Path
from typing import Any

import click

from firstbyte.cli.shell.lab_flags import LabCommand, lab_flags

EPILOG = """\
\b
Examples:
  firstbyte dns wire 1a2b01000001000000000000076578616d706c65036f72670000010001
  firstbyte dns wire answer.bin
  firstbyte dns wire --query example.org MX
  firstbyte dns wire --query example.org MX @192.0.2.53     its answer, too
  firstbyte dns wire 'https://dns.example/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB'
  tshark -r trace.pcapng -T fields -e udp.payload | head -1 | firstbyte dns wire -
  firstbyte dns wire --lab --query shop.example @203.0.113.53
"""


@click.command(
    "wire",
    cls=LabCommand,
    epilog=EPILOG,
    short_help="Draw a message field by field, broken ones too.",
)
@click.argument("source", nargs=-1, metavar="FILE|HEX | NAME [TYPE] [@SERVER]")
@click.option("--query", "as_query", is_flag=True, help="draw the query for NAME and TYPE")
@click.option("-p", "port", type=click.IntRange(1, 65535), metavar="PORT", help="the server's port")
@click.option("--json", "as_json", is_flag=True, help="the fields as JSON")
@lab_flags
def command(source: tuple[str, ...], **given: Any) -> int:
    """Draw a DNS message: header bits, labels, compression pointers, records, EDNS options.

    HEX may have blanks, colons and 0x, and be a dump with offsets; base64url and the URLs of DoH
    are read, too. A FILE holds one of these, or the octets; - is stdin. A TCP length or the headers
    of a UDP packet before the message are taken off. What breaks a rule is shown as far as it can
    be read, with its offset. The exit code is 0 even then.
    """
    from firstbyte.cli.shell.values import reject

    if not source:
        reject("nothing to draw", "firstbyte dns wire FILE, HEX or --query NAME TYPE")
    if given["lab"] and not (given["as_query"] and any(word.startswith("@") for word in source)):
        reject("nobody is asked, so there is nothing for --lab", "--query NAME [TYPE] @SERVER asks")
    if not given["as_query"]:
        _print(*_octets(source), as_json=given["as_json"])
        return 0
    for index, data in enumerate(_asked(source, given)):
        if index and not given["as_json"]:
            sys.stdout.write("\n")
        _print(data, "", as_json=given["as_json"])
    return 0


def _octets(source: tuple[str, ...]) -> tuple[bytes, str]:
    """The message, and what stood before it."""
    from firstbyte.cli.shell.files import read_bytes
    from firstbyte.protocols.dns.octets import from_text, unwrapped

    name = source[0]
    named = len(source) == 1 and (name == "-" or _is_file(name) or _is_path(name))
    if not named:
        return unwrapped(from_text(" ".join(source)))
    data = read_bytes(name)
    if data.isascii() and all(octet >= 32 or octet in b"\t\r\n" for octet in data):
        data = from_text(data.decode("ascii"))
    return unwrapped(data)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # longer than names may be
        return False


def _is_path(name: str) -> bool:
    """Whether a name can be meant as a file's alone."""
    return name.startswith(("/", "./", "../", "~")) and "?dns=" not in name


def _asked(words: tuple[str, ...], given: dict[str, Any]) -> list[bytes]:
    from firstbyte.resolver.query.making import make_query
    from firstbyte.resolver.query.words import parse

    wanted = parse(words)
    if wanted.server is None:
        return [make_query(name, rdtype, wanted) for name, rdtype in wanted.questions]
    from firstbyte.cli.shell.in_world import run_client
    from firstbyte.resolver.daemon.config import Config
    from firstbyte.resolver.query.asking import ask_all

    outcome = run_client(given, lambda: ask_all(wanted, given["port"], (4, 6), Config()))
    found = []
    for exchange in outcome.exchanges:
        if exchange.failure:
            sys.stderr.write(f"firstbyte: {exchange.server}: {exchange.failure}\n")
        found += [exchange.query, *filter(None, [exchange.response])]
    return found


def _print(data: bytes, before: str, *, as_json: bool) -> None:
    from firstbyte.protocols.dns.dissect import dissect

    fields = dissect(data)
    if as_json:
        import msgspec

        rows = [field._asdict() for field in fields]
        whole = {
            "schema_version": 1,
            "octets": len(data),
            "hex": data.hex(),
            "before": before,
            "fields": rows,
        }
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(whole)).decode() + "\n")
        return
    from firstbyte.cli.shell.terminal import has_colour, look_of
    from firstbyte.rendering.dns_wire import wire
    from firstbyte.rendering.paint import paint

    look = look_of(sys.stdout)
    drawn = wire(data, fields, look, before)
    sys.stdout.write(paint(drawn, width=look.width, colour=has_colour(sys.stdout)))
