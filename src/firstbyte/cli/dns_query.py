"""``firstbyte dns NAME [TYPE…] [@SERVER]``: one question, as dig asks it, or from the root."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firstbyte.cli.shell.grouped import FlagGroup
from firstbyte.cli.shell.lab_flags import LAB, LabCommand

if TYPE_CHECKING:
    from firstbyte.journey.resolution import Outcome
    from firstbyte.resolver.query.wanted import Wanted

TYPED = "firstbyte.dns.typed"
USAGE = 1
UNREADABLE = 8
NO_REPLY = 9
NO_NAME = 10
_VALUED = re.compile(r"(?P<flags>-[46u]*)(?P<letter>[yf])(?P<value>.*)", re.DOTALL)
"""``-y`` or ``-f``, with its value or before it; short flags may stand in front: ``-4y``."""
_FILE = click.Path(dir_okay=False, path_type=Path)
_ASKING = FlagGroup("Asking")
_ITERATING = FlagGroup("From the root")
_SHOWING = FlagGroup("Showing")
EPILOG = """\
\b
dig's words
  the way:     +tcp +tls +https[=PATH] +https-get[=PATH] +http-plain[=PATH] +tls-ca[=FILE]
               +tls-hostname=NAME +tls-certfile=FILE +tls-keyfile=FILE +time=N +tries=N
               +ignore +nofail
  the query:   +dnssec +cd +norec +noad +noedns +edns=N +bufsize=N +nsid +subnet=NET
               +cookie[=HEX] +keepalive +expire +padding=N +ednsopt=CODE[:HEX] +ednsflags=N
               +opcode=NAME +qid=N +header-only +search +domain=NAME +ndots=N
  the format:  +short +[no]all +[no]answer +[no]authority +[no]additional +[no]question
               +[no]comments +[no]stats +[no]cmd +multiline +ttlunits +rrcomments +nocrypto
               +onesoa +identify +qr +unknownformat +expandaaaa +idnout +split=N
A server may be an URL, too: @tls://HOST, @https://HOST/PATH. Its certificate must be good then;
as with dig, +tls and +https alone judge it and go on, +tls-ca insists.
\b
Examples:
  firstbyte dns example.org
  firstbyte dns example.org MX AAAA @192.0.2.53 +short
  firstbyte dns --iterative www.example.org        walk from the root, prove it
  firstbyte dns -x 192.0.2.1
  firstbyte dns example.org @192.0.2.53 +tls
  firstbyte dns example.org @https://dns.example/dns-query
  firstbyte dns --lab --iterative shop.example     the same in the private internet
  firstbyte dns example.org AXFR @ns1.example.org
\b
Exit codes are dig's: 0 answered (whatever the answer), 1 usage, 8 unreadable -f, 9 no reply,
10 no domain name.
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

        typed = list(args)
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
        _ASKING(
            "-p",
            "port",
            type=click.IntRange(1, 65535),
            metavar="PORT",
            help="the server's port: 53, 853 with +tls, 443 with +https",
        ),
        _ASKING("-b", "source", metavar="ADDR[#PORT]", help="ask from this address"),
        _ASKING("-t", "types", multiple=True, metavar="TYPE", help="a type, as dig has it"),
        _ASKING("-q", "names", multiple=True, metavar="NAME", help="a name, as dig has it"),
        _ASKING("-c", "rdclass", metavar="CLASS", help="a class, as dig has it"),
        _ASKING("-y", "key", metavar="[HMAC:]NAME:SECRET", help="sign with this key (RFC 8945)"),
        _ASKING("-k", "key_file", metavar="FILE", help="sign with the key in this file"),
        _ASKING(
            "-f", "batch", metavar="FILE", help="ask what each line of this file says; - is stdin"
        ),
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
        _SHOWING("-u", "usec", is_flag=True, help="dig's times in microseconds"),
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
    typed = click.get_current_context().meta[TYPED]
    if given["batch"] is None:
        return _command(words, given, _without_secret(typed))
    return _batch(given["batch"], typed)


def _without_secret(typed: list[str]) -> str:
    """What was typed, for the first line of dig's format; the key of ``-y`` is a secret."""
    shown = list(typed)
    for at, word in enumerate(typed):
        found = _VALUED.fullmatch(word)
        if found is not None and found["letter"] == "y":
            secret = at if found["value"] else min(at + 1, len(shown) - 1)
            shown[secret] = shown[secret].rpartition(":")[0] + ":…"
    return " ".join(shown)


def _batch(name: str, typed: list[str]) -> int:
    """Each line of a file is a command line of its own, behind what was typed here."""
    import shlex

    from firstbyte.cli.shell.entry import complain

    try:
        lines = _lines(name)
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is no text (UTF-8)"
        return complain(f"cannot read {name}: {why}", None, UNREADABLE)
    common = _without_batch(typed)
    code = 0
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith((";", "#")):
            continue
        try:
            own = shlex.split(line)
            context = command.make_context("query", [*common, *own])
            if context.params["batch"] is not None:
                raise ValueError("a file cannot name another one")
            code = max(code, command.invoke(context))
        except ValueError as fault:
            code = max(code, complain(f"{name}:{number}: {fault}: {line.strip()}", None, USAGE))
        except click.exceptions.Exit as fault:
            code = max(code, fault.exit_code)
    return code


def _lines(name: str) -> list[str]:
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    return text.splitlines()


def _without_batch(typed: list[str]) -> list[str]:
    """What was typed but for ``-f FILE``."""
    for at, word in enumerate(typed):
        found = _VALUED.fullmatch(word)
        if found is not None and found["letter"] == "f":
            flags = [found["flags"]] if found["flags"] != "-" else []
            return [*typed[:at], *flags, *typed[at + 1 + (not found["value"]) :]]
    return typed


def _command(words: tuple[str, ...], given: dict[str, Any], typed: str) -> int:
    """One line's questions."""
    from msgspec.structs import replace

    from firstbyte.cli.shell.dns_asking import diagnosed, read_key
    from firstbyte.cli.shell.entry import complain
    from firstbyte.cli.shell.in_world import run_client
    from firstbyte.errors import DecodeError, TlsError, UsageError
    from firstbyte.resolver.query.words import parse

    try:
        wanted = parse(words, given["reverse"], given["names"], given["types"], given["rdclass"])
        text = given["key"] or given["key_file"]
        key = read_key(text, "-y" if given["key"] else "-k") if text else None
        source = _source(given["source"])
        wanted = replace(wanted, audit=given["audit"], source=source, key=key)
        outcome = diagnosed(run_client(given, lambda: _ask(wanted, given)))
    except (UsageError, TlsError) as fault:
        return complain(fault.message, fault.hint, USAGE)
    except DecodeError as fault:
        return complain(str(fault), None, NO_NAME)
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
    if from_root or (wanted.server is None and given["maps"]):
        if wanted.server is not None:
            print("note: this goes down from the root; the server is not asked", file=sys.stderr)
        return await iterate(wanted, configuration(given))
    families = tuple(family for family, off in ((4, given["ipv6"]), (6, given["ipv4"])) if not off)
    return await ask_all(wanted, given["port"], families, configuration(given))


def _source(text: str | None) -> tuple[str, int] | None:
    """``ADDR`` or ``ADDR#PORT``."""
    if text is None:
        return None
    from ipaddress import ip_address

    from firstbyte.errors import UsageError

    address, _, port = text.partition("#")
    try:
        return str(ip_address(address)), int(port or 0)
    except ValueError as fault:
        raise UsageError(
            f"-b {text!r}: {fault}", "as in -b 192.0.2.7 or -b 192.0.2.7#5300"
        ) from fault


def _print(outcome: "Outcome", wanted: "Wanted", given: dict[str, Any], typed: str) -> None:
    from firstbyte.cli.shell.terminal import has_colour, look_of

    if given["as_json"]:
        from firstbyte.rendering.exports.dns_json import to_json

        sys.stdout.write(to_json(outcome))
        return
    lines = _dig_lines(outcome, wanted, typed, usec=given["usec"])
    if lines is not None:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return
    from firstbyte.rendering.dns_page import page
    from firstbyte.rendering.paint import paint

    look = look_of(sys.stdout)
    drawn = page(outcome, look, draw_ladder=given["ladder"])
    sys.stdout.write(paint(drawn, width=look.width, colour=has_colour(sys.stdout)))


def _dig_lines(outcome: "Outcome", wanted: "Wanted", typed: str, *, usec: bool) -> list[str] | None:
    """Dig's format where its words ask for it; None: our own page."""
    from firstbyte.rendering import dns_dig

    said: dict[str, Any] = {**wanted.show, "usec": usec}
    parts = dns_dig.Parts(**said)
    lines: list[str] = []
    for exchange in outcome.exchanges:
        whole = exchange.type in ("AXFR", "IXFR") and exchange.response is not None
        if wanted.short:
            lines += dns_dig.short(exchange, parts, dnssec=wanted.dnssec)
            continue
        if not (whole or dns_dig.is_wanted(wanted.show)):
            return None
        head = dns_dig.banner(typed) if parts.cmd and not lines else []
        if whole:
            lines += [*head, *dns_dig.transfer(exchange, parts)]
        else:
            lines += dns_dig.page(exchange, parts, head)
    return [dns_dig.with_unicode(line) for line in lines] if parts.idnout else lines
