"""Questions answered from the root by our own validating resolver, every step of it kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.events.trace import Failed
from firstbyte.journey.resolution import Exchange, Inspected, Outcome, Step, Verdict, Walk
from firstbyte.net import system
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Message, Record
from firstbyte.protocols.dns.names import from_text, is_under, to_text
from firstbyte.protocols.dns.presentation import data_text, rcode_text, type_text
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.config import Config, driver_settings, machine_settings
from firstbyte.resolver.daemon.replies import Asked, Manners, reply
from firstbyte.resolver.driver import Driver
from firstbyte.resolver.iteration_events import Teller
from firstbyte.resolver.iterative import unanswered_id
from firstbyte.resolver.machine.replies import Kind, address_text
from firstbyte.resolver.machine.replies import read as read_reply
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Ask, Ede, FailureKind, Question, Response, Security
from firstbyte.resolver.query.audit import Audit, Seen, deepest
from firstbyte.resolver.query.making import make_query
from firstbyte.resolver.query.telling import Account
from firstbyte.resolver.query.trust import Evidence, chain
from firstbyte.resolver.query.wanted import Wanted

_FAILURES: dict[FailureKind, str] = {
    "timeout": "no answer in time",
    "unreachable": "unreachable",
    "refused": "nothing listens there",
    "malformed": "malformed answer",
    "closed": "connection closed",
    "case": "did not repeat the letters",
}
_VERDICTS: dict[Security, Verdict] = {
    Security.BOGUS: "bogus",
    Security.INDETERMINATE: "indeterminate",
    Security.INSECURE: "insecure",
    Security.SECURE: "secure",
}
_NAMES = frozenset({dns.NS, dns.CNAME, dns.PTR, dns.MX, dns.SRV, dns.DNAME})
MAX_TOLD = 3
AUDIT_TIMEOUT_S = 3.0
AUDIT_TRIES = 2


@dataclass
class StepRecorder:
    """A watcher of the driver: keeps each question and what it brought."""

    started_ns: int
    teller: Teller
    names: dict[str, str] = field(default_factory=dict)
    """Servers' names by address, as far as messages and hints told them."""
    evidence: Evidence = field(default_factory=Evidence)
    seen: Seen = field(default_factory=Seen)
    """Of the zones' servers."""
    steps: list[Step] = field(default_factory=list)
    zones: list[bytes] = field(default_factory=list)
    """Whose servers answered."""
    _open: dict[int, int] = field(default_factory=dict)

    def asked(self, ask: Ask, size_bytes: int) -> None:
        """A question goes out."""
        self.teller.asked(ask, size_bytes)
        self._open[ask.number] = system.current().now_ns()
        if ask.rdtype == dns.DNSKEY:
            self.evidence.tried.add(ask.name)

    def answered(self, ask: Ask, message: Message) -> None:
        """Its answer came."""
        self.teller.answered(ask, message)
        read = read_reply(message, ask.zone, ask.name, ask.rdtype, recursive=ask.recursive)
        kind = read.kind.value
        if read.kind is Kind.ANSWER and read.negative:
            kind = "nxdomain" if read.rcode == dns.NXDOMAIN else "nodata"
        self._learn(message)
        self.seen.take(message, ask.zone)
        self.zones.append(ask.zone)
        self.evidence.take(message, ask.zone)
        self._add(
            ask,
            outcome=kind,
            rcode=rcode_text(message.rcode),
            bytes=message.size_bytes,
            detail=_detail(read.cut.key if read.cut else None, message),
        )

    def failed(self, ask: Ask, kind: FailureKind) -> None:
        """None came."""
        self.teller.failed(ask, kind)
        self._add(ask, outcome=_FAILURES[kind])

    def _add(self, ask: Ask, **more: object) -> None:
        now_ns = system.current().now_ns()
        began_ns = self._open.pop(ask.number, now_ns)
        address = ask.server[0] if ask.server[1] == 53 else f"{ask.server[0]}#{ask.server[1]}"
        self.steps.append(
            Step(
                number=len(self.steps) + 1,
                zone=to_text(ask.zone),
                name=to_text(ask.name),
                type=type_text(ask.rdtype),
                address=address,
                server=self.names.get(ask.server[0]),
                transport="tcp" if ask.tcp else "udp",
                start_ms=(began_ns - self.started_ns) / 1e6,
                rtt_ms=(now_ns - began_ns) / 1e6,
                **more,  # type: ignore[arg-type] # fields of Step, given just above
            )
        )

    def _learn(self, message: Message) -> None:
        for record in (*message.answer, *message.additional):
            address = address_text(record.rdtype, record.rdata)
            if address is not None:
                self.names.setdefault(address, to_text(record.key))


def _detail(cut: bytes | None, message: Message) -> str:
    if cut is not None:
        return f"to {to_text(cut)}"
    data = [
        _told(record)
        for record in message.answer
        if record.rdtype not in (dns.RRSIG, dns.DNSKEY, dns.DS)
    ]
    more = len(data) - MAX_TOLD
    return ", ".join(data[:MAX_TOLD]) + (f" and {more} more" if more > 0 else "")


def _told(record: Record) -> str:
    """A record's data; names in lower case, for their letters may be those of our question."""
    text = data_text(record.rdclass, record.rdtype, record.rdata)
    return text.lower() if record.rdtype in _NAMES else text


async def iterate(wanted: Wanted, config: Config) -> Outcome:
    """Resolve the questions from the root.

    Raises:
        UsageError: the configuration cannot be used, or a question cannot be resolved so.
        DecodeError: a name is no domain name.

    """
    if wanted.rdclass != dns.IN:
        raise UsageError("only class IN can be resolved from the root", "ask a server: @SERVER")
    if wanted.secured.kind is not None or wanted.key is not None:
        what = "a key" if wanted.secured.kind is None else f"DNS over {wanted.secured.kind.upper()}"
        raise UsageError(f"the root's servers are not asked with {what}", "ask a server: @SERVER")
    settings = machine_settings(config)
    clock = system.current()
    account = Account(*wanted.questions[0])
    recorder = StepRecorder(clock.now_ns(), Teller(account.scope), _hint_names(settings))
    driver = Driver(settings, driver_settings(config), watcher=recorder)
    answered: list[tuple[Exchange, Response]] = []
    try:
        for name, rdtype in wanted.questions:
            answered.append(await _resolve(driver, wanted, name, rdtype))
        audited = await _audit(wanted, recorder, driver, account)
    finally:
        driver.close()
    responses = [response for _, response in answered]
    account.finish(_verdict(responses), failure_of(wanted.questions[0][0], responses))
    outcome = _outcome(recorder, answered, settings, clock.wall_time_s())
    return replace(
        outcome,
        audited=to_text(audited[0]) if audited else None,
        inspected=audited[1] if audited else (),
        journey=account.journey(),
    )


async def _audit(
    wanted: Wanted, recorder: StepRecorder, driver: Driver, account: Account
) -> tuple[bytes, tuple[Inspected, ...]] | None:
    """The servers of the deepest zone that holds the first name."""
    if not wanted.audit:
        return None
    question = wanted.questions[0]
    key = from_text(question[0]).lower()
    above = [zone for zone in (*recorder.zones, *recorder.seen.delegated) if is_under(key, zone)]
    zone = deepest(above)
    own = replace(
        wanted,
        recurse=False,
        authentic=False,
        dnssec=True,
        timeout_s=min(AUDIT_TIMEOUT_S, wanted.timeout_s),
        tries=min(AUDIT_TRIES, wanted.tries),
    )
    audit = Audit(zone, question, recorder.seen, driver, account.scope, own)
    return zone, await audit.run()


def _verdict(responses: Sequence[Response]) -> Verdict | None:
    return _VERDICTS.get(min(response.security for response in responses))


def failure_of(name: str, responses: Sequence[Response]) -> Failed | None:
    """What ended a lookup without an answer; a name that does not exist is an answer."""
    for response in responses:
        if response.rcode in (dns.NOERROR, dns.NXDOMAIN):
            continue
        why = "; ".join(dict.fromkeys(error.text for error in response.errors if error.text))
        if response.security is Security.BOGUS:
            text = f"{name}: the answer is not authentic: {why}"
            return Failed("dns.bogus", "dns", text)
        return Failed(unanswered_id(response.errors), "dns", f"{name}: {why or 'no answer'}")
    return None


def _outcome(
    recorder: StepRecorder,
    answered: Sequence[tuple[Exchange, Response]],
    settings: Settings,
    now_s: float,
) -> Outcome:
    asked = {(exchange.name.lower().rstrip("."), exchange.type) for exchange, _ in answered}
    steps = tuple(_marked(step, asked) for step in recorder.steps)
    total_ms = max((step.start_ms + (step.rtt_ms or 0.0) for step in steps), default=0.0)
    answers = [exchange.response for exchange, _ in answered if exchange.response]
    links = (
        chain(recorder.evidence, settings.validation, answers, steps, now_s)
        if settings.validation.enabled
        else ()
    )
    walk = Walk(steps=steps, total_ms=total_ms)
    return Outcome(
        exchanges=tuple(exchange for exchange, _ in answered),
        verdicts=tuple(_VERDICTS.get(response.security) for _, response in answered),
        reasons=tuple(_reasons(response) for _, response in answered),
        walk=walk,
        chain=links,
    )


def _marked(step: Step, asked: set[tuple[str, str]]) -> Step:
    own = (step.name.lower().rstrip("."), step.type) in asked
    return replace(step, for_trust=step.type in ("DS", "DNSKEY") and not own)


def _reasons(response: Response) -> tuple[str, ...]:
    """What the errors say; their codes' names only where none says anything."""
    told = tuple(error.text for error in response.errors if error.text)
    return told or tuple(Ede(error.code).name.lower() for error in response.errors)


def _hint_names(settings: Settings) -> dict[str, str]:
    return {address: to_text(name) for name, address in settings.hints}


async def _resolve(
    driver: Driver, wanted: Wanted, name: str, rdtype: int
) -> tuple[Exchange, Response]:
    clock = system.current()
    query = make_query(name, rdtype, replace(wanted, recurse=True, edns=0))
    message = walker.decode(query)
    question = Question((message.qname or b"\0").lower(), rdtype, wanted.checking_disabled)
    start_ns, when_s = clock.now_ns(), clock.wall_time_s()
    response = await driver.resolve(question)
    data = reply(Asked(message, Channel.TCP), response, Manners(minimal=True), None).data
    exchange = Exchange(
        name=name,
        type=type_text(rdtype),
        server="the root",
        port=53,
        transport="iteration",
        query=query,
        response=data,
        rtt_ms=(clock.now_ns() - start_ns) / 1e6,
        when_s=when_s,
    )
    return exchange, response
