"""A ``Resolver`` that asks no resolver: every lookup goes down from the root, and shows its way."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from firstbyte.errors import DecodeError, NameError_
from firstbyte.events import Scope
from firstbyte.events.dns import LookupFinished, LookupStarted
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text, to_text
from firstbyte.resolver.base import FAMILIES, Family, Found, FoundAddresses, FoundHttps, HttpsRecord
from firstbyte.resolver.daemon.anchors import anchors_from, root_anchors
from firstbyte.resolver.daemon.hints import hints_from_pairs, root_hints
from firstbyte.resolver.driver import Driver, DriverSettings
from firstbyte.resolver.https_record import https_name, read_set
from firstbyte.resolver.iteration_events import Teller
from firstbyte.resolver.machine.replies import address_text
from firstbyte.resolver.machine.settings import Settings, Validation
from firstbyte.resolver.machine.values import Ede, Error, Question, Response, Security
from firstbyte.resolver.names import HostName, parse_host
from firstbyte.resolver.stub import StubResolver

HTTPS_TYPE = dns.HTTPS
_TYPES: dict[Family, int] = {4: dns.A, 6: dns.AAAA}
_SECURITY = {
    Security.SECURE: "secure",
    Security.INSECURE: "insecure",
    Security.BOGUS: "bogus",
    Security.INDETERMINATE: "indeterminate",
}


def make_iteration_settings(
    *,
    dnssec: bool,
    hints: tuple[tuple[str, str], ...] = (),
    anchors: tuple[str, ...] = (),
) -> Settings:
    """Settings for a trace: the public root, unless ``hints`` name another.

    Args:
        dnssec: validate, and give a verdict.
        hints: (name, address) of root servers.
        anchors: DS or DNSKEY records as text; those of the public root where there are none.

    Raises:
        UsageError: a hint or an anchor cannot be understood.

    """
    roots = hints_from_pairs(list(hints)) if hints else root_hints()
    chosen = anchors_from(anchors) if anchors or hints else root_anchors()
    return Settings(
        hints=roots,
        public_root=not hints,
        validation=Validation(enabled=dnssec, anchors=chosen),
    )


@dataclass(slots=True)
class _Lookup:
    """What one lookup has learned."""

    name: str
    addresses: list[str]
    responses: list[Response]
    canonical_name: str | None = None

    @property
    def security(self) -> str | None:
        verdicts = [response.security for response in self.responses]
        return _SECURITY.get(min(verdicts, default=Security.UNCHECKED))


class IterativeResolver:
    """Resolves from the root, each lookup for itself.

    Names that need no DNS (literals, ``--resolve``, the hosts file) are ``local``'s affair.
    """

    def __init__(
        self, settings: Settings, local: StubResolver, own: DriverSettings | None = None
    ) -> None:
        self._settings = settings
        self._local = local
        self._own = own or DriverSettings()

    async def lookup(
        self,
        name: str,
        scope: Scope,
        *,
        families: tuple[Family, ...] = FAMILIES,
        https: bool = True,
        port: int = 443,
        scheme: str = "https",
    ) -> AsyncGenerator[Found, None]:
        """See ``Resolver.lookup``.

        Raises:
            NameError_: dns.*, when no family had an address, or the answer is bogus.
            UrlError: url.malformed, for what can be no host name.

        """
        host = parse_host(name)
        known = self._local.known(host, families, port, scope)
        if known is not None or not isinstance(host, HostName):
            for found in _given(known or (), families, https=https):
                yield found
            return
        kinds = {_TYPES[family]: family for family in families}
        wanted = ["A" if family == 4 else "AAAA" for family in families]
        scope.emit(LookupStarted(host.text, (*wanted, *(["HTTPS"] if https else []))))
        owner = https_name(host.text, port, scheme) if https else None
        state = _Lookup(host.text, [], [])
        driver = Driver(self._settings, self._own, watcher=Teller(scope))
        tasks = _start(driver, host.text, kinds, owner)
        try:
            while tasks:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in [one for one in tasks if one in done]:  # a set has no order
                    yield _found(state, tasks.pop(task), task.result())
        finally:
            await _cancel(tasks)
            driver.close()
            _finish(state, scope)
        if not state.addresses:
            raise _failure(state)


def _given(known: tuple[str, ...], families: tuple[Family, ...], *, https: bool) -> list[Found]:
    found: list[Found] = [
        FoundAddresses(family, tuple(ip for ip in known if (":" in ip) == (family == 6)))
        for family in families
    ]
    return [*found, FoundHttps(())] if https else found


Tasks = dict[asyncio.Task[Response], Family | None]


def _start(driver: Driver, name: str, kinds: dict[int, Family], owner: str | None) -> Tasks:
    tasks: Tasks = {}
    key = from_text(name).lower()
    for rdtype, family in kinds.items():
        tasks[asyncio.create_task(driver.resolve(Question(key, rdtype)))] = family
    if owner is not None:
        question = Question(from_text(owner).lower(), dns.HTTPS)
        tasks[asyncio.create_task(driver.resolve(question))] = None
    return tasks


async def _cancel(tasks: Tasks) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _found(state: _Lookup, family: Family | None, response: Response) -> Found:
    if family is None:
        services = [] if response.rcode else _services(response.answer)
        return FoundHttps(tuple(sorted(services, key=lambda record: record.priority)))
    state.responses.append(response)
    addresses = []
    ttl_s = None
    for rrset in response.answer:
        if rrset.rdtype == _TYPES[family]:
            addresses += [address_text(rrset.rdtype, rdata) or "" for rdata in rrset.rdatas]
            ttl_s = rrset.ttl_s
            shown = to_text(rrset.key).removesuffix(".")
            state.canonical_name = shown if shown != state.name.lower() else None
    state.addresses += addresses
    return FoundAddresses(family, tuple(addresses), ttl_s, state.canonical_name)


def _services(answer: list[RRset]) -> list[HttpsRecord]:
    found: list[HttpsRecord] = []
    for rrset in answer:
        if rrset.rdtype == HTTPS_TYPE:
            owner = to_text(rrset.key).removesuffix(".")
            with contextlib.suppress(DecodeError):
                found += read_set(rrset.rdatas, owner, rrset.ttl_s)[1]
    return found


def _finish(state: _Lookup, scope: Scope) -> None:
    error = None if state.addresses else _failure(state).id
    scope.emit(
        LookupFinished(
            state.name,
            tuple(state.addresses),
            state.canonical_name,
            error=error,
            security=state.security,
        )
    )


def _failure(state: _Lookup) -> NameError_:
    name = state.name
    bad = [response for response in state.responses if response.rcode not in (0, dns.NXDOMAIN)]
    if any(response.security is Security.BOGUS for response in bad):
        why = next((error.text for response in bad for error in response.errors if error.text), "")
        message = f"{name}: the answer is not authentic: {why}"
        hint = "the zone's owner must mend its DNSSEC; see firstbyte explain dns.bogus"
        return NameError_("dns.bogus", message, hint)
    if any(response.rcode == dns.NXDOMAIN for response in state.responses):
        hint = "check the spelling"
        return NameError_("dns.nxdomain", f"{name} does not exist (NXDOMAIN)", hint)
    if bad:
        return _unanswered(name, bad)
    return NameError_("dns.nodata", f"{name} exists but has no address of the wanted family")


def _unanswered(name: str, bad: list[Response]) -> NameError_:
    errors = [error for response in bad for error in response.errors]
    why = "; ".join(dict.fromkeys(error.text for error in errors if error.text)) or "no answer"
    hint = "the name's own servers did not answer; try again, or ask another resolver"
    return NameError_(unanswered_id(errors), f"{name}: {why}", hint)


def unanswered_id(errors: Sequence[Error]) -> str:
    """The id of a resolution that failed: silence, answers that cannot be read, or refusals."""
    if any("cannot be read" in error.text for error in errors):
        return "dns.malformed"
    heard = any(
        error.code is Ede.NOT_AUTHORITATIVE or " answered " in error.text for error in errors
    )
    silent = any(error.code is Ede.NO_REACHABLE_AUTHORITY for error in errors)
    return "dns.silent" if silent and not heard else "dns.servfail"
