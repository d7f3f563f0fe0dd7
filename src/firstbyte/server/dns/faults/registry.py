"""Finds the faults by their files, and reads how users ask for them."""

import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from firstbyte.errors import DecodeError, UsageError
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns import faults
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.zone import Zone

_PLUMBING = {"fault", "registry", "resigning"}
Chosen = tuple[Fault, Order]


@cache
def all_faults() -> dict[str, Fault]:
    """Every fault by its name."""
    modules = [
        import_module(f"{faults.__name__}.{module.name}")
        for module in pkgutil.iter_modules(faults.__path__)
        if module.name not in _PLUMBING
    ]
    found = [module.FAULT for module in modules]
    return {fault.name: fault for fault in sorted(found, key=lambda fault: fault.name)}


def choose(text: str, now_s: float) -> Chosen:
    """The fault that ``NAME[=VALUE][@DOMAIN]`` means.

    Raises:
        UsageError: there is no such fault, it takes no value, or the domain is no name.

    """
    rest, _, domain = text.partition("@")
    name, sign, value = rest.partition("=")
    fault = all_faults().get(name)
    if fault is None:
        raise UsageError(f"no fault is named {name!r}", f"faults: {', '.join(all_faults())}")
    if sign and not fault.value:
        raise UsageError(f"the fault {name!r} takes no value")
    try:
        return fault, Order(value, from_text(domain).lower(), now_s)
    except DecodeError as error:
        raise UsageError(f"--fault {text!r}: {domain!r} is no name") from error


def change(zones: Iterable[Zone], chosen: Iterable[Chosen], *, before: bool) -> None:
    """Have the faults change the zones, ``before`` they are signed or after."""
    every = list(zones)
    for fault, order in chosen:
        act = fault.before_signing if before else fault.after_signing
        for zone in every if act is not None else ():
            if act is not None:
                act(zone, order)


def treatments(chosen: Iterable[Chosen]) -> list[Treatment]:
    """What the chosen faults do to what is sent."""
    return [
        _limited(fault.treatment(order), order)
        for fault, order in chosen
        if fault.treatment is not None
    ]


def _limited(treat: Treatment, order: Order) -> Treatment:
    """The treatment for the order's domain alone."""

    def limited(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:
        name = (query.qname or b"\0").lower()
        return treat(query, client, sent) if order.concerns(name) else sent

    return limited
