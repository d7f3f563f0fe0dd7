"""From the events of one trace to its journey."""

from collections.abc import Iterable
from typing import Literal

import firstbyte
from firstbyte.events import Event, http, quic, tcp
from firstbyte.journey.attempts import tried
from firstbyte.journey.build_dns import build_dns
from firstbyte.journey.build_http import build_http, redirect_url
from firstbyte.journey.build_phases import build_phases
from firstbyte.journey.build_quic import build_quic
from firstbyte.journey.build_tcp import build_tcp
from firstbyte.journey.build_tls import build_tls
from firstbyte.journey.hop_view import HopView, in_order, split_hops
from firstbyte.journey.infer import with_inferred
from firstbyte.journey.ledger import build_totals, ledger_of
from firstbyte.journey.model import Hop, Journey, Tool, ms
from firstbyte.journey.outcome import build_outcome
from firstbyte.journey.redact import redact_events, redact_url
from firstbyte.journey.select import first, last


def build_journey(
    events: Iterable[Event],
    *,
    url: str,
    started_at: str,
    network: Literal["kernel", "simulated"],
    secrets: bool = False,
) -> Journey:
    """The journey that ``events`` tell, in whatever order they come.

    ``url`` is what the caller asked for, ``started_at`` its wall-clock time (RFC 3339, UTC).
    Credentials are taken out unless ``secrets``. A trace that stopped anywhere gives the journey
    so far. Findings are left empty: ``diagnosis.diagnose`` makes them of the journey.
    """
    kept = in_order(events)
    if not secrets:
        kept, url = redact_events(kept), redact_url(url)
    views = split_hops(kept)
    hops = tuple(build_hop(view, url) for view in views)
    ledger = ledger_of(views)
    return Journey(
        tool=Tool("firstbyte", firstbyte.__version__),
        url=url,
        started_at=started_at,
        network=network,
        outcome=build_outcome(
            views, hops[-1].http_version if hops else None, hops[-1].tls if hops else None
        ),
        hops=hops,
        ledger=ledger,
        totals=build_totals(views, hops, ledger),
        events=with_inferred(kept),
        findings=(),
    )


def build_hop(view: HopView, url: str) -> Hop:
    """One hop of the journey; ``url`` is used when the hop's own start was not recorded."""
    started, request = view.started, view.request
    url = started.what.url if started else url
    response = last(view.exchange, http.ResponseStarted)
    exchange = build_http(view)
    status = response.what.status if response else None
    answered = first(view.exchange, http.FirstByte) or response
    finished = last(view.exchange, http.ResponseFinished)
    remote = _remote(view)
    local = _local(view)
    version = response.what.version if response else None
    return Hop(
        url=url,
        method=_method(view),
        status=status,
        http_version=version or (request.what.version if request else None),
        remote_ip=remote[0] if remote else None,
        remote_port=remote[1] if remote else None,
        local_ip=local[0] if local else None,
        local_port=local[1] if local else None,
        reused=view.reused,
        phases=build_phases(view),
        first_byte_ms=ms(answered.at_us) if answered else None,
        last_byte_ms=ms(finished.at_us) if finished else None,
        start_ms=ms(view.start_us),
        dns=build_dns(view),
        tcp=build_tcp(view),
        tls=build_tls(view),
        quic=build_quic(view),
        http=exchange,
        proxy=view.proxy,
        redirect_url=redirect_url(url, status, exchange.response_headers) if exchange else None,
    )


def _method(view: HopView) -> str:
    if view.request is not None:
        return view.request.what.method
    return view.started.what.method if view.started else "GET"


def _remote(view: HopView) -> tuple[str, int] | None:
    attempts = tried(view.carrier) or view.attempts
    return (attempts[-1].address, attempts[-1].port) if attempts else None


def _local(view: HopView) -> tuple[str, int] | None:
    for event in view.carrier:
        if isinstance(event.what, tcp.Connected | quic.HandshakeCompleted):
            return event.what.local_address, event.what.local_port
    return None
