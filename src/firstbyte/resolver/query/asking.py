"""Plain questions: to the server that was named, or to the system's."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

from firstbyte.errors import DecodeError, UsageError
from firstbyte.events.trace import Failed
from firstbyte.journey.resolution import Exchange, Outcome
from firstbyte.net import system
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import ede, walker
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.presentation import rcode_text
from firstbyte.resolver.daemon.config import Config, driver_settings
from firstbyte.resolver.hosts import find, parse_hosts
from firstbyte.resolver.machine.replies import address_text
from firstbyte.resolver.names import HostName, candidates
from firstbyte.resolver.query.carry import Server
from firstbyte.resolver.query.plain import Question, ask
from firstbyte.resolver.query.telling import Account, PlainTeller
from firstbyte.resolver.query.wanted import Wanted
from firstbyte.resolver.query.words import port_of
from firstbyte.resolver.settings import PORT, parse_resolv_conf

LOOPBACK = "127.0.0.1"
_FAILURES = {dns.SERVFAIL: "dns.servfail", dns.REFUSED: "dns.refused", dns.NOTIMP: "dns.failed"}


async def ask_all(
    wanted: Wanted, port: int | None, families: Sequence[int], config: Config
) -> Outcome:
    """Ask each question of the named server, or of the system's; ``port`` null: the way's own.

    Raises:
        UsageError: the server's name has no address.
        DecodeError: a name is no domain name.
        TlsError: a file of certificates or keys cannot be used.

    """
    if wanted.secured.kind is not None:
        from firstbyte.resolver.query.secure import prepare

        prepare(wanted.secured)
    named = await servers(wanted, port_of(wanted, port), families)
    account = Account(*wanted.questions[0])
    asker = _Asker(wanted, named, _mapped(named, config), PlainTeller(account.scope))
    exchanges = [
        exchange for name, rdtype in wanted.questions for exchange in await asker.ask(name, rdtype)
    ]
    account.finish(failure=next(filter(None, map(_failure, exchanges)), None))
    return Outcome(exchanges=tuple(exchanges), journey=account.journey())


class _Asker(NamedTuple):
    """Who is asked, and how."""

    wanted: Wanted
    named: tuple[Server, ...]
    mapped: tuple[Server, ...]
    teller: PlainTeller

    async def ask(self, name: str, rdtype: int) -> list[Exchange]:
        """The exchange, or with a search list those until a name is found that exists."""
        wanted = self.wanted
        found: list[Exchange] = []
        for full in _searched(name, wanted) if wanted.search or wanted.search_shown else (name,):
            question = Question(full, rdtype, self.mapped, self.named)
            exchange = await ask(question, wanted, self.teller)
            found = [*found, exchange] if wanted.search_shown else [exchange]
            if exchange.response is None or exchange.response[3] & 15 != dns.NXDOMAIN:
                break
        return found


def _searched(name: str, wanted: Wanted) -> tuple[str, ...]:
    """The full names to try, as the system's resolver does (resolv.conf's search and ndots)."""
    settings = parse_resolv_conf(
        system.current().resolv_conf(), environment=system.current().environment()
    )
    search = settings.search if wanted.domain is None else (wanted.domain.rstrip("."),)
    ndots = settings.ndots if wanted.ndots is None else wanted.ndots
    host = HostName(name.removesuffix("."), name.endswith("."))
    return candidates(host, search, ndots)


def _failure(exchange: Exchange) -> Failed | None:
    """What keeps the question from an answer; that a name does not exist is one."""
    if exchange.response is None:
        if exchange.failure_id in (None, "dns.silent"):
            return Failed("dns.silent", "dns", f"no server answered for {exchange.name}")
        return Failed(exchange.failure_id or "dns.silent", "dns", exchange.failure or "")
    try:
        message = walker.decode(exchange.response)
    except DecodeError as error:
        return Failed("dns.malformed", "dns", str(error))
    error_id = _FAILURES.get(message.rcode)
    if error_id is None:
        return None
    said = "; ".join(text or ede.name(code) for code, text in ede.errors(message.edns))
    rcode = rcode_text(message.rcode)
    text = f"{exchange.name}: {exchange.server} answered {rcode}"
    return Failed(error_id, "dns", f"{text}: {said}" if said else text)


def _mapped(named: tuple[Server, ...], config: Config) -> tuple[Server, ...]:
    table = driver_settings(config).address_map
    return tuple(table.get(server, server) for server in named)


async def servers(wanted: Wanted, port: int, families: Sequence[int]) -> tuple[Server, ...]:
    """The addresses to ask.

    Raises:
        UsageError: the server's name has no address.

    """
    if wanted.server is None:
        found = parse_resolv_conf(system.current().resolv_conf()).nameservers or (LOOPBACK,)
    else:
        found = await addresses_of(wanted.server)
    fitting = tuple((address, port) for address in found if _family(address) in families)
    if not fitting:
        raise UsageError(f"{wanted.server or 'the system'} has no server address of that family")
    return fitting


async def addresses_of(name: str) -> tuple[str, ...]:
    """The addresses of a server: a literal's own, the hosts file's, or the DNS's.

    Raises:
        UsageError: there are none.

    """
    literal = name.removeprefix("[").removesuffix("]")
    try:
        ip_address(literal.partition("%")[0])
    except ValueError:
        pass
    else:
        return (literal,)
    own = find(parse_hosts(system.current().hosts_file()), name.lower().rstrip("."))
    if own is not None:
        return own.addresses
    found: list[str] = []
    configured = parse_resolv_conf(system.current().resolv_conf()).nameservers or (LOOPBACK,)
    for rdtype in (dns.A, dns.AAAA):
        question = Question(name, rdtype, tuple((address, PORT) for address in configured))
        exchange = await ask(question, Wanted())
        if exchange.response is not None:
            found += _addresses(walker.decode(exchange.response))
    if not found:
        raise UsageError(f"couldn't get an address for {name!r}", "name the server by its address")
    return tuple(found)


def _addresses(message: Message) -> list[str]:
    texts = (address_text(record.rdtype, record.rdata) for record in message.answer)
    return [text for text in texts if text is not None]


def _family(address: str) -> int:
    return 6 if ":" in address else 4
