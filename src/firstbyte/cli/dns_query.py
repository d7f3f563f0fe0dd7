"""``firstbyte dns NAME [TYPE…] [@SERVER]``: one question, as dig asks it, or from the root."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firstbyte.cli.shell.grouped import FlagGroup
from firstbyte.cli.shell.lab_flags import LAB, LabCommand

if TYPE_CHECKING:
    from firstbyte.journey.resolution import Outcome
    from firstbyte.resolver.query.words import Wanted

TYPED = "firstbyte.dns.typed"
USAGE = 1
UNREADABLE = 8
NO_REPLY = 9
_FILE = click.Path(dir_okay=False, path_type=Path)
_ASKING = FlagGroup("Asking")
_ITERATING = FlagGroup("From the root")
_SHOWING = FlagGroup("Showing")
EPILOG = """\
\b
dig's words: +short +trace +dnssec +cd +tcp +norec +noedns +bufsize=N +time=N +tries=N +ignore
+nsid +subnet=NET +cookie[=HEX] +keepalive +expire +padding=N +ednsopt=CODE:HEX, and for dig's
own format: +[no]all +[no]answer +[no]authority +[no]additional +[no]question +[no]comments
+[no]stats +[no]cmd +multiline +ttlunits +rrcomments +nocrypto +onesoa +identify +qr
\b
Examples:
  firstbyte dns example.org
  firstbyte dns example.org MX AAAA @192.0.2.53 +short
  firstbyte dns --iterative www.example.org        walk from the root, prove it
  firstbyte dns -x 192.0.2.1
  firstbyte dns --lab --iterative shop.example     the same in the private internet
  firstbyte dns example.org AXFR @ns1.example.org
\b
Exit codes are dig's: 0 answered (whatever the answer), 1 usage, 8 unreadable -f, 9 no reply.
"""


class DigCommand(LabCommand):
    """A command whose wrong usage has dig's exit code."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """As click does, but for the code; what was typed is kept."""
        from firstbyte.cli.shell.entry import complain

        typed = " ".join(args)
        try:
            context = super().make_context(info_name, args, parent, **extra)
            context.meta[TYPED] = typed
            return context
        except click.UsageError as fault:
            complain(fault.format_message(), "firstbyte dns query --help", USAGE)
            raise click.exceptions.Exit(USAGE) from fault


@click.command(
    "query",
    cls=DigCommand,
    epilog=EPILOG,
    short_help="Ask a question: of a server, or from the root (the default command).",
    params=[
        click.Argument(["words"], nargs=-1, metavar="NAME [TYPE…] [@SERVER] [+word…]"),
        _ASKING("-x", "reverse", multiple=True, metavar="ADDR", help="the name of an address"),
        _ASKING("-p", "port", type=click.IntRange(1, 65535), default=53, help="the server's port"),
        _ASKING("-t", "types", multiple=True, metavar="TYPE", help="a type, as dig has it"),
        _ASKING("-q", "names", multiple=True, metavar="NAME", help="a name, as dig has it"),
        _ASKING("-c", "rdclass", metavar="CLASS", help="a class, as dig has it"),
        _ASKING("-f", "batch", type=_FILE, help="ask what each line of this file says"),
        _ASKING("-4", "ipv4", is_flag=True, help="ask over IPv4 alone"),
        _ASKING("-6", "ipv6", is_flag=True, help="ask over IPv6 alone"),
        _ITERATING("--iterative", is_flag=True, help="resolve from the root and validate: +trace"),
        _ITERATING("--audit", is_flag=True, help="inspect every server of the zone, too"),
        _ITERATING("--root-hints", type=_FILE, help="names and addresses of the root's servers"),
        _ITERATING("--trust-anchor", type=_FILE, help="DS or DNSKEY records"),
        _ITERATING(
            "--map",
            "maps",
            multiple=True,
            metavar="ADDR[:PORT]=ADDR:PORT",
            help="send what is meant for one address to another",
        ),
        _ITERATING("--no-0x20", "plain_case", is_flag=True, help="do not mix the letters' case"),
        _ITERATING("--qname-minimisation", type=click.Choice(["off", "relaxed", "strict"])),
        _SHOWING("--json", "as_json", is_flag=True, help="messages as RFC 8427 has them"),
        _SHOWING("--ladder", is_flag=True, help="draw the walk as arrows"),
        *LAB,
    ],
)
def command(words: tuple[str, ...], **given: Any) -> int:
    """Ask for NAME's records: the answer first, then how it came about.

    With @SERVER that server is asked, else the system's. With --iterative (or +trace, or any
    option of its group) the name is resolved from the root, and the chain of trust is drawn.
    """
    if given["batch"] is None:
        return _command(words, given, click.get_current_context().meta[TYPED])
    import shlex

    from firstbyte.cli.shell.entry import complain

    try:
        lines = given["batch"].read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        return complain(f"{given['batch']}: {fault}", None, UNREADABLE)
    codes = [
        _command((*words, *shlex.split(line)), given, line)
        for line in lines
        if line.strip() and not line.lstrip().startswith((";", "#"))
    ]
    return max(codes, default=0)


def _command(words: tuple[str, ...], given: dict[str, Any], typed: str) -> int:
    """One line's questions."""
    from msgspec.structs import replace

    from firstbyte.cli.shell.dns_asking import diagnosed
    from firstbyte.cli.shell.entry import complain
    from firstbyte.cli.shell.in_world import run_client
    from firstbyte.errors import DecodeError, UsageError
    from firstbyte.resolver.query.words import parse

    try:
        every = (*given["names"], *words, *given["types"], *filter(None, [given["rdclass"]]))
        wanted = replace(parse(every, given["reverse"]), audit=given["audit"])
        outcome = diagnosed(run_client(given, lambda: _ask(wanted, given)))
    except UsageError as fault:
        return complain(fault.message, fault.hint, USAGE)
    except DecodeError as fault:
        return complain(str(fault), None, USAGE)
    _print(outcome, wanted, given, typed)
    return 0 if _answered(outcome) else NO_REPLY


def _answered(outcome: "Outcome") -> bool:
    """Whether a server did: what we say ourselves, when no server does, is no reply."""
    if outcome.walk is not None and outcome.walk.steps:
        return not all(step.failed for step in outcome.walk.steps)
    return all(exchange.response is not None for exchange in outcome.exchanges)


async def _ask(wanted: "Wanted", given: dict[str, Any]) -> "Outcome":
    from firstbyte.cli.shell.dns_asking import configuration
    from firstbyte.resolver.query.asking import ask_all
    from firstbyte.resolver.query.iterate import iterate

    keys = ("audit", "root_hints", "trust_anchor", "plain_case", "qname_minimisation")
    from_root = given["iterative"] or wanted.trace or any(given[key] for key in keys)
    if wanted.server is None and (from_root or given["maps"]):
        return await iterate(wanted, configuration(given))
    families = tuple(family for family, off in ((4, given["ipv6"]), (6, given["ipv4"])) if not off)
    return await ask_all(wanted, given["port"], families, configuration(given))


def _print(outcome: "Outcome", wanted: "Wanted", given: dict[str, Any], typed: str) -> None:
    from firstbyte.cli.shell.terminal import has_colour, look_of

    if given["as_json"]:
        from firstbyte.rendering.exports.dns_json import to_json

        sys.stdout.write(to_json(outcome))
        return
    lines = _dig_lines(outcome, wanted, typed)
    if lines is not None:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return
    from firstbyte.rendering.dns_page import page
    from firstbyte.rendering.paint import paint

    look = look_of(sys.stdout)
    drawn = page(outcome, look, draw_ladder=given["ladder"])
    sys.stdout.write(paint(drawn, width=look.width, colour=has_colour(sys.stdout)))


def _dig_lines(outcome: "Outcome", wanted: "Wanted", typed: str) -> list[str] | None:
    """Dig's format where its words ask for it; None: our own page."""
    from firstbyte.rendering import dns_dig

    show = wanted.show
    parts = dns_dig.Parts(
        **{
            name: value
            for name in dns_dig.Parts.__struct_fields__
            if (value := getattr(show, name)) is not None
        }
    )
    lines: list[str] = []
    for exchange in outcome.exchanges:
        whole = exchange.type in ("AXFR", "IXFR") and exchange.response is not None
        if wanted.short:
            lines += dns_dig.short(exchange, parts, dnssec=wanted.dnssec)
            continue
        if not (whole or show.dig):
            return None
        if parts.cmd and not lines:
            lines = dns_dig.banner(typed)
        lines += dns_dig.transfer(exchange, parts) if whole else dns_dig.page(exchange, parts)
    return lines
