"""HTTP Archive 1.2: journeys as other tools read them.

Follows http://www.softwareishard.com/blog/har-12-spec/. Timings that do not apply are -1;
``connect`` includes ``ssl``, and ``time`` is the sum of all timings but ``ssl``. What HAR has no
word for stands in fields whose names begin with an underscore. Secrets are redacted as in the
journey itself.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from firstbyte.events.http import Headers
from firstbyte.journey.model import Hop, Http, Journey, Phase, us

NOT_APPLICABLE = -1
Json = dict[str, Any]


def archive(journeys: Iterable[Journey]) -> Json:
    """A HAR of all requests of all journeys; each journey is a page."""
    from firstbyte import __version__

    pages: list[Json] = []
    entries: list[Json] = []
    for number, journey in enumerate(journeys, start=1):
        page, its_entries = page_of(journey, f"page_{number}")
        pages.append(page)
        entries.extend(its_entries)
    creator = {"name": "firstbyte", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "pages": pages, "entries": entries}}


def page_of(journey: Journey, page_id: str) -> tuple[Json, list[Json]]:
    """One journey: its page and its entries."""
    page = {
        "startedDateTime": _moment(journey, 0.0),
        "id": page_id,
        "title": journey.url,
        "pageTimings": {"onContentLoad": NOT_APPLICABLE, "onLoad": journey.totals.last_byte_ms},
    }
    return page, [_entry(journey, hop, page_id) for hop in journey.hops]


def _entry(journey: Journey, hop: Hop, page_id: str) -> Json:
    timings = _timings(journey, hop)
    entry: Json = {
        "pageref": page_id,
        "startedDateTime": _moment(journey, hop.start_ms),
        "time": _sum(value for name, value in timings.items() if name != "ssl"),
        "request": _request(hop),
        "response": _response(hop),
        "cache": {},
        "timings": timings,
    }
    if hop.remote_ip is not None:
        entry["serverIPAddress"] = hop.remote_ip
    if hop.local_port is not None:
        entry["connection"] = str(hop.local_port)
    error = journey.outcome.error
    if error is not None and hop is journey.hops[-1]:
        entry["_error"] = {"id": error.id, "phase": error.phase, "message": error.message}
    return entry


def _timings(journey: Journey, hop: Hop) -> Json:
    phases = hop.phases
    connects = [phase for phase in (phases.tcp, phases.tls, phases.quic) if phase is not None]
    secure = phases.tls or phases.quic
    timings: Json = {
        "dns": _duration(phases.dns),
        "connect": _span(connects),
        "send": _duration(phases.send, absent=0),
        "wait": _duration(phases.wait, absent=0),
        "receive": _duration(phases.receive, absent=0),
        "ssl": _duration(secure),
    }
    known = _sum(value for name, value in timings.items() if name != "ssl")
    timings["blocked"] = max(0, us(_end_ms(journey, hop) - hop.start_ms) - us(known)) / 1000
    return timings


def _end_ms(journey: Journey, hop: Hop) -> float:
    if hop.last_byte_ms is not None:
        return hop.last_byte_ms
    later = [other.start_ms for other in journey.hops if other.start_ms > hop.start_ms]
    return min(later, default=max(journey.totals.last_byte_ms, hop.start_ms))


def _duration(phase: Phase | None, absent: float = NOT_APPLICABLE) -> float:
    return absent if phase is None else phase.duration_ms


def _span(phases: list[Phase]) -> float:
    """From the first start to the last end, in whole microseconds."""
    if not phases:
        return NOT_APPLICABLE
    start_us = min(us(phase.start_ms) for phase in phases)
    return (max(us(p.start_ms) + us(p.duration_ms) for p in phases) - start_us) / 1000


def _sum(values: Iterable[float]) -> float:
    return sum(us(value) for value in values if value >= 0) / 1000


def _request(hop: Hop) -> Json:
    http = hop.http
    return {
        "method": hop.method,
        "url": hop.url.partition("#")[0],
        "httpVersion": _version(hop),
        "cookies": _cookies_sent(http.request_headers if http else ()),
        "headers": _headers(http.request_headers if http else ()),
        "queryString": _query(hop.url),
        "headersSize": _known(http.request_head_bytes if http else None),
        "bodySize": _known(http.request_body_bytes if http else None),
    }


def _response(hop: Hop) -> Json:
    """A request without response has status 0, as browsers write it."""
    http = hop.http
    return {
        "status": hop.status or 0,
        "statusText": http.reason if http else "",
        "httpVersion": _version(hop),
        "cookies": _cookies_set(http.response_headers if http else ()),
        "headers": _headers(http.response_headers if http else ()),
        "content": _content(http),
        "redirectURL": hop.redirect_url or "",
        "headersSize": NOT_APPLICABLE,
        "bodySize": _known(http.body_bytes if http else None),
    }


def _content(http: Http | None) -> Json:
    fields = http.response_headers if http else ()
    kinds = [value for name, value in fields if name.lower() == "content-type"]
    content: Json = {"size": 0, "mimeType": kinds[0] if kinds else "x-unknown"}
    if http is not None and http.body_bytes is not None:
        decoded = http.body_bytes if http.decoded_bytes is None else http.decoded_bytes
        content["size"] = decoded
        content["compression"] = decoded - http.body_bytes
    return content


def _version(hop: Hop) -> str:
    return f"HTTP/{hop.http_version}" if hop.http_version else "unknown"


def _headers(headers: Headers) -> list[Json]:
    return [{"name": name, "value": value} for name, value in headers]


def _cookies_sent(headers: Headers) -> list[Json]:
    lines = [value for name, value in headers if name.lower() == "cookie"]
    return [_cookie(pair) for line in lines for pair in line.split(";") if pair.strip()]


def _cookies_set(headers: Headers) -> list[Json]:
    """Name and value; the attributes stay in the header fields."""
    lines = [value for name, value in headers if name.lower() == "set-cookie"]
    return [_cookie(line.partition(";")[0]) for line in lines]


def _cookie(pair: str) -> Json:
    name, _, value = pair.partition("=")
    return {"name": name.strip(), "value": value.strip()}


def _query(url: str) -> list[Json]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def _known(count: int | None) -> int:
    return NOT_APPLICABLE if count is None else count


def _moment(journey: Journey, after_ms: float) -> str:
    try:
        start = datetime.fromisoformat(journey.started_at)
    except ValueError:  # a saved journey that somebody edited
        return journey.started_at
    return (start + timedelta(milliseconds=after_ms)).isoformat(timespec="milliseconds")
