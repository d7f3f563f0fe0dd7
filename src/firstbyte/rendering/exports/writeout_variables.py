"""The values of curl's ``-w`` variables for a journey: one small function a variable.

Times are seconds from the start; where redirects were followed, the times of all requests are
added together, as libcurl does (CURLINFO_*_TIME_T). What did not happen is 0, as in curl.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from firstbyte.events import http
from firstbyte.journey.model import Hop, Journey, Phase
from firstbyte.rendering.escape import escape

Value = str | int | float | None


class Transfer(Struct, frozen=True):
    """A journey with what only the command line knows of it."""

    journey: Journey
    url_number: int = 0
    filename: str | None = None

    @property
    def last(self) -> Hop | None:
        """The last request; null when none was begun."""
        return self.journey.hops[-1] if self.journey.hops else None


def text_of(name: str, transfer: Transfer) -> str | None:
    """A variable as curl prints it; null for an unknown one."""
    if name == "json":
        return _json(transfer)
    if name == "header_json":
        return _header_json(transfer.journey)
    if name.startswith(("url.", "urle.")):
        return _url_part(name, transfer)
    value_of = VARIABLES.get(name)
    return None if value_of is None else _printed(name, value_of(transfer))


def header_values(journey: Journey, name: str) -> list[str]:
    """All values of a field of the last response."""
    return [value for field, value in _response_headers(journey) if field.lower() == name.lower()]


def _printed(name: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}"
    if name in {"http_code", "response_code", "http_connect"}:
        return f"{value:03d}"
    return str(value)


def _json(transfer: Transfer) -> str:
    from firstbyte import __version__

    fields = ((name, value_of(transfer)) for name, value_of in sorted(VARIABLES.items()))
    parts = [f"{json.dumps(name)}:{_json_value(value)}" for name, value in fields]
    parts.append(f'"curl_version":{json.dumps("firstbyte/" + __version__)}')
    return "{" + ",".join(parts) + "}"


def _json_value(value: Value) -> str:
    return f"{value:.6f}" if isinstance(value, float) else json.dumps(value)


def _header_json(journey: Journey) -> str:
    """Field names in lower case, each with all its values, in curl's layout."""
    fields: dict[str, list[str]] = {}
    for name, value in _response_headers(journey):
        fields.setdefault(name.lower(), []).append(value)
    rows = (
        f"{json.dumps(name)}:{json.dumps(values, separators=(',', ':'))}"
        for name, values in fields.items()
    )
    return "{" + ",\n".join(rows) + "\n}"


def _response_headers(journey: Journey) -> tuple[tuple[str, str], ...]:
    last = journey.hops[-1] if journey.hops else None
    return last.http.response_headers if last and last.http else ()


# times


def _since_start(moment: Callable[[Hop], float | None]) -> Callable[[Transfer], float]:
    """Seconds until a moment, counted from each request's start and added over all requests."""

    def seconds(transfer: Transfer) -> float:
        spent_ms = 0.0
        for hop in transfer.journey.hops:
            at_ms = moment(hop)
            spent_ms += 0.0 if at_ms is None else max(0.0, at_ms - hop.start_ms)
        return round(spent_ms * 1000) / 1e6

    return seconds


def _end(phase: Phase | None) -> float | None:
    return None if phase is None else phase.start_ms + phase.duration_ms


def _start(phase: Phase | None) -> float | None:
    return None if phase is None else phase.start_ms


def _name_known(hop: Hop) -> float | None:
    phases = hop.phases
    if phases.dns is not None:
        return _end(phases.dns) if hop.dns and hop.dns.addresses else None
    return _start(phases.tcp) if phases.tcp is not None else _start(phases.quic)


def _connected(hop: Hop) -> float | None:
    if hop.remote_ip is None:
        return None
    return _end(hop.phases.tcp or hop.phases.quic)


def _secured(hop: Hop) -> float | None:
    if hop.phases.send is None and hop.status is None:
        return None
    return _end(hop.phases.tls or hop.phases.quic)


def _redirect_s(transfer: Transfer) -> float:
    hops = transfer.journey.hops
    return round((hops[-1].start_ms - hops[0].start_ms) * 1000) / 1e6 if len(hops) > 1 else 0.0


def _total_s(transfer: Transfer) -> float:
    return round(transfer.journey.totals.last_byte_ms * 1000) / 1e6


# sizes


def _downloaded(transfer: Transfer) -> int:
    return transfer.last.http.body_bytes or 0 if transfer.last and transfer.last.http else 0


def _uploaded(transfer: Transfer) -> int:
    http_ = transfer.last.http if transfer.last else None
    return http_.request_body_bytes or 0 if http_ else 0


def _header_bytes(transfer: Transfer) -> int:
    """All responses' header sections as HTTP/1 would write them; curl counts HTTP/2 so too."""
    return sum(_section_bytes(hop) for hop in transfer.journey.hops if hop.status and hop.http)


def _section_bytes(hop: Hop) -> int:
    if hop.http is None:
        return 0
    if hop.http.response_head_bytes is not None:
        return hop.http.response_head_bytes
    status_line = f"HTTP/{hop.http_version} {hop.status} {hop.http.reason}\r\n"
    fields = sum(len(name) + len(value) + 4 for name, value in hop.http.response_headers)
    return len(status_line) + fields + 2


def _request_bytes(transfer: Transfer) -> int:
    exchanges = [hop.http for hop in transfer.journey.hops if hop.http]
    return sum((e.request_head_bytes or 0) + (e.request_body_bytes or 0) for e in exchanges)


def _per_second(count: Callable[[Transfer], int]) -> Callable[[Transfer], int]:
    def rate(transfer: Transfer) -> int:
        total_s = _total_s(transfer)
        return int(count(transfer) / total_s) if total_s else 0

    return rate


# everything else


def _of_last(read: Callable[[Hop], Value], missing: Value) -> Callable[[Transfer], Value]:
    def value(transfer: Transfer) -> Value:
        found = read(transfer.last) if transfer.last is not None else None
        return missing if found is None else found

    return value


def _first_value(name: str, *, request: bool = False) -> Callable[[Transfer], Value]:
    def value(transfer: Transfer) -> Value:
        exchange = transfer.last.http if transfer.last else None
        if exchange is None:
            return None
        fields = exchange.request_headers if request else exchange.response_headers
        found = (value for field, value in fields if field.lower() == name)
        first = next(found, None)
        return None if first is None else escape(first)

    return value


def _connect_status(transfer: Transfer) -> int:
    answers = (e.what for e in transfer.journey.events if isinstance(e.what, http.ProxyConnected))
    return [0, *(answer.status for answer in answers)][-1]


def _connections(transfer: Transfer) -> int:
    return sum(not hop.reused and _stood(hop) for hop in transfer.journey.hops)


def _stood(hop: Hop) -> bool:
    attempts = (*(hop.tcp.attempts if hop.tcp else ()), *(hop.quic.attempts if hop.quic else ()))
    return any(attempt.outcome == "connected" for attempt in attempts)


def _verify_result(transfer: Transfer) -> int:
    verify = transfer.last.tls.verify if transfer.last and transfer.last.tls else None
    return verify.errors[0].code if verify and verify.errors else 0


def _certificates(transfer: Transfer) -> str:
    tls = transfer.last.tls if transfer.last else None
    return "".join(
        f"Subject:{escape(c.subject)}\nIssuer:{escape(c.issuer)}\n"
        f"Serial Number:{escape(c.serial)}\n"
        f"Start date:{escape(c.not_before)}\nExpire date:{escape(c.not_after)}\n"
        for c in (tls.certificates if tls else ())
    )


def _certificate_count(transfer: Transfer) -> int:
    return len(transfer.last.tls.certificates) if transfer.last and transfer.last.tls else 0


def _scheme(transfer: Transfer) -> str | None:
    last = transfer.last
    if last is None or last.remote_ip is None:
        return None
    return urlsplit(last.url).scheme.upper()


def _redirects_to(hop: Hop) -> str | None:
    return None if hop.redirect_url is None else escape(hop.redirect_url)


def _effective_url(transfer: Transfer) -> str:
    return escape(transfer.last.url if transfer.last else transfer.journey.url)


def _error_message(transfer: Transfer) -> str | None:
    error = transfer.journey.outcome.error
    return None if error is None else escape(error.message)


def _url_part(name: str, transfer: Transfer) -> str | None:
    """``%{url.host}`` of the given URL, ``%{urle.host}`` of the effective one."""
    source, _, part = name.partition(".")
    text = transfer.journey.url if source == "url" else _effective_url(transfer)
    read = _URL_PARTS.get(part)
    if read is None:
        return None
    try:
        found = read(urlsplit(text))
    except ValueError:
        return ""
    return "" if found is None else escape(str(found))


def _port(url: SplitResult) -> Any:
    return url.port or {"https": 443, "http": 80}.get(url.scheme)


_URL_PARTS: dict[str, Callable[[SplitResult], Any]] = {
    "scheme": lambda url: url.scheme,
    "user": lambda url: url.username,
    "password": lambda url: url.password,
    "host": lambda url: url.hostname,
    "port": _port,
    "path": lambda url: url.path or "/",
    "query": lambda url: url.query,
    "fragment": lambda url: url.fragment,
}


def _names() -> Iterator[tuple[str, Callable[[Transfer], Value]]]:
    yield "certs", _certificates
    yield "conn_id", lambda t: _connections(t) - 1 if _connections(t) else -1
    yield "content_type", _first_value("content-type")
    yield "errormsg", _error_message
    yield "exitcode", lambda t: t.journey.outcome.exit_code
    yield "filename_effective", lambda t: t.filename
    yield "ftp_entry_path", lambda _: None
    yield "http_code", _of_last(lambda hop: hop.status, 0)
    yield "http_connect", _connect_status
    yield "http_version", _of_last(lambda hop: hop.http_version if hop.status else None, "0")
    yield "local_ip", _of_last(lambda hop: hop.local_ip, "")
    yield "local_port", _of_last(lambda hop: hop.local_port, 0)
    yield "method", _of_last(lambda hop: hop.method, None)
    yield "num_certs", _certificate_count
    yield "num_connects", _connections
    yield "num_headers", lambda t: len(_response_headers(t.journey))
    yield "num_redirects", lambda t: max(0, len(t.journey.hops) - 1)
    yield "num_retries", lambda _: 0
    yield "proxy_ssl_verify_result", lambda _: 0
    yield "proxy_used", _of_last(lambda hop: int(hop.proxy is not None), 0)
    yield "redirect_url", _of_last(_redirects_to, None)
    yield "referer", _first_value("referer", request=True)
    yield "remote_ip", _of_last(lambda hop: hop.remote_ip, "")
    yield "remote_port", _of_last(lambda hop: hop.remote_port, 0)
    yield "response_code", _of_last(lambda hop: hop.status, 0)
    yield "scheme", _scheme
    yield "size_download", _downloaded
    yield "size_header", _header_bytes
    yield "size_request", _request_bytes
    yield "size_upload", _uploaded
    yield "speed_download", _per_second(_downloaded)
    yield "speed_upload", _per_second(_uploaded)
    yield "ssl_verify_result", _verify_result
    yield "time_appconnect", _since_start(_secured)
    yield "time_connect", _since_start(_connected)
    yield "time_namelookup", _since_start(_name_known)
    yield "time_posttransfer", _since_start(lambda hop: _end(hop.phases.send))
    yield "time_pretransfer", _since_start(lambda hop: _start(hop.phases.send))
    yield "time_queue", lambda _: 0.0
    yield "time_redirect", _redirect_s
    yield "time_starttransfer", _since_start(lambda hop: hop.first_byte_ms)
    yield "time_total", _total_s
    yield "tls_earlydata", lambda _: 0
    yield "url", lambda t: escape(t.journey.url)
    yield "url_effective", _effective_url
    yield "urlnum", lambda t: t.url_number
    yield "xfer_id", lambda t: t.url_number


VARIABLES: dict[str, Callable[[Transfer], Value]] = dict(_names())
"""Every variable of ``%{json}`` by name."""
